variable "bucket" {
  description = "Bucket name, unique in all of AWS: 3 to 63 of a-z, 0-9, dots and hyphens."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket)) && !strcontains(var.bucket, "..") && !can(regex("^\\d+\\.\\d+\\.\\d+\\.\\d+$", var.bucket))
    error_message = "bucket is \"${var.bucket}\"; S3 takes 3 to 63 of a-z, 0-9, dots and hyphens, a letter or digit at both ends, no two dots in a row and no IP address."
  }
}

variable "error_prefix" {
  description = "Keys that begin with this hold error objects, which expire; everything else is kept."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.error_prefix) > 0
    error_message = "error_prefix is empty, so that every object would expire; give the literal beginning of the error output prefix, such as \"error\"."
  }
}

variable "error_retention_days" {
  description = "Days after which error objects expire (1 or more)."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.error_retention_days >= 1 && floor(var.error_retention_days) == var.error_retention_days
    error_message = "error_retention_days is ${var.error_retention_days}; S3 takes whole days, 1 or more."
  }
}

variable "force_destroy" {
  description = "Delete the objects too when the bucket is destroyed."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "KMS key for the objects (SSE-KMS with a bucket key); null for SSE-S3."
  type        = string
  default     = null
}

variable "object_ownership" {
  description = "BucketOwnerEnforced (no ACLs), BucketOwnerPreferred or ObjectWriter."
  type        = string
  default     = "BucketOwnerEnforced"
  nullable    = false

  validation {
    condition     = contains(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"], var.object_ownership)
    error_message = "object_ownership is \"${var.object_ownership}\"; S3 takes BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter."
  }
}

variable "require_tls" {
  description = "Deny every request that does not come over TLS. A cloud with a plain HTTP endpoint can't meet this."
  type        = bool
  default     = true
  nullable    = false
}
