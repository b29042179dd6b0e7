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
  description = "Bucket name; null for store-inventory-<account>-<region>."
  type        = string
  default     = null
}

variable "buffering" {
  description = "Deliver at `size_mib` (64 to 128) or after `interval_seconds` (60 to 900), whichever is first."
  type        = object({ interval_seconds = optional(number, 60), size_mib = optional(number, 64) })
  default     = {}
  nullable    = false
}

variable "force_destroy" {
  description = "Delete the delivered objects too when the stack is destroyed."
  type        = bool
  default     = false
  nullable    = false
}

variable "known_stores" {
  description = "Store ids, if the list is known and short: Athena can then scan all stores. Empty: a query has to name its store (p_store_id = 'S001')."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for store in var.known_stores : can(regex("^[^,/\\s]+$", store))])
    error_message = "known_stores are [${join(", ", var.known_stores)}]; a store id that is a folder name has no comma, slash or space."
  }
}

variable "object_ownership" {
  description = "BucketOwnerEnforced (no ACLs), BucketOwnerPreferred or ObjectWriter."
  type        = string
  default     = "BucketOwnerEnforced"
  nullable    = false
}

variable "projected_years" {
  description = "First and last year that Athena looks for, such as \"2024,2035\"."
  type        = string
  default     = "2024,2035"
  nullable    = false

  validation {
    condition     = can(regex("^\\d{4},\\d{4}$", var.projected_years)) && try(tonumber(split(",", var.projected_years)[0]) <= tonumber(split(",", var.projected_years)[1]), false)
    error_message = "projected_years is \"${var.projected_years}\"; two years with a comma between are needed, the earlier first."
  }
}

variable "record_deaggregation" {
  description = "Split records that hold several events, as `producers store-inventory --aggregate` sends them."
  type        = bool
  default     = false
  nullable    = false
}

variable "region" {
  description = "Region of everything in the stack."
  type        = string
  default     = "ap-southeast-1"
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
  default     = "FirehoseWorkshop"
  nullable    = false
}

variable "tags" {
  description = "Further tags for everything in the stack."
  type        = map(string)
  default     = {}
  nullable    = false
}
