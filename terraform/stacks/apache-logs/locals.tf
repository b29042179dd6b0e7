data "aws_caller_identity" "current" {}

locals {
  pipeline    = "apache-logs"
  stream_name = "ApacheLogs"

  bucket = coalesce(var.bucket, "apache-logs-${data.aws_caller_identity.current.account_id}-${var.region}")
}
