variable "alarms" {
  description = "Alarm thresholds and the ARNs to notify, as in modules/delivery_stream."
  type = object({
    actions           = optional(list(string), [])
    failed_records    = optional(number, 0)
    freshness_seconds = optional(number, 900)
  })
  default  = {}
  nullable = false
}

variable "bucket" {
  description = "Bucket name; null for apache-logs-<account>-<region>."
  type        = string
  default     = null
}

variable "buffering" {
  description = "Deliver at `size_mib` (1 to 128) or after `interval_seconds` (0 to 900), whichever is first."
  type        = object({ interval_seconds = optional(number, 60), size_mib = optional(number, 1) })
  default     = {}
  nullable    = false
}

variable "force_destroy" {
  description = "Delete the delivered objects too when the stack is destroyed."
  type        = bool
  default     = false
  nullable    = false
}

variable "object_ownership" {
  description = "BucketOwnerEnforced (no ACLs), BucketOwnerPreferred or ObjectWriter."
  type        = string
  default     = "BucketOwnerEnforced"
  nullable    = false
}

variable "region" {
  description = "Region of everything in the stack."
  type        = string
  default     = "us-east-2"
  nullable    = false
}

variable "require_tls" {
  description = "Deny every request that does not come over TLS. A cloud with a plain HTTP endpoint can't meet this."
  type        = bool
  default     = true
  nullable    = false
}

variable "role_name" {
  description = "Name of the role that Firehose assumes; IAM names are unique in the account."
  type        = string
  default     = "FirehoseApacheLogs"
  nullable    = false
}

variable "tags" {
  description = "Further tags for everything in the stack."
  type        = map(string)
  default     = {}
  nullable    = false
}
