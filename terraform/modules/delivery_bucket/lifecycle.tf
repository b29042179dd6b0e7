resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "expire-error-objects"
    status = "Enabled"

    filter {
      prefix = var.error_prefix
    }

    expiration {
      days = var.error_retention_days
    }
  }
}
