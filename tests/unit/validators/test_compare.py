"""What counts as a difference between two reports, and what does not."""

import copy
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from validators.compare import Difference, compare_reports, print_comparison
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.report import report_of
from validators.suite import Suite


@pytest.fixture(scope="module")
def one(store_delivery: Evidence) -> dict[str, Any]:
    return report_of(Suite(store_delivery).run())


def renamed(value: Any, names: dict[str, str]) -> Any:
    """`value` with every name in it replaced, as another target has it."""
    if isinstance(value, dict):
        return {key: renamed(held, names) for key, held in value.items()}
    if isinstance(value, list):
        return [renamed(held, names) for held in value]
    for name, other in names.items():
        value = value.replace(name, other) if isinstance(value, str) else value
    return value


def check(report: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [check for check in report["checks"] if check["check"] == name]
    return found


def test_names_and_times_are_no_difference(one: dict[str, Any]) -> None:
    names = {one["bucket"]: "another-bucket", one["region"]: "eu-west-1", "123456789012": "000000000000"}
    other = renamed(one, names)
    other |= {"target": "aws", "verified_at": "2027-01-01T00:00:00Z", "run_id": "20270101T000000-1"}
    other["statistics"]["runs"][0]["run_id"] = "20270101T000000-1"
    assert check(other, "configuration.destination")["found"] != check(one, "configuration.destination")["found"]
    assert compare_reports(one, other) == []


def test_which_records_met_in_one_object_is_no_difference(one: dict[str, Any]) -> None:
    other = copy.deepcopy(one)
    other["statistics"] |= {
        "objects": 24,
        "error_objects": 3,
        "stored_bytes": 1,
        "freshness_seconds": None,
        "size_histogram": [],
    }
    other["statistics"]["created_by"] = dict.fromkeys(other["statistics"]["created_by"], 24)
    check(other, "key.foreign")["found"] = "27 objects"
    check(other, "buffering.age")["found"] = "p50 6 s, p95 8 s, most 103 s"
    assert compare_reports(one, other) == []


def set_in(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(report: dict[str, Any]) -> None:
        place: Any = report
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def set_check(name: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda report: check(report, name).update(values)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(set_in("pipeline", value="apache-logs"), ("pipeline", "store-inventory", "apache-logs"), id="pipeline"),
        pytest.param(set_in("passed", value=False), ("passed", "True", "False"), id="passed"),
        pytest.param(set_in("reconciliation", "invented", value=1), ("reconciliation invented", "0", "1"), id="reconciliation"),
        pytest.param(set_check("key.foreign", status="FAIL", findings=2), ("key.foreign", "PASS", "FAIL, 2 findings"), id="verdict"),
        pytest.param(set_check("key.foreign", status="SKIP", found="why"), ("key.foreign", "PASS", "SKIP: why"), id="skipped"),
        pytest.param(lambda report: report["checks"].remove(check(report, "key.foreign")), ("key.foreign", "PASS", "not stated"), id="not-made"),
        pytest.param(set_check("configuration.buffering", found="1 MiB or 60 s, GZIP"), ("configuration.buffering as found", "64 MiB or 60 s, UNCOMPRESSED", "1 MiB or 60 s, GZIP"), id="configuration"),
        pytest.param(set_in("statistics", "records", value=109), ("records", "108", "109"), id="records"),
        pytest.param(set_in("statistics", "other_objects", value=1), ("other_objects", "0", "1"), id="foreign-objects"),
        pytest.param(set_in("statistics", "quarantined_by_type", "format-conversion-failed", value=2), ("quarantined as format-conversion-failed", "1", "2"), id="quarantine"),
        pytest.param(set_in("statistics", "quarantined_by_type", "processing-failed", value=2), ("quarantined as processing-failed", "not stated", "2"), id="another-kind"),
        pytest.param(lambda report: report["statistics"]["runs"].append({"run_id": "2"}), ("run 2", "not stated", "sent"), id="another-run"),
        pytest.param(set_in("statistics", "runs", 0, "lost", value=3), ("run 1", "111 submitted, 111 accepted, 108 delivered, 3 quarantined, 0 lost, 0 duplicated, 0 invented", "111 submitted, 111 accepted, 108 delivered, 3 quarantined, 3 lost, 0 duplicated, 0 invented"), id="run"),
    ],
)  # fmt: skip
def test_what_counts_is_a_difference_either_way(
    one: dict[str, Any], change: Callable[[dict[str, Any]], None], expected: tuple[str, str, str]
) -> None:
    other = copy.deepcopy(one)
    change(other)
    what, first, second = expected
    assert compare_reports(one, other) == [Difference(what, first, second)]
    assert compare_reports(other, one) == [Difference(what, second, first)]


def test_another_writer_is_a_difference(one: dict[str, Any]) -> None:
    other = copy.deepcopy(one)
    other["statistics"]["created_by"] = {"parquet-mr version 1.8.1": 12}
    assert [(found.what, found.second) for found in compare_reports(one, other)] == [
        ("written by", "parquet-mr version 1.8.1")
    ]


def test_an_object_that_is_gone_shows_in_the_counts(one: dict[str, Any], store_delivery: Evidence) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    first = min(key for key in store_delivery.bucket.objects if key.startswith("store-data/"))
    other = report_of(Suite(replace(store_delivery, bucket=store_delivery.bucket.changed({first: None}))).run())
    differences = compare_reports(one, other)
    assert Difference("reconciliation delivered", "108", "100") in differences
    assert Difference("reconciliation lost", "0", "8") in differences
    out = io.StringIO()
    print_comparison(Console(file=out, width=200), one, other, differences)
    assert "reconciliation lost" in out.getvalue()
