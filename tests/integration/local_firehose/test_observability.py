"""Metrics and error events, as they reach CloudWatch."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_firehose.aws_clients import client_factory
from local_firehose.clock import Clock
from local_firehose.delivery_log import DeliveryLog
from local_firehose.metrics import MetricBook, MetricPublisher
from local_firehose.stream_config import StreamId


def test_metrics_are_published_under_awss_names_as_statistic_sets(cloud: Any) -> None:
    clients = client_factory()
    book, stream = MetricBook(), StreamId("123456789012", "us-east-1", f"orders-{cloud.bucket}")
    for value in (500, 100, 250):
        book.add(stream, "IncomingRecords", value)
    book.add(stream, "DeliveryToS3.DataFreshness", 61.5, "Seconds")
    publisher = MetricPublisher(book, client=lambda region: clients("cloudwatch", region), clock=Clock())
    publisher.start()
    publisher.stop(timeout_seconds=30)
    now = datetime.now(UTC)
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Firehose",
        MetricName="IncomingRecords",
        Dimensions=[{"Name": "DeliveryStreamName", "Value": stream.name}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=600,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    assert [(point["Sum"], point["SampleCount"], point["Maximum"]) for point in found] == [(850, 3, 500)]
    names = {
        metric["MetricName"] for metric in cloud.client("cloudwatch").list_metrics(Namespace="AWS/Firehose")["Metrics"]
    }
    assert names >= {"IncomingRecords", "DeliveryToS3.DataFreshness"}
    assert book.drain() == {}


@pytest.fixture
def log_group(cloud: Any) -> str:
    name = f"/aws/kinesisfirehose/{cloud.bucket}"
    cloud.client("logs").create_log_group(logGroupName=name)
    cloud.client("logs").create_log_stream(logGroupName=name, logStreamName="DestinationDelivery")
    return name


def test_error_events_reach_the_log_stream_once_a_second_and_code(cloud: Any, log_group: str) -> None:
    clients = client_factory()
    clock = Clock()
    clock.set_speed(0.000001)
    log = DeliveryLog(client=lambda region: clients("logs", region), clock=clock)
    log.start()
    config = cloud.view(log_group=log_group, log_stream="DestinationDelivery").config
    for code in ("S3.AccessDenied", "S3.AccessDenied", "S3.NoSuchBucket"):
        log.report(config, code, "Access was denied.")
    clock.advance(2)
    log.report(config, "S3.AccessDenied", "Access was denied again.")
    log.report(cloud.view().config, "S3.AccessDenied", "this stream does not log")
    log.stop(timeout_seconds=30)
    events = cloud.client("logs").get_log_events(logGroupName=log_group, logStreamName="DestinationDelivery")["events"]
    messages = [json.loads(event["message"]) for event in events]
    assert [(message["errorCode"], message["message"]) for message in messages] == [
        ("S3.AccessDenied", "Access was denied."),
        ("S3.NoSuchBucket", "Access was denied."),
        ("S3.AccessDenied", "Access was denied again."),
    ]
    assert messages[0]["deliveryStreamARN"] == config.stream.arn
    assert messages[0]["destination"] == f"arn:aws:s3:::{cloud.bucket}"


def test_a_log_stream_that_does_not_exist_harms_nothing(cloud: Any, log_group: str) -> None:
    clients = client_factory()
    log = DeliveryLog(client=lambda region: clients("logs", region), clock=Clock())
    log.start()
    log.report(cloud.view(log_group=log_group, log_stream="missing").config, "S3.AccessDenied", "x")
    log.report(cloud.view(log_group=log_group, log_stream="DestinationDelivery").config, "InternalError", "y")
    log.stop(timeout_seconds=30)
    events = cloud.client("logs").get_log_events(logGroupName=log_group, logStreamName="DestinationDelivery")["events"]
    assert [json.loads(event["message"])["message"] for event in events] == ["y"]
