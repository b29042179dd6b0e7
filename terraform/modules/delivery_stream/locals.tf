# The list of partition keys is the one source of the jq query and of the prefix; modules/glue_table reads the same list.

locals {
  partitioned = length(var.partition_keys) > 0

  # jq takes paths and pipes of functions bare as the value of a key; anything more needs parentheses.
  bare = "^\\.[A-Za-z_][A-Za-z0-9_.]*(\\|[a-z_0-9]+(\\(\"[^\"]*\"\\))?)*$"

  query = local.partitioned ? format("{%s}", join(",", [
    for key in var.partition_keys : can(regex(local.bare, key.expression)) ? "${key.name}:${key.expression}" : "${key.name}:(${key.expression})"
  ])) : null

  prefix = join("", concat([var.prefix], [for key in var.partition_keys : "${key.folder}!{partitionKeyFromQuery:${key.name}}/"]))
}
