variable "bucket" {
  description = "Name of the bucket that the role may write to."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "KMS key of the bucket; null when it has none."
  type        = string
  default     = null
}

variable "log_group" {
  description = "Name of the CloudWatch log group for delivery errors."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Role name, 1 to 64 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.name))
    error_message = "name is \"${var.name}\"; IAM takes 1 to 64 of A-Z, a-z, 0-9 and _+=,.@-."
  }
}

variable "region" {
  description = "Region of the delivery stream."
  type        = string
  nullable    = false
}

variable "schema_table" {
  description = "Glue table whose columns Firehose reads for format conversion; null without conversion."
  type        = object({ database = string, table = string })
  default     = null
}

variable "stream_name" {
  description = "The one delivery stream that may assume the role."
  type        = string
  nullable    = false
}
