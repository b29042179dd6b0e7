"""The report in its four forms, of an intact and of a broken delivery."""

import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from rich.console import Console

from firehose_spec import schemas
from validators.checks import CHECKS
from validators.errors import InputFileError
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.report import report_of, write_file
from validators.report_html import html_page
from validators.report_junit import junit_xml
from validators.report_text import print_report
from validators.suite import Suite


@pytest.fixture(scope="module")
def intact(store_delivery: Evidence) -> dict[str, Any]:
    return report_of(Suite(store_delivery).run())


@pytest.fixture(scope="module")
def broken(store_delivery: Evidence) -> dict[str, Any]:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    first = min(key for key in store_delivery.bucket.objects if key.startswith("store-data/"))
    odd = store_delivery.bucket.objects[first].with_data(b"<script>alert(1)</script>\x01")
    bucket = store_delivery.bucket.changed({first: None, "<script>alert(1)</script>\x01": odd})
    return report_of(Suite(replace(store_delivery, bucket=bucket)).run())


def test_heat_map_is_by_store_whatever_the_order_of_the_declared_keys(
    intact: dict[str, Any], store_delivery: Evidence
) -> None:
    partitioning = store_delivery.declared.partitioning
    assert partitioning is not None
    alphabetical = replace(partitioning, keys=dict(sorted(partitioning.keys.items())))
    declared = replace(store_delivery.declared, partitioning=alphabetical)
    report = report_of(Suite(replace(store_delivery, declared=declared)).run())
    assert next(iter(alphabetical.keys)) == "day"
    assert report["statistics"]["heat_map"] == intact["statistics"]["heat_map"]
    assert all(row.startswith("S") for row in report["statistics"]["heat_map"]["rows"])


@pytest.mark.parametrize("name", ["intact", "broken"])
def test_report_follows_its_schema(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    jsonschema.validate(json.loads(json.dumps(report)), schemas.load("report"))
    assert [check["check"] for check in report["checks"]] == list(CHECKS)
    assert report["passed"] == (name == "intact")
    assert len(report["statistics"]["heat_map"]["cells"]) == 3


def test_intact_statistics_count_what_was_delivered(intact: dict[str, Any]) -> None:
    statistics = intact["statistics"]
    assert (statistics["objects"], statistics["error_objects"], statistics["records"]) == (12, 2, 108)
    assert statistics["freshness_seconds"] == {"p50": 61.0, "p95": 61.0, "max": 61.0}
    assert sum(map(sum, statistics["heat_map"]["cells"])) == 108
    assert sum(bar["objects"] for bar in statistics["size_histogram"]) == 12
    assert [point["records"] for point in statistics["timeline"]["points"]] == [108]
    assert statistics["quarantined_by_type"] == {"format-conversion-failed": 1, "metadata-extraction-failed": 2}


@pytest.mark.parametrize("name", ["intact", "broken"])
def test_junit_has_one_case_a_check(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    suites = ElementTree.fromstring(junit_xml(report))
    cases = list(suites.iter("testcase"))
    assert [case.get("name") for case in cases] == list(CHECKS)
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    assert failed == [check["check"] for check in report["checks"] if check["status"] == "FAIL"]
    assert suites.get("failures") == str(len(failed))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.addresses: list[str] = []
        self.scripts = 0
        self.titles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.titles += tag == "title"
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name in {"src", "href"} and value:
                self.addresses.append(value)


@pytest.mark.parametrize("name", ["intact", "broken"])
def test_page_is_whole_without_a_network(name: str, request: pytest.FixtureRequest) -> None:
    page = _Page()
    html = html_page(request.getfixturevalue(name))
    page.feed(html)
    assert {"reconciliation", "heat-map", "timeline", "histogram", "checks", "runs"} <= page.ids
    assert ("findings" in page.ids) == (name == "broken")
    assert (page.scripts, page.addresses, html.count("url(")) == (0, [], 0)


def test_page_of_an_empty_bucket_says_so(store_delivery: Evidence) -> None:
    report = report_of(Suite(replace(store_delivery, bucket=MemoryBucket("si-bucket", {}))).run())
    assert "No object was delivered yet." in html_page(report)
    assert report["reconciliation"]["lost"] == 111


def test_plain_text_has_one_line_a_check_and_the_table(broken: dict[str, Any]) -> None:
    out = io.StringIO()
    print_report(Console(file=out, width=120), broken)
    lines = out.getvalue().splitlines()
    assert [line.split()[1] for line in lines if line.startswith(("PASS ", "FAIL ", "SKIP "))] == list(CHECKS)
    assert any(line.split() == ["store-inventory", "111", "111", "100", "3", "8", "0"] for line in lines)
    assert "\x1b" not in out.getvalue()


def test_long_lists_of_findings_are_cut_and_counted(store_delivery: Evidence) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    stored = next(iter(store_delivery.bucket.objects.values()))
    more = {f"foreign-{number}": stored for number in range(300)}
    report = report_of(Suite(replace(store_delivery, bucket=store_delivery.bucket.changed(more))).run())
    (check,) = [check for check in report["checks"] if check["check"] == "key.foreign"]
    assert (check["findings"], len(report["findings"])) == (300, 100)
    out = io.StringIO()
    print_report(Console(file=out, width=120), report)
    assert "… and more: 300 in all" in out.getvalue()


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.json"
    write_file(path, "one")
    write_file(path, "two")
    assert (path.read_text(), [each.name for each in path.parent.iterdir()]) == ("two", ["report.json"])


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputFileError, match="cannot be written"):
        write_file(tmp_path / "file" / "report.json", "x")
