# Every rule of AWS that a variable holds, broken once: refused while planning, before anything is made.

mock_provider "aws" {}

variables {
  name       = "stream"
  bucket_arn = "arn:aws:s3:::bucket"
  role_arn   = "arn:aws:iam::123456789012:role/role"
}

run "defaults_are_allowed" {
  command = plan

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].prefix == null
    error_message = "No prefix has to stay no prefix."
  }
}

run "a_name_with_a_space_is_refused" {
  command = plan
  variables {
    name = "two words"
  }
  expect_failures = [var.name]
}

run "a_size_of_zero_is_refused" {
  command = plan
  variables {
    buffering = { size_mib = 0 }
  }
  expect_failures = [var.buffering]
}

run "a_size_of_129_mib_is_refused" {
  command = plan
  variables {
    buffering = { size_mib = 129 }
  }
  expect_failures = [var.buffering]
}

run "an_interval_of_901_seconds_is_refused" {
  command = plan
  variables {
    buffering = { interval_seconds = 901 }
    alarms    = { freshness_seconds = 1200 }
  }
  expect_failures = [var.buffering]
}

run "an_interval_of_zero_is_allowed_without_partitioning" {
  command = plan
  variables {
    buffering = { interval_seconds = 0, size_mib = 1 }
  }
}

run "five_mib_is_refused_while_partitioning" {
  command = plan
  variables {
    buffering           = { size_mib = 5 }
    partition_keys      = [{ name = "store", expression = ".store", projection = { type = "injected" } }]
    error_output_prefix = "error"
  }
  expect_failures = [var.buffering]
}

run "an_interval_of_59_seconds_is_refused_while_partitioning" {
  command = plan
  variables {
    buffering           = { interval_seconds = 59 }
    partition_keys      = [{ name = "store", expression = ".store", projection = { type = "injected" } }]
    error_output_prefix = "error"
  }
  expect_failures = [var.buffering]
}

run "sixty_three_mib_is_refused_while_converting" {
  command = plan
  variables {
    buffering  = { size_mib = 63 }
    conversion = { database = "db", table = "t", region = "us-east-1" }
  }
  expect_failures = [var.buffering]
}

run "gzip_is_refused_while_converting" {
  command = plan
  variables {
    compression_format = "GZIP"
    conversion         = { database = "db", table = "t", region = "us-east-1" }
  }
  expect_failures = [var.compression_format]
}

run "a_compression_in_another_case_is_refused" {
  command = plan
  variables {
    compression_format = "gzip"
  }
  expect_failures = [var.compression_format]
}

run "an_unknown_parquet_codec_is_refused" {
  command = plan
  variables {
    conversion = { database = "db", table = "t", region = "us-east-1", compression = "ZSTD" }
  }
  expect_failures = [var.conversion]
}

run "partitioning_without_an_error_prefix_is_refused" {
  command = plan
  variables {
    partition_keys = [{ name = "store", expression = ".store", projection = { type = "injected" } }]
  }
  expect_failures = [var.error_output_prefix]
}

run "an_expression_without_an_error_prefix_is_refused" {
  command = plan
  variables {
    prefix = "logs/!{timestamp:yyyy}/"
  }
  expect_failures = [var.error_output_prefix]
}

run "an_error_prefix_with_expressions_needs_the_error_type" {
  command = plan
  variables {
    error_output_prefix = "failed/!{timestamp:yyyy}/"
  }
  expect_failures = [var.error_output_prefix]
}

run "partition_keys_are_refused_in_the_error_prefix" {
  command = plan
  variables {
    error_output_prefix = "!{firehose:error-output-type}/!{partitionKeyFromQuery:store}/"
  }
  expect_failures = [var.error_output_prefix]
}

run "the_error_type_is_refused_in_the_prefix" {
  command = plan
  variables {
    prefix              = "!{firehose:error-output-type}/"
    error_output_prefix = "error"
  }
  expect_failures = [var.prefix]
}

run "partition_keys_written_into_the_prefix_by_hand_are_refused" {
  command = plan
  variables {
    prefix              = "!{partitionKeyFromQuery:store}/"
    error_output_prefix = "error"
  }
  expect_failures = [var.prefix]
}

run "lambda_keys_are_refused_without_a_lambda" {
  command = plan
  variables {
    prefix              = "!{partitionKeyFromLambda:store}/"
    error_output_prefix = "error"
  }
  expect_failures = [var.prefix]
}

run "an_expression_that_does_not_end_is_refused" {
  command = plan
  variables {
    prefix              = "logs/!{timestamp:yyyy/"
    error_output_prefix = "error"
  }
  expect_failures = [var.prefix]
}

run "an_unknown_namespace_is_refused" {
  command = plan
  variables {
    prefix              = "!{time:yyyy}/"
    error_output_prefix = "error"
  }
  expect_failures = [var.prefix]
}

run "a_pattern_letter_that_aws_rejects_is_refused" {
  command = plan
  variables {
    prefix              = "!{timestamp:yyyy/V}/"
    error_output_prefix = "error"
  }
  expect_failures = [var.prefix]
}

run "any_letter_is_allowed_in_quotes" {
  command = plan
  variables {
    prefix              = "!{timestamp:'from 'yyyy/MM}/"
    error_output_prefix = "!{firehose:error-output-type}/!{timestamp:'year='yyyy}/"
  }
}

run "a_pattern_letter_that_aws_rejects_is_refused_in_the_error_prefix" {
  command = plan
  variables {
    error_output_prefix = "!{firehose:error-output-type}/!{timestamp:T}/"
  }
  expect_failures = [var.error_output_prefix]
}

run "a_prefix_of_1025_characters_is_refused" {
  command = plan
  variables {
    prefix = join("", [for _ in range(205) : "five/"])
  }
  expect_failures = [aws_kinesis_firehose_delivery_stream.this]
}

run "an_error_prefix_of_1025_characters_is_refused" {
  command = plan
  variables {
    error_output_prefix = join("", [for _ in range(205) : "five/"])
  }
  expect_failures = [var.error_output_prefix]
}

run "a_query_of_more_than_5120_characters_is_refused" {
  command = plan
  variables {
    partition_keys      = [{ name = "store", expression = join("|", [for _ in range(900) : ".store"]), projection = { type = "injected" } }]
    error_output_prefix = "error"
  }
  expect_failures = [aws_kinesis_firehose_delivery_stream.this]
}

run "a_partition_key_named_twice_is_refused" {
  command = plan
  variables {
    partition_keys = [
      { name = "store", expression = ".store", projection = { type = "injected" } },
      { name = "store", expression = ".shop", projection = { type = "injected" } },
    ]
    error_output_prefix = "error"
  }
  expect_failures = [var.partition_keys]
}

run "fifty_one_partition_keys_are_refused" {
  command = plan
  variables {
    partition_keys      = [for number in range(51) : { name = "k${number}", expression = ".k${number}", projection = { type = "injected" } }]
    error_output_prefix = "error"
  }
  expect_failures = [var.partition_keys]
}

run "a_retry_of_7201_seconds_is_refused" {
  command = plan
  variables {
    partitioning_retry_seconds = 7201
  }
  expect_failures = [var.partitioning_retry_seconds]
}

run "an_alarm_below_the_buffering_interval_is_refused" {
  command = plan
  variables {
    alarms = { freshness_seconds = 300 }
  }
  expect_failures = [var.alarms]
}

run "a_log_retention_between_two_steps_is_refused" {
  command = plan
  variables {
    log_retention_days = 10
  }
  expect_failures = [var.log_retention_days]
}
