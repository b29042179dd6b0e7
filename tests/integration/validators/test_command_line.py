"""The commands as a person or CI runs them: exit codes, lines, files."""

import json
import re
from collections import Counter
from types import ModuleType
from xml.etree import ElementTree

import jsonschema
import pytest

from firehose_spec import schemas


def test_intact_delivery_is_proven_and_written_down(cloud, tmp_path) -> None:
    answer = cloud.run(
        "verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest, "--report-dir", tmp_path / "r"
    )
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
    lines = answer.stdout.splitlines()
    assert [line[32] for line in lines if re.match(r"PASS configuration\.\w+ +[1-7] ", line)] == list("1234567")
    assert not any(line.startswith(("FAIL", "SKIP")) for line in lines)
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    jsonschema.validate(report, schemas.load("report"))
    assert report["passed"] is True
    assert report["reconciliation"] == {
        "submitted": 111, "accepted": 111, "delivered": 108, "quarantined": 3, "lost": 0, "duplicated": 0, "invented": 0,
    }  # fmt: skip
    suite = ElementTree.parse(tmp_path / "r" / "junit.xml").getroot()
    assert (suite.get("failures"), suite.get("tests")) == ("0", str(len(report["checks"])))
    assert "<title>Proven: store-inventory</title>" in (tmp_path / "r" / "report.html").read_text()


def test_module_runs_as_a_command(cloud) -> None:
    answer = cloud.run_as_child(
        "verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest, "--depth", "footers"
    )
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
    assert "SKIP completeness.lost          skipped: rows are not read (--depth footers)" in answer.stdout


def test_manifest_alone_gives_the_same_numbers(cloud) -> None:
    answer = cloud.run("verify", "--manifest", cloud.manifest)
    assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
    assert "SKIP" not in answer.stdout


def test_stream_alone_is_verified_without_completeness(cloud) -> None:
    stream = json.loads(cloud.outputs.read_text())["stream_name"]
    answer = cloud.run("verify", "--stream", stream, "--region", "ap-southeast-1")
    assert answer.returncode == 0, answer.stdout
    assert "SKIP completeness.lost          skipped: no manifest says what was sent" in answer.stdout


def test_four_damages_are_each_named(cloud, deliveries: ModuleType) -> None:
    s3 = cloud.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=cloud.bucket, Prefix="store-data/")["Contents"]]
    moved, changed, deleted, retyped = keys[0], keys[4], keys[7], keys[9]

    def get(key: str) -> bytes:
        return s3.get_object(Bucket=cloud.bucket, Key=key)["Body"].read()

    def put(key: str, body: bytes) -> None:
        s3.put_object(
            Bucket=cloud.bucket,
            Key=key,
            Body=body,
            ContentType="application/octet-stream",
            ContentEncoding="hadoop-snappy",
        )

    put(moved.replace("store_id=S001", "store_id=S003"), get(moved))
    s3.delete_object(Bucket=cloud.bucket, Key=moved)
    put(changed, deliveries.with_first_value(get(changed), "stock_level", 39_999))
    s3.delete_object(Bucket=cloud.bucket, Key=deleted)
    put(retyped, deliveries.with_column_type(get(retyped), "quantity_change", "int64"))

    answer = cloud.run("verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest)
    assert answer.returncode == 1
    failed = [line.split()[1] for line in answer.stdout.splitlines() if line.startswith("FAIL")]
    assert failed == ["layout.partition", "parquet.type", "completeness.lost", "completeness.digest"]
    for where in (
        moved.rpartition("/")[2],
        f"{retyped}#quantity_change",
        deleted.rpartition("/")[0],
        changed.rpartition("/")[0],
    ):
        assert where in answer.stdout


def test_selftest_names_every_damage(cloud) -> None:
    answer = cloud.run("selftest", "--outputs", cloud.outputs, "--manifest", cloud.manifest)
    assert answer.returncode == 0, answer.stdout
    lines = [line for line in answer.stdout.splitlines() if line[:4] in ("PASS", "FAIL")]
    assert len(lines) > 60
    assert lines[0].startswith("PASS intact")
    assert not any(line.startswith("FAIL") for line in lines)


def test_query_answers_by_the_projection(cloud) -> None:
    sql = "select p_store_id, day, hour, count(*) as n from store_events group by all order by all limit 2"
    answer = cloud.run("query", "--outputs", cloud.outputs, "--sql", sql)
    assert answer.stdout.splitlines() == ["p_store_id\tday\thour\tn", "S001\t21\t22\t8", "S001\t21\t23\t8"]


def test_query_without_sql_lists_low_stock_by_store(cloud, deliveries: ModuleType) -> None:
    latest = {}
    for row in sorted(deliveries.store_rows(), key=lambda row: (row["event_timestamp"], row["event_id"])):
        latest[row["store_id"], row["item_id"]] = row["stock_level"] <= row["reorder_point"]
    low = Counter(store for (store, _), is_low in latest.items() if is_low)
    answer = cloud.run("query", "--outputs", cloud.outputs)
    header, *rows = [line.split("\t") for line in answer.stdout.splitlines()]
    assert header[:3] == ["store_id", "low_items", "lowest_stock"]
    assert {store: int(count) for store, count, *_ in rows} == dict(low)
    assert low


def test_reports_of_two_runs_compare_equal(cloud, tmp_path) -> None:
    for name in ("a", "b"):
        cloud.run("verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest, "--report-dir", tmp_path / name)
    answer = cloud.run("compare", tmp_path / "a" / "report.json", tmp_path / "b" / "report.json")
    assert (answer.returncode, answer.stdout.strip().endswith("no difference but names and times")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["verify"], "nothing names a stream", id="nothing-named"),
        pytest.param(["verify", "--outputs", "gone.json"], "gone.json: cannot be read", id="no-outputs"),
        pytest.param(["verify", "--stream", "gone", "--region", "eu-west-1"], "delivery stream gone", id="no-stream"),
        pytest.param(["query", "--outputs", "gone.json"], "run `make deploy` to write it", id="query-no-outputs"),
        pytest.param(["compare", "a.json", "b.json"], "a.json: cannot be read", id="no-report"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(cloud, arguments: list[str], message: str) -> None:
    answer = cloud.run(*arguments)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1), answer.stderr
    assert message in answer.stderr


def test_endpoint_that_does_not_answer_is_one_line_and_exit_code_2(cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = cloud.run("verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1), answer.stderr
    assert "Could not connect to the endpoint URL" in answer.stderr


def test_deleted_stream_is_a_finding_and_the_objects_are_still_verified(cloud) -> None:
    stream = json.loads(cloud.outputs.read_text())["stream_name"]
    cloud.client("firehose").delete_delivery_stream(DeliveryStreamName=stream)
    answer = cloud.run("verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest)
    failed = [line.split()[1] for line in answer.stdout.splitlines() if line.startswith("FAIL")]
    assert (answer.returncode, failed) == (1, ["configuration.stream"])
