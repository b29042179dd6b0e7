import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from deployment.errors import RecordFileError
from deployment.target_record import DeployedStack, ServerProcess, TargetRecord, read_record, timestamp, write_record
from firehose_spec import schemas

FULL = TargetRecord(
    "local",
    "123456789012",
    "abc",
    endpoints={"default": "http://127.0.0.1:4001"},
    processes={"moto": ServerProcess(1, "boot/1", "2026-11-22T00:00:00.000Z", 4001, "/log")},
    stacks={"apache-logs": DeployedStack("2026-11-22T00:00:00.000Z", "abc", "us-east-2")},
)


@pytest.mark.parametrize("record", [FULL, TargetRecord("aws")], ids=["full", "empty"])
def test_a_record_is_read_back_as_written_and_keeps_the_schema(tmp_path: Path, record: TargetRecord) -> None:
    path = tmp_path / "deep" / "target.json"
    write_record(path, record)
    assert read_record(path, record.target) == record
    jsonschema.validate(json.loads(path.read_text("utf-8")), schemas.load("target"))
    assert [entry.name for entry in path.parent.iterdir()] == ["target.json"]


def test_no_file_is_an_empty_record(tmp_path: Path) -> None:
    assert read_record(tmp_path / "target.json", "local") == TargetRecord("local")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{half", "is no JSON", id="torn"),
        pytest.param('{"target_version": 2}', "another version", id="newer"),
        pytest.param("[]", "another version", id="no-object"),
        pytest.param(
            '{"target_version": 1, "target": "local", "surprise": 1, "processes": {}, "stacks": {}}',
            "another version",
            id="unknown-member",
        ),
    ],
)
def test_a_file_that_is_no_record_is_told_with_the_way_out(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "target.json"
    path.write_text(text, "utf-8")
    with pytest.raises(RecordFileError, match=words):
        read_record(path, "local")


def test_a_stack_is_current_only_on_the_instance_it_was_applied_to() -> None:
    assert FULL.is_current("apache-logs")
    assert not TargetRecord("local", instance_id="new", stacks=FULL.stacks).is_current("apache-logs")
    assert not FULL.is_current("store-inventory")


def test_timestamps_are_utc_with_z() -> None:
    moment = datetime(2026, 11, 22, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == timestamp(moment.astimezone(UTC)) == "2026-11-22T00:00:00.000Z"
