output "arn" {
  description = "ARN of the delivery stream."
  value       = aws_kinesis_firehose_delivery_stream.this.arn
}

output "log_group" {
  description = "CloudWatch log group of delivery errors."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Name of the delivery stream."
  value       = aws_kinesis_firehose_delivery_stream.this.name
}

output "partitioning" {
  description = "Keys with their jq expressions, the query made of them, the retry time, and whether records are split first; null without partition keys."
  value = local.partitioned ? {
    keys                 = { for key in var.partition_keys : key.name => key.expression }
    query                = local.query
    record_deaggregation = var.record_deaggregation
    retry_seconds        = var.partitioning_retry_seconds
  } : null
}

output "prefix" {
  description = "Prefix as configured, empty when none."
  value       = local.prefix
}
