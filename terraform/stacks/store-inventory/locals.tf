data "aws_caller_identity" "current" {}

locals {
  pipeline            = "store-inventory"
  stream_name         = "SI-Firehose"
  database            = "conversion_db"
  conversion_table    = "conversion_table"
  query_table         = "store_events"
  data_prefix         = "store-data/"
  error_output_prefix = "error"

  bucket = coalesce(var.bucket, "store-inventory-${data.aws_caller_identity.current.account_id}-${var.region}")

  # The one key map: it makes the jq query, the prefix, the partition columns of the query table and their projection.
  # A partition column may not be called like a data column, so the store's is p_store_id.
  partition_keys = [
    {
      name       = "store_id"
      expression = ".store_id"
      folder     = "store_id="
      column     = "p_store_id"
      projection = length(var.known_stores) > 0 ? { type = "enum", values = join(",", var.known_stores) } : { type = "injected" }
    },
    {
      name       = "year"
      expression = ".event_timestamp|strftime(\"%Y\")"
      projection = { type = "integer", range = var.projected_years, digits = 4 }
    },
    {
      name       = "month"
      expression = ".event_timestamp|strftime(\"%m\")"
      projection = { type = "integer", range = "1,12", digits = 2 }
    },
    {
      name       = "day"
      expression = ".event_timestamp|strftime(\"%d\")"
      projection = { type = "integer", range = "1,31", digits = 2 }
    },
    {
      name       = "hour"
      expression = ".event_timestamp|strftime(\"%H\")"
      projection = { type = "integer", range = "0,23", digits = 2 }
    },
  ]

  columns = [
    { name = "event_id", type = "string", comment = "<run>-<sequence>: makes loss and duplicates countable" },
    { name = "store_id", type = "string", comment = "S001 and so on" },
    { name = "event_type", type = "string", comment = "sale, restock, return or adjustment" },
    { name = "item_id", type = "string" },
    { name = "item_name", type = "string" },
    { name = "category", type = "string" },
    { name = "quantity_change", type = "int", comment = "Signed" },
    { name = "stock_level", type = "int", comment = "After the change" },
    { name = "reorder_point", type = "int", comment = "Stock is low when stock_level <= reorder_point" },
    { name = "unit_price", type = "double", comment = "Two decimals, in currency" },
    { name = "currency", type = "string", comment = "ISO 4217" },
    { name = "event_timestamp", type = "timestamp", comment = "Epoch seconds in the JSON" },
  ]
}
