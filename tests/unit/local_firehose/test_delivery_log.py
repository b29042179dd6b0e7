"""Error events, as CloudWatch Logs takes them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local_firehose.clock import Clock
from local_firehose.delivery_log import MAX_EVENT_BYTES, DeliveryLog
from local_firehose.stream_config import BufferingHints, DeliveryConfig, S3Destination, StreamId

S3 = S3Destination("b", "r", "", "", BufferingHints(5, 300), "UNCOMPRESSED", "", "UTC", None, None, None)
CONFIG = DeliveryConfig(
    StreamId("123456789012", "us-east-1", "s"),
    1,
    "DirectPut",
    replace(S3, log_group="/g", log_stream="d"),
    (),
    None,
    None,
    None,
)


class Logs:
    """Takes events as CloudWatch Logs does."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: str) -> None:  # noqa: N803, AWS's name
        (event,) = logEvents
        assert len(event["message"].encode()) <= MAX_EVENT_BYTES
        self.messages.append(event["message"])


def logged(message: str) -> str:
    logs = Logs()
    log = DeliveryLog(client=lambda _region: logs, clock=Clock())
    log.start()
    log.report(CONFIG, "DataFormatConversion.MalformedData", message)
    log.stop()
    (event,) = logs.messages
    return str(json.loads(event)["message"])


@pytest.mark.parametrize("character", ["x", '"', "\n", "é", "😀"])
def test_a_message_that_is_too_long_is_cut_and_a_shorter_one_is_not(character: str) -> None:
    assert logged(character * 1000) == character * 1000
    found = logged("begin " + character * 1_048_576)
    assert found.startswith("begin " + character[:1])
    assert found.endswith("…")
    assert set(found[6:-1]) <= set(character)
    assert len(json.dumps(found)) > MAX_EVENT_BYTES - 250
