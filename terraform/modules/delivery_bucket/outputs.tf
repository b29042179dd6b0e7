output "arn" {
  description = "ARN of the bucket, known once public access is blocked and objects are encrypted."
  value       = aws_s3_bucket.this.arn

  depends_on = [
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
  ]
}

output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}
