data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  stream_arn = "arn:${local.partition}:firehose:${var.region}:${local.account_id}:deliverystream/${var.stream_name}"
  glue_arn   = "arn:${local.partition}:glue:${var.region}:${local.account_id}"
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Lets the delivery stream ${var.stream_name} write to s3://${var.bucket}."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

# Only this stream of this account may use the role: no confused deputy.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.stream_arn]
    }
  }
}
