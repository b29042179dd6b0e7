variable "columns" {
  description = "Data columns in order: name in lower case, Glue type, comment."
  type        = list(object({ name = string, type = string, comment = optional(string) }))
  nullable    = false

  validation {
    condition     = length(var.columns) > 0 && alltrue([for column in var.columns : can(regex("^[a-z_][a-z0-9_]*$", column.name))])
    error_message = "columns are [${join(", ", var.columns[*].name)}]; at least one is needed, each a name of a-z, 0-9 and _ (Glue and Athena compare in lower case)."
  }

  validation {
    condition     = length(distinct(var.columns[*].name)) == length(var.columns)
    error_message = "columns are [${join(", ", var.columns[*].name)}]; a name may occur once."
  }
}

variable "database" {
  description = "Glue database that holds the table."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the table is for."
  type        = string
  nullable    = false
}

variable "location" {
  description = "Folder of the data, such as s3://bucket/store-data/."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[^/]+/(.*/)?$", var.location))
    error_message = "location is \"${var.location}\"; Athena takes s3://bucket/folder/ with a slash at the end."
  }
}

variable "name" {
  description = "Table name: a-z, 0-9 and _."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9_]{1,255}$", var.name))
    error_message = "name is \"${var.name}\"; Athena takes 1 to 255 of a-z, 0-9 and _."
  }
}

variable "partition_keys" {
  description = "Keys of the path below `location`, in its order: `folder` stands before the value; `column` is the partition column (`name` by default); `projection` tells Athena its values."
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
    condition     = alltrue([for key in var.partition_keys : contains(["injected", "enum", "integer"], key.projection.type)])
    error_message = "projection types are [${join(", ", [for key in var.partition_keys : "${key.name}: ${key.projection.type}"])}]; injected, enum and integer are taken."
  }

  validation {
    condition = alltrue([
      for key in var.partition_keys :
      (key.projection.type == "enum") == (key.projection.values != null) && (key.projection.type == "integer") == (key.projection.range != null)
    ])
    error_message = "An enum projection needs values (and no other does), an integer projection needs a range (and no other does)."
  }

  validation {
    condition     = length(setintersection([for key in var.partition_keys : coalesce(key.column, key.name)], var.columns[*].name)) == 0
    error_message = "Partition column(s) ${join(", ", setintersection([for key in var.partition_keys : coalesce(key.column, key.name)], var.columns[*].name))} are data columns too, which Athena refuses; give the key another `column`."
  }
}
