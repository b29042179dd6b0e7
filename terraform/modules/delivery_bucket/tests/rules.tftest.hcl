mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  bucket       = "a-bucket"
  error_prefix = "error"
}

run "public_access_is_blocked_in_all_four_ways" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Nothing in the bucket may be public."
  }
}

run "acls_are_off_and_objects_are_encrypted_by_default" {
  command = plan

  assert {
    condition     = one([for rule in aws_s3_bucket_ownership_controls.this.rule : rule.object_ownership]) == "BucketOwnerEnforced"
    error_message = "ACLs are off unless asked for."
  }

  assert {
    condition     = one(flatten([for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : rule.apply_server_side_encryption_by_default[*].sse_algorithm])) == "AES256"
    error_message = "Without a key objects are encrypted with SSE-S3."
  }
}

run "a_kms_key_turns_on_sse_kms_with_a_bucket_key" {
  command = plan
  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/k"
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule :
      [rule.bucket_key_enabled, rule.apply_server_side_encryption_by_default[0].sse_algorithm, rule.apply_server_side_encryption_by_default[0].kms_master_key_id]
    ] == [[true, "aws:kms", "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "The key is used."
  }
}

run "requests_without_tls_are_denied" {
  command = plan

  assert {
    condition = jsonencode([
      for statement in data.aws_iam_policy_document.tls_only[0].statement :
      [statement.effect, statement.actions, [for condition in statement.condition : [condition.test, condition.variable, condition.values]]]
    ]) == jsonencode([["Deny", ["s3:*"], [["Bool", "aws:SecureTransport", ["false"]]]]])
    error_message = "The policy denies everything that comes without TLS: ${jsonencode(data.aws_iam_policy_document.tls_only[0].statement)}"
  }
}

run "only_error_objects_expire" {
  command = plan

  assert {
    condition = jsonencode({
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id => one(rule.filter[*].prefix) if length(rule.expiration) > 0
    }) == jsonencode({ "expire-error-objects" = "error" })
    error_message = "Delivered data is kept for ever."
  }
}

run "capitals_in_the_name_are_refused" {
  command = plan
  variables {
    bucket = "ApacheLogs"
  }
  expect_failures = [var.bucket]
}

run "an_ip_address_as_the_name_is_refused" {
  command = plan
  variables {
    bucket = "192.168.0.1"
  }
  expect_failures = [var.bucket]
}

run "an_empty_error_prefix_is_refused" {
  command = plan
  variables {
    error_prefix = ""
  }
  expect_failures = [var.error_prefix]
}

run "half_a_day_of_retention_is_refused" {
  command = plan
  variables {
    error_retention_days = 0.5
  }
  expect_failures = [var.error_retention_days]
}

run "an_unknown_ownership_is_refused" {
  command = plan
  variables {
    object_ownership = "Everybody"
  }
  expect_failures = [var.object_ownership]
}
