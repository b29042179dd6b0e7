# Query and prefix come from one list.

mock_provider "aws" {}

variables {
  name                = "stream"
  bucket_arn          = "arn:aws:s3:::bucket"
  role_arn            = "arn:aws:iam::123456789012:role/role"
  prefix              = "data/"
  error_output_prefix = "error"
  partition_keys = [
    { name = "store_id", expression = ".store_id", folder = "store_id=", projection = { type = "injected" } },
    { name = "year", expression = ".at|strftime(\"%Y\")", projection = { type = "integer", range = "2024,2035", digits = 4 } },
    { name = "kind", expression = "if .kind == \"\" then \"none\" else .kind end", folder = "k-", projection = { type = "injected" } },
  ]
}

run "prefix_has_a_folder_for_every_key_in_order" {
  command = plan

  assert {
    condition     = aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].prefix == "data/store_id=!{partitionKeyFromQuery:store_id}/!{partitionKeyFromQuery:year}/k-!{partitionKeyFromQuery:kind}/"
    error_message = "prefix is ${aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].prefix}"
  }
}

run "query_has_every_key_and_parentheses_where_jq_needs_them" {
  command = plan

  assert {
    condition     = output.partitioning.query == "{store_id:.store_id,year:.at|strftime(\"%Y\"),kind:(if .kind == \"\" then \"none\" else .kind end)}"
    error_message = "query is ${output.partitioning.query}"
  }

  assert {
    condition = [
      for processor in aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].processing_configuration[0].processors :
      { for parameter in processor.parameters : parameter.parameter_name => parameter.parameter_value }
      ] == [
      { JsonParsingEngine = "JQ-1.6", MetadataExtractionQuery = output.partitioning.query }
    ]
    error_message = "The stream has to be given the query of the output."
  }
}

run "records_are_split_before_their_keys_are_taken" {
  command = plan
  variables {
    record_deaggregation = true
  }

  assert {
    condition = [
      for processor in aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].processing_configuration[0].processors :
      [processor.type, one([for parameter in processor.parameters : parameter.parameter_value if parameter.parameter_name == "SubRecordType"])]
    ] == [["RecordDeAggregation", "JSON"], ["MetadataExtraction", null]]
    error_message = "RecordDeAggregation of JSON comes first."
  }
}

run "splitting_without_partition_keys_is_refused" {
  command = plan
  variables {
    partition_keys       = []
    record_deaggregation = true
  }
  expect_failures = [var.record_deaggregation]
}

run "without_keys_nothing_is_partitioned" {
  command = plan
  variables {
    partition_keys = []
  }

  assert {
    condition     = output.partitioning == null && output.prefix == "data/" && length(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].processing_configuration) == 0
    error_message = "No keys, no query."
  }
}

run "conversion_has_an_alarm_of_its_own" {
  command = plan
  variables {
    conversion = { database = "db", table = "t", region = "us-east-1" }
  }

  assert {
    condition     = [for alarm in aws_cloudwatch_metric_alarm.failed_conversion : alarm.metric_name] == ["FailedConversion.Records"]
    error_message = "Failed conversions are watched."
  }
}
