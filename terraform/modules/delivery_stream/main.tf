resource "aws_kinesis_firehose_delivery_stream" "this" {
  name        = var.name
  destination = "extended_s3"

  server_side_encryption {
    enabled = var.server_side_encryption
  }

  extended_s3_configuration {
    role_arn            = var.role_arn
    bucket_arn          = var.bucket_arn
    prefix              = local.prefix == "" ? null : local.prefix
    error_output_prefix = var.error_output_prefix == "" ? null : var.error_output_prefix
    buffering_size      = var.buffering.size_mib
    buffering_interval  = var.buffering.interval_seconds
    compression_format  = var.compression_format
    kms_key_arn         = var.kms_key_arn

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.this.name
      log_stream_name = aws_cloudwatch_log_stream.destination.name
    }

    dynamic "dynamic_partitioning_configuration" {
      for_each = local.partitioned ? [var.partitioning_retry_seconds] : []

      content {
        enabled        = true
        retry_duration = dynamic_partitioning_configuration.value
      }
    }

    dynamic "processing_configuration" {
      for_each = local.partitioned ? [local.query] : []

      content {
        enabled = true

        dynamic "processors" {
          for_each = var.record_deaggregation ? ["JSON"] : []

          content {
            type = "RecordDeAggregation"

            parameters {
              parameter_name  = "SubRecordType"
              parameter_value = processors.value
            }
          }
        }

        processors {
          type = "MetadataExtraction"

          parameters {
            parameter_name  = "JsonParsingEngine"
            parameter_value = "JQ-1.6"
          }

          parameters {
            parameter_name  = "MetadataExtractionQuery"
            parameter_value = processing_configuration.value
          }
        }
      }
    }

    dynamic "data_format_conversion_configuration" {
      for_each = var.conversion == null ? [] : [var.conversion]
      iterator = conversion

      content {
        enabled = true

        schema_configuration {
          role_arn      = var.role_arn
          database_name = conversion.value.database
          table_name    = conversion.value.table
          region        = conversion.value.region
          version_id    = "LATEST"
        }

        input_format_configuration {
          deserializer {
            open_x_json_ser_de {}
          }
        }

        output_format_configuration {
          serializer {
            parquet_ser_de {
              compression = conversion.value.compression
            }
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.prefix) <= 1024
      error_message = "The prefix with the folders of partition_keys has ${length(local.prefix)} characters. Member must have length less than or equal to 1024"
    }

    precondition {
      condition     = try(length(local.query), 0) <= 5120
      error_message = "The jq query that partition_keys make has ${try(length(local.query), 0)} characters. Member must have length less than or equal to 5120"
    }
  }
}
