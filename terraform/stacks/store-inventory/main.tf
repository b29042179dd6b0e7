# SI-Firehose: store inventory events, partitioned by store and hour, delivered as Parquet.

module "bucket" {
  source = "../../modules/delivery_bucket"

  bucket           = local.bucket
  error_prefix     = local.error_output_prefix
  force_destroy    = var.force_destroy
  object_ownership = var.object_ownership
  require_tls      = var.require_tls
}

module "role" {
  source = "../../modules/delivery_role"

  name         = var.role_name
  bucket       = local.bucket
  region       = var.region
  stream_name  = local.stream_name
  log_group    = "/aws/kinesisfirehose/${local.stream_name}"
  schema_table = { database = local.database, table = local.conversion_table }
}

resource "aws_glue_catalog_database" "this" {
  name        = local.database
  description = "Store inventory events delivered by ${local.stream_name}."
}

module "conversion_table" {
  source = "../../modules/glue_table"

  database    = aws_glue_catalog_database.this.name
  name        = local.conversion_table
  description = "Columns that ${local.stream_name} writes; not for queries, the folders of its data are no partitions to it."
  columns     = local.columns
  location    = "s3://${local.bucket}/${local.data_prefix}"
}

module "query_table" {
  source = "../../modules/glue_table"

  database       = aws_glue_catalog_database.this.name
  name           = local.query_table
  description    = "Store inventory events for Athena, with partitions computed from the path."
  columns        = local.columns
  location       = "s3://${local.bucket}/${local.data_prefix}"
  partition_keys = local.partition_keys
}

module "stream" {
  source = "../../modules/delivery_stream"

  name                       = local.stream_name
  bucket_arn                 = module.bucket.arn
  role_arn                   = module.role.arn
  prefix                     = local.data_prefix
  error_output_prefix        = local.error_output_prefix
  buffering                  = var.buffering
  partition_keys             = local.partition_keys
  partitioning_retry_seconds = 60
  record_deaggregation       = var.record_deaggregation
  alarms                     = var.alarms

  conversion = {
    database = module.conversion_table.database
    table    = module.conversion_table.name
    region   = var.region
  }
}
