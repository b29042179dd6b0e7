# Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html

data "aws_default_tags" "current" {}

# Some S3-compatible clouds forget the tags given to PutMetricAlarm, which would show as drift for ever. So the tags of an alarm are
# set when it is made and not compared afterwards; when they change, the alarm is made anew.
resource "terraform_data" "alarm_tags" {
  input = data.aws_default_tags.current.tags
}

resource "aws_cloudwatch_metric_alarm" "data_freshness" {
  alarm_name          = "${var.name}-data-freshness"
  alarm_description   = "The oldest record that ${var.name} has not yet delivered to S3 is older than ${var.alarms.freshness_seconds} s."
  namespace           = "AWS/Firehose"
  metric_name         = "DeliveryToS3.DataFreshness"
  dimensions          = { DeliveryStreamName = aws_kinesis_firehose_delivery_stream.this.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.freshness_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions

  lifecycle {
    ignore_changes       = [tags, tags_all]
    replace_triggered_by = [terraform_data.alarm_tags]
  }
}

resource "aws_cloudwatch_metric_alarm" "failed_conversion" {
  count = var.conversion == null ? 0 : 1

  alarm_name          = "${var.name}-failed-conversion"
  alarm_description   = "More than ${var.alarms.failed_records} records in five minutes did not fit the schema of ${var.name} and went to its error prefix."
  namespace           = "AWS/Firehose"
  metric_name         = "FailedConversion.Records"
  dimensions          = { DeliveryStreamName = aws_kinesis_firehose_delivery_stream.this.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.failed_records
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions

  lifecycle {
    ignore_changes       = [tags, tags_all]
    replace_triggered_by = [terraform_data.alarm_tags]
  }
}
