# Athena computes the partitions from the path instead of looking them up, so that none has to be registered.
# Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html

locals {
  partitions = [
    for key in var.partition_keys : {
      column = coalesce(key.column, key.name)
      folder = key.folder
      # injected and enum columns are strings, integer columns are ints
      type       = key.projection.type == "integer" ? "int" : "string"
      projection = key.projection
    }
  ]

  projection = length(local.partitions) == 0 ? {} : merge(
    {
      "projection.enabled"        = "true"
      "storage.location.template" = join("", concat([var.location], [for partition in local.partitions : "${partition.folder}$${${partition.column}}/"]))
    },
    [
      for partition in local.partitions : {
        for name, value in partition.projection : "projection.${partition.column}.${name}" => tostring(value) if value != null
      }
    ]...
  )
}
