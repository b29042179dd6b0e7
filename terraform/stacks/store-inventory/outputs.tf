output "pipeline" {
  description = "What the stack declares, for producers and validators: firehose_spec/schemas/stack_outputs.json without target and account_id."
  value = {
    pipeline            = local.pipeline
    region              = var.region
    stream_name         = module.stream.name
    stream_arn          = module.stream.arn
    role_arn            = module.role.arn
    bucket              = module.bucket.bucket
    prefix              = module.stream.prefix
    error_output_prefix = local.error_output_prefix
    buffering           = var.buffering
    compression_format  = "UNCOMPRESSED"
    log_group           = module.stream.log_group
    partitioning        = module.stream.partitioning
    conversion = {
      database     = module.conversion_table.database
      table        = module.conversion_table.name
      region       = var.region
      deserializer = "OpenXJsonSerDe"
      serializer   = "ParquetSerDe"
      compression  = "SNAPPY"
    }
    query_table = { database = module.query_table.database, table = module.query_table.name }
  }
}
