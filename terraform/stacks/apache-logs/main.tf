# ApacheLogs: access log lines, delivered as they are into folders by hour of arrival.

module "bucket" {
  source = "../../modules/delivery_bucket"

  bucket           = local.bucket
  error_prefix     = "processing-failed/" # where Firehose puts failures of a stream that has no prefixes
  force_destroy    = var.force_destroy
  object_ownership = var.object_ownership
  require_tls      = var.require_tls
}

module "role" {
  source = "../../modules/delivery_role"

  name        = var.role_name
  bucket      = local.bucket
  region      = var.region
  stream_name = local.stream_name
  log_group   = "/aws/kinesisfirehose/${local.stream_name}"
}

module "stream" {
  source = "../../modules/delivery_stream"

  name       = local.stream_name
  bucket_arn = module.bucket.arn
  role_arn   = module.role.arn
  buffering  = var.buffering
  alarms     = var.alarms
}
