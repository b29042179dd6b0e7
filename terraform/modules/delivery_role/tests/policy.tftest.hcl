# The documents are computed by the provider itself, offline: only the account is made up.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name        = "role"
  bucket      = "bucket"
  log_group   = "/aws/kinesisfirehose/stream"
  region      = "us-east-2"
  stream_name = "stream"
}

run "only_the_one_stream_of_the_account_may_assume_the_role" {
  command = plan

  assert {
    condition = {
      for condition in data.aws_iam_policy_document.trust.statement[0].condition : condition.variable => condition.values
      } == {
      "aws:SourceAccount" = tolist(["123456789012"])
      "aws:SourceArn"     = tolist(["arn:aws:firehose:us-east-2:123456789012:deliverystream/stream"])
    }
    error_message = "The role must not be usable for another's stream."
  }
}

run "without_conversion_and_key_the_role_may_neither_read_glue_nor_use_kms" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.delivery.statement[*].sid == tolist(["Bucket", "Objects", "DeliveryErrors"])
    error_message = "Statements: ${jsonencode(data.aws_iam_policy_document.delivery.statement[*].sid)}"
  }

  assert {
    condition     = !contains(flatten(data.aws_iam_policy_document.delivery.statement[*].resources), "*") && !anytrue([for action in flatten([for statement in data.aws_iam_policy_document.delivery.statement : tolist(statement.actions)]) : strcontains(action, "*")])
    error_message = "No wildcard stands for everything."
  }
}

run "conversion_reads_one_table" {
  command = plan
  variables {
    schema_table = { database = "db", table = "t" }
  }

  assert {
    condition = one([for statement in data.aws_iam_policy_document.delivery.statement : statement.resources if statement.sid == "Schema"]) == toset([
      "arn:aws:glue:us-east-2:123456789012:catalog",
      "arn:aws:glue:us-east-2:123456789012:database/db",
      "arn:aws:glue:us-east-2:123456789012:table/db/t",
    ])
    error_message = "The schema is one table."
  }
}

run "a_key_is_used_through_s3_only" {
  command = plan
  variables {
    kms_key_arn = "arn:aws:kms:us-east-2:123456789012:key/k"
  }

  assert {
    condition = [
      for condition in one([for statement in data.aws_iam_policy_document.delivery.statement : statement.condition if statement.sid == "Encryption"]) :
      condition.values if condition.variable == "kms:ViaService"
    ] == [tolist(["s3.us-east-2.amazonaws.com"])]
    error_message = "The key is for the bucket's objects."
  }
}

run "a_name_of_65_characters_is_refused" {
  command = plan
  variables {
    name = join("", [for _ in range(65) : "r"])
  }
  expect_failures = [var.name]
}
