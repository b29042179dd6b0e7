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
    error_output_prefix = ""
    buffering           = var.buffering
    compression_format  = "UNCOMPRESSED"
    log_group           = module.stream.log_group
    partitioning        = module.stream.partitioning
    conversion          = null
    query_table         = null
  }
}
