variable "alarms" {
  description = "Alarm when the oldest undelivered record is older than `freshness_seconds`, or more than `failed_records` in five minutes fail conversion; `actions` are ARNs to notify."
  type = object({
    actions           = optional(list(string), [])
    failed_records    = optional(number, 0)
    freshness_seconds = optional(number, 900)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.freshness_seconds > var.buffering.interval_seconds
    error_message = "alarms.freshness_seconds is ${var.alarms.freshness_seconds}; records rest up to ${var.buffering.interval_seconds} s in the buffer, so the alarm needs more than that."
  }
}

variable "bucket_arn" {
  description = "ARN of the destination bucket."
  type        = string
  nullable    = false
}

variable "buffering" {
  description = "Deliver at `size_mib` (1 to 128; 64 to 128 with partition keys or conversion) or after `interval_seconds` (0 to 900; 60 to 900 with partition keys), whichever is first; hints to AWS."
  type        = object({ interval_seconds = optional(number, 300), size_mib = optional(number, 128) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.buffering.size_mib >= 1 && var.buffering.size_mib <= 128 && floor(var.buffering.size_mib) == var.buffering.size_mib
    error_message = "buffering.size_mib is ${var.buffering.size_mib}; BufferingHints.SizeInMBs takes whole MiB from 1 to 128."
  }

  validation {
    condition     = length(var.partition_keys) == 0 || var.buffering.size_mib >= 64
    error_message = "buffering.size_mib is ${var.buffering.size_mib}. BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled."
  }

  validation {
    condition     = var.conversion == null || var.buffering.size_mib >= 64
    error_message = "buffering.size_mib is ${var.buffering.size_mib}. BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled."
  }

  validation {
    condition     = var.buffering.interval_seconds >= 0 && var.buffering.interval_seconds <= 900 && floor(var.buffering.interval_seconds) == var.buffering.interval_seconds
    error_message = "buffering.interval_seconds is ${var.buffering.interval_seconds}; BufferingHints.IntervalInSeconds takes whole seconds from 0 to 900."
  }

  validation {
    condition     = length(var.partition_keys) == 0 || var.buffering.interval_seconds >= 60
    error_message = "buffering.interval_seconds is ${var.buffering.interval_seconds}. BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled."
  }
}

variable "compression_format" {
  description = "Compression of whole objects: UNCOMPRESSED, GZIP, ZIP, Snappy or HADOOP_SNAPPY. With `conversion` it must be UNCOMPRESSED: Parquet compresses inside."
  type        = string
  default     = "UNCOMPRESSED"
  nullable    = false

  validation {
    condition     = contains(["UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"], var.compression_format)
    error_message = "compression_format is \"${var.compression_format}\". Member must satisfy enum value set: [ZIP, HADOOP_SNAPPY, Snappy, GZIP, UNCOMPRESSED]"
  }

  validation {
    condition     = var.conversion == null || var.compression_format == "UNCOMPRESSED"
    error_message = "compression_format is \"${var.compression_format}\". The S3 destination's compression format must be set to UNCOMPRESSED when data format conversion is enabled. To enable compression within the converted output format, set the appropriate serialization option in the output format configuration."
  }
}

variable "conversion" {
  description = "Convert JSON (OpenX) to Parquet by the columns of a Glue table; `compression` is SNAPPY, GZIP or UNCOMPRESSED. null delivers records as they are."
  type        = object({ database = string, table = string, region = string, compression = optional(string, "SNAPPY") })
  default     = null

  validation {
    condition     = var.conversion == null || contains(["SNAPPY", "GZIP", "UNCOMPRESSED"], try(var.conversion.compression, ""))
    error_message = "conversion.compression is \"${try(var.conversion.compression, "")}\". Member must satisfy enum value set: [UNCOMPRESSED, GZIP, SNAPPY]"
  }
}

variable "error_output_prefix" {
  description = "Where failed records go. A literal gets the error type, a slash and the hour appended, with nothing between: `error` becomes errorformat-conversion-failed/2026/11/22/00/."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.error_output_prefix) <= 1024
    error_message = "error_output_prefix has ${length(var.error_output_prefix)} characters. Member must have length less than or equal to 1024"
  }

  validation {
    condition     = var.error_output_prefix != "" || (length(var.partition_keys) == 0 && !strcontains(var.prefix, "!{"))
    error_message = "The supplied prefix(es) do not satisfy the following constraint: ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
  }

  validation {
    condition     = !strcontains(var.error_output_prefix, "!{") || strcontains(var.error_output_prefix, "!{firehose:error-output-type}")
    error_message = "error_output_prefix is \"${var.error_output_prefix}\". The supplied prefix(es) do not satisfy the following constraint: ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}"
  }

  validation {
    condition     = !can(regex("!\\{partitionKeyFrom(Query|Lambda):", var.error_output_prefix))
    error_message = "error_output_prefix is \"${var.error_output_prefix}\". Dynamic Partitioning Namespaces can't be part of an error prefix expression"
  }

  validation {
    condition     = length(regexall("!\\{", var.error_output_prefix)) == length(regexall("!\\{[^}:]+:[^}]+\\}", var.error_output_prefix))
    error_message = "error_output_prefix is \"${var.error_output_prefix}\". The supplied prefix(es) do not satisfy the following constraint: Invalid expression usage. Must be of the form !{<namespace>:<value>}"
  }

  validation {
    condition     = alltrue([for namespace in flatten(regexall("!\\{([^}:]*):", var.error_output_prefix)) : contains(["timestamp", "firehose", "partitionKeyFromQuery", "partitionKeyFromLambda"], namespace)])
    error_message = "error_output_prefix is \"${var.error_output_prefix}\". The supplied prefix(es) do not satisfy the following constraint: Namespace to the left of colon is an invalid keyword! timestamp and firehose are taken."
  }

  validation {
    condition     = !can(regex("!\\{timestamp:(?:'[^']*'|[^'}])*[CIJPRTUVbfijloprt]", var.error_output_prefix))
    error_message = "error_output_prefix is \"${var.error_output_prefix}\". The supplied prefix(es) do not satisfy the following constraint: Invalid conversion character used in the value of the expression in ErrorOutputPrefix"
  }
}

variable "kms_key_arn" {
  description = "KMS key with which objects are written; null leaves it to the bucket."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days to keep delivery errors in CloudWatch Logs (one of CloudWatch's own steps)."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch Logs takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 and further steps up to 3653."
  }
}

variable "name" {
  description = "Delivery stream name, 1 to 64 characters, unique in account and Region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,64}$", var.name))
    error_message = "name is \"${var.name}\". Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ and have length less than or equal to 64"
  }
}

variable "partition_keys" {
  description = "Dynamic partitioning: one entry per folder, in path order. `expression` is jq 1.6 over the record, `folder` stands before the value. The same list makes the Athena projection (modules/glue_table)."
  type = list(object({
    name       = string
    expression = string
    folder     = optional(string, "")
    column     = optional(string)
    projection = object({
      type   = string
      values = optional(string)
      range  = optional(string)
      digits = optional(number)
    })
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(var.partition_keys) <= 50
    error_message = "partition_keys has ${length(var.partition_keys)} entries; Firehose takes up to 50."
  }

  validation {
    condition     = length(distinct(var.partition_keys[*].name)) == length(var.partition_keys)
    error_message = "partition_keys are [${join(", ", var.partition_keys[*].name)}]; a name may occur once."
  }

  validation {
    condition     = alltrue([for key in var.partition_keys : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", key.name)) && key.expression != "" && !strcontains(key.folder, "!{")])
    error_message = "partition_keys are [${join(", ", [for key in var.partition_keys : "${key.name}: ${key.expression}"])}]; each needs a name of letters, digits and _, a jq expression, and a folder without expressions."
  }
}

variable "partitioning_retry_seconds" {
  description = "How long Firehose retries a partition it can't deliver to (0 to 7200)."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.partitioning_retry_seconds >= 0 && var.partitioning_retry_seconds <= 7200
    error_message = "partitioning_retry_seconds is ${var.partitioning_retry_seconds}. Member must have value less than or equal to 7200 and greater than or equal to 0"
  }
}

variable "prefix" {
  description = "Beginning of every key, before the folders of `partition_keys`. Without any expression Firehose appends the arrival hour, yyyy/MM/dd/HH/ in UTC."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = !strcontains(var.prefix, "!{firehose:error-output-type}")
    error_message = "prefix is \"${var.prefix}\". The supplied prefix(es) do not satisfy the following constraint: Prefix must not contain any occurrence of !{firehose:error-output-type}"
  }

  validation {
    condition     = !can(regex("!\\{partitionKeyFromQuery:", var.prefix))
    error_message = "prefix is \"${var.prefix}\"; its partition folders come from partition_keys, so that query, prefix and tables can't differ."
  }

  validation {
    condition     = !can(regex("!\\{partitionKeyFromLambda:", var.prefix))
    error_message = "prefix is \"${var.prefix}\". Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace"
  }

  validation {
    condition     = length(regexall("!\\{", var.prefix)) == length(regexall("!\\{[^}:]+:[^}]+\\}", var.prefix))
    error_message = "prefix is \"${var.prefix}\". The supplied prefix(es) do not satisfy the following constraint: Invalid expression usage. Must be of the form !{<namespace>:<value>}"
  }

  validation {
    condition     = alltrue([for namespace in flatten(regexall("!\\{([^}:]*):", var.prefix)) : contains(["timestamp", "firehose", "partitionKeyFromQuery", "partitionKeyFromLambda"], namespace)])
    error_message = "prefix is \"${var.prefix}\". The supplied prefix(es) do not satisfy the following constraint: Namespace to the left of colon is an invalid keyword! timestamp and firehose are taken."
  }

  validation {
    condition     = !can(regex("!\\{timestamp:(?:'[^']*'|[^'}])*[CIJPRTUVbfijloprt]", var.prefix))
    error_message = "prefix is \"${var.prefix}\". The supplied prefix(es) do not satisfy the following constraint: Invalid conversion character used in the value of the expression in Prefix"
  }
}

variable "record_deaggregation" {
  description = "Split records that hold several JSON objects (up to 500) before partitioning, as producers that aggregate need it. AWS takes it with partition keys only."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.record_deaggregation || length(var.partition_keys) > 0
    error_message = "record_deaggregation is true without partition_keys. RecordDeAggregationProcessor can only be present when Dynamic Partitioning is enabled."
  }
}

variable "role_arn" {
  description = "Role that Firehose assumes; its policy must be attached already."
  type        = string
  nullable    = false
}

variable "server_side_encryption" {
  description = "Encrypt records at rest inside Firehose with an AWS owned key."
  type        = bool
  default     = false
  nullable    = false
}
