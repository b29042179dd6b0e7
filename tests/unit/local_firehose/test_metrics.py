"""What reaches CloudWatch, with a client that remembers or refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local_firehose.clock import Clock
from local_firehose.metrics import MarkOwner, Marks, MetricBook, MetricPublisher
from local_firehose.stream_config import StreamId

STREAM = StreamId("123456789012", "us-east-1", "orders")
OWNER = MarkOwner(STREAM, "first")
NOW_MS = 1_715_900_000_000


class CloudWatch:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str, list[dict[str, Any]]]] = []
        self.error: Exception | None = None

    def __call__(self, region: str) -> "CloudWatch":
        self.region = region
        return self

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        if self.error:
            raise self.error
        self.calls.append((self.region, Namespace, MetricData))


@pytest.fixture
def cloudwatch() -> CloudWatch:
    return CloudWatch()


def publisher(book: MetricBook, cloudwatch: CloudWatch, heard: list[Marks]) -> MetricPublisher:
    return MetricPublisher(book, client=cloudwatch, clock=Clock(real_ms=lambda: NOW_MS), on_published=heard.append)


def test_values_are_statistic_sets_by_stream_and_by_region_where_there_is_none(cloudwatch: CloudWatch) -> None:
    book = MetricBook()
    for value in (5, 1, 3):
        book.add(STREAM, "IncomingRecords", value)
    book.add(StreamId("123456789012", "eu-west-1", ""), "ListDeliveryStreams.Latency", 2.5, "Milliseconds")
    publisher(book, cloudwatch, []).publish()
    at = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    assert cloudwatch.calls == [
        (
            "eu-west-1",
            "AWS/Firehose",
            [
                {
                    "MetricName": "ListDeliveryStreams.Latency",
                    "Dimensions": [],
                    "Timestamp": at,
                    "Unit": "Milliseconds",
                    "StatisticValues": {"SampleCount": 1, "Sum": 2.5, "Minimum": 2.5, "Maximum": 2.5},
                }
            ],
        ),
        (
            "us-east-1",
            "AWS/Firehose",
            [
                {
                    "MetricName": "IncomingRecords",
                    "Dimensions": [{"Name": "DeliveryStreamName", "Value": "orders"}],
                    "Timestamp": at,
                    "Unit": "Count",
                    "StatisticValues": {"SampleCount": 3, "Sum": 9, "Minimum": 1, "Maximum": 5},
                }
            ],
        ),
    ]


@pytest.mark.parametrize("is_away", [False, True], ids=["taken", "away"])
def test_marks_are_told_once_what_they_count_is_sent_or_lost(cloudwatch: CloudWatch, is_away: bool) -> None:
    book, heard = MetricBook(), list[Marks]()
    if is_away:
        cloudwatch.error = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    book.add_up_to(OWNER, 7, [("SucceedConversion.Records", 7, "Count")])
    book.add_up_to(OWNER, 9, [("SucceedConversion.Records", 2, "Count")])
    publishing = publisher(book, cloudwatch, heard)
    publishing.publish()
    publishing.publish()
    assert heard == [{OWNER: 9}]
    sums = [data["StatisticValues"]["Sum"] for _, _, call in cloudwatch.calls for data in call]
    assert sums == ([] if is_away else [9])
