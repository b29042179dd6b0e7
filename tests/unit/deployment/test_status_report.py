from deployment.status_report import status_lines
from deployment.target_record import DeployedStack, ServerProcess, TargetRecord

MOTO = ServerProcess(11, "boot/1", "2026-11-22T00:00:00.000Z", 4001, "/logs/moto.log")
FIREHOSE = ServerProcess(12, "boot/2", "2026-11-22T00:00:00.000Z", 4002, "/logs/local_firehose.log")
STREAM = {
    "name": "SI-Firehose", "region": "ap-southeast-1", "status": "ACTIVE", "accepted_records": 10, "buffered_records": 4,
    "oldest_age_seconds": 2.6, "delivered_records": 5, "delivered_objects": 3, "quarantined_records": 1, "last_error": None,
}  # fmt: skip


def record(stack_instance: str) -> TargetRecord:
    stacks = {"store-inventory": DeployedStack("2026-11-22T00:01:00.000Z", stack_instance, "ap-southeast-1")}
    return TargetRecord(
        "local", "123456789012", "now", processes={"moto": MOTO, "local_firehose": FIREHOSE}, stacks=stacks
    )


def test_what_runs_what_is_deployed_and_what_streams_hold() -> None:
    error = {"at": "2026-11-22T00:02:00.000Z", "code": "S3.NoSuchBucket", "message": "gone"}
    lines = status_lines(record("now"), {"moto": True, "local_firehose": False}, [{**STREAM, "last_error": error}])
    assert lines == [
        "target local, account 123456789012",
        "  local_firehose  is not running",
        "  moto            runs at http://127.0.0.1:4001 (process 11, log /logs/moto.log)",
        "store-inventory deployed 2026-11-22T00:01:00.000Z in ap-southeast-1",
        "SI-Firehose (ap-southeast-1) ACTIVE: 10 accepted, 4 buffered (oldest 3 s), 5 delivered in 3 objects, 1 quarantined",
        "  last error 2026-11-22T00:02:00.000Z: S3.NoSuchBucket: gone",
    ]


def test_a_stack_of_an_earlier_cloud_is_told_as_gone() -> None:
    assert status_lines(record("before"), {}, [])[3].endswith(
        "to a local cloud that is gone; `make deploy` starts afresh"
    )


def test_an_empty_target_has_nothing_deployed() -> None:
    assert status_lines(TargetRecord("local"), {}, []) == ["target local", "nothing is deployed"]


def test_an_empty_buffer_has_no_age() -> None:
    (line,) = status_lines(TargetRecord("local"), {}, [{**STREAM, "buffered_records": 0, "oldest_age_seconds": None}])[
        2:
    ]
    assert "0 buffered, 5 delivered" in line
