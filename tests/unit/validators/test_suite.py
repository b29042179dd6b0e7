"""Scopes, skips and the rules about other runs: what the suite says of a part, of strangers, of nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from validators.evidence import Evidence, Scope
from validators.findings import Status
from validators.memory_bucket import MemoryBucket
from validators.suite import Suite, Verdict


def verdict(evidence: Evidence) -> Verdict:
    return Suite(evidence).run()


def statuses(evidence: Evidence) -> dict[str, Status]:
    return {result.check: result.status for result in verdict(evidence).results}


def skipped(evidence: Evidence) -> dict[str, str]:
    return {result.check: result.found for result in verdict(evidence).results if result.status is Status.SKIP}


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(Scope(prefix="store-data/store_id=S001/"), id="prefix"),
        pytest.param(Scope(since=datetime(2026, 11, 22, 9, tzinfo=UTC)), id="since"),
        pytest.param(Scope(until=datetime(2026, 11, 22, 8, tzinfo=UTC)), id="until"),
    ],
)
def test_part_of_a_bucket_is_not_called_incomplete(scope: Scope, store_delivery: Evidence) -> None:
    evidence = replace(store_delivery, scope=scope)
    assert verdict(evidence).passed
    assert skipped(evidence)["completeness.lost"] == "only a part of the bucket is looked at"


def test_ignored_prefix_is_left_out_and_the_rest_is_complete(store_delivery: Evidence, made: SimpleNamespace) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    bucket = store_delivery.bucket.changed({"athena-results/1.csv": made.stored(b"x")})
    evidence = replace(store_delivery, bucket=bucket, scope=Scope(ignore=("athena-results/",)))
    assert (verdict(evidence).passed, skipped(evidence)) == (True, {})


def test_footers_alone_skip_what_needs_rows(store_delivery: Evidence) -> None:
    evidence = replace(store_delivery, scope=Scope(depth="footers"))
    assert verdict(evidence).passed
    found = statuses(evidence)
    assert {found[name] for name in ("parquet.columns", "parquet.type", "parquet.codec", "key.prefix")} == {Status.PASS}
    assert {found[name] for name in ("layout.partition", "values.serde", "completeness.digest")} == {Status.SKIP}


def test_rows_of_other_runs_are_invented_only_where_every_run_is_given(store_delivery: Evidence) -> None:
    stranger = replace(
        store_delivery.manifests[0], run_id="another", accepted_sequences=(), records=0, accepted=0, partitions={},
        partition_digests={}, expected_quarantine={}, digest=replace(store_delivery.manifests[0].digest, items=0, value=0),
    )  # fmt: skip
    every = verdict(replace(store_delivery, manifests=(stranger,)))
    assert (every.numbers.invented, every.findings.counts["completeness.invented"]) == (108, 108)
    some = verdict(replace(store_delivery, manifests=(stranger,), scope=Scope(every_run=False)))
    assert (some.numbers.invented, list(some.findings)) == (0, [])


def test_stream_fed_by_others_is_verified_without_manifests(store_delivery: Evidence) -> None:
    evidence = replace(store_delivery, manifests=())
    assert verdict(evidence).passed
    assert {name for name, why in skipped(evidence).items() if why == "no manifest says what was sent"} == {
        "completeness.lost", "completeness.duplicated", "completeness.invented", "completeness.partitions",
        "completeness.digest", "quarantine.unexpected", "quarantine.missing", "quarantine.reason",
    }  # fmt: skip


def test_bucket_that_does_not_answer_is_a_finding_of_the_destination(store_delivery: Evidence) -> None:
    found = verdict(replace(store_delivery, bucket_answers=False))
    assert {finding.check for finding in found.findings} == {"configuration.destination"}


@pytest.mark.parametrize(
    ("strict", "findings"), [pytest.param(False, 0, id="reported"), pytest.param(True, 12, id="strict")]
)
def test_late_object_is_a_finding_only_when_asked(strict: bool, findings: int, store_delivery: Evidence) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    late = {
        key: replace(stored, modified_at=stored.modified_at + timedelta(minutes=10))
        for key, stored in store_delivery.bucket.objects.items()
    }
    bucket = store_delivery.bucket.changed(late)
    found = verdict(replace(store_delivery, bucket=bucket, strict_freshness=strict))
    assert found.findings.counts["buffering.age"] == findings


def test_possible_duplicates_are_allowed_as_many_as_the_producer_knows(store_delivery: Evidence) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    first = min(key for key in store_delivery.bucket.objects if key.startswith("store-data/"))
    copy = first.replace("-000000000001.", "-00000000aaaa.")
    bucket = store_delivery.bucket.changed({copy: store_delivery.bucket.objects[first]})
    for allowed, findings in ((7, 8), (8, 0)):
        manifest = replace(store_delivery.manifests[0], possible_duplicates=allowed)
        found = verdict(replace(store_delivery, bucket=bucket, manifests=(manifest,)))
        assert (found.numbers.duplicated, found.findings.counts["completeness.duplicated"]) == (8, findings)


def test_changed_row_is_named_beside_a_deleted_object(store_delivery: Evidence) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    keys = sorted(key for key in store_delivery.bucket.objects if key.startswith("store-data/"))
    manifest = store_delivery.manifests[0]
    path = next(path for path in manifest.partition_digests if path in keys[5])
    wrong = {**manifest.partition_digests, path: manifest.partition_digests[path] + 1}
    evidence = replace(
        store_delivery, bucket=store_delivery.bucket.changed({keys[0]: None}), manifests=(replace(manifest, partition_digests=wrong),)
    )  # fmt: skip
    found = verdict(evidence)
    assert [finding.location for finding in found.findings.of("completeness.digest")] == [f"s3://si-bucket/{keys[5]}"]
    assert f"s3://si-bucket/{keys[0].rpartition('/')[0]}/" in {
        finding.location for finding in found.findings.of("completeness.lost")
    }


def test_rows_sent_for_another_partition_are_found_by_count(store_delivery: Evidence) -> None:
    manifest = store_delivery.manifests[0]
    first, second, *_ = manifest.partitions
    shifted = {**manifest.partitions, first: manifest.partitions[first] + 1, second: manifest.partitions[second] - 1}
    found = verdict(replace(store_delivery, manifests=(replace(manifest, partitions=shifted, partition_digests={}),)))
    assert found.findings.counts == {"completeness.partitions": 2}


def test_raw_lines_are_compared_by_digest_when_the_log_is_gone(log_delivery: Evidence, tmp_path: Path) -> None:
    manifest = log_delivery.manifests[0]
    gone = tuple(replace(source, path=str(tmp_path / "gone.log")) for source in manifest.sources)
    evidence = replace(log_delivery, manifests=(replace(manifest, sources=gone),))
    assert (verdict(evidence).passed, "completeness.digest" in skipped(evidence)) == (True, False)
    assert manifest.digest is not None
    wrong = replace(manifest, sources=gone, digest=replace(manifest.digest, value=1))
    assert verdict(replace(log_delivery, manifests=(wrong,))).findings.counts == {"completeness.digest": 1}


def test_query_that_needs_jq_is_evaluated_by_jq(store_delivery: Evidence) -> None:
    partitioning = store_delivery.declared.partitioning
    assert partitioning is not None
    query = partitioning.query.replace(":.store_id,", ':(.store_id|ltrimstr("x")),')
    declared = replace(store_delivery.declared, partitioning=replace(partitioning, query=query, keys={}))
    found = verdict(replace(store_delivery, declared=declared, stream=None))
    assert found.findings.counts == {"configuration.stream": 1}
    assert next(result for result in found.results if result.check == "layout.partition").status is Status.PASS
    lower = replace(
        declared, partitioning=replace(partitioning, query=query.replace('ltrimstr("x")', "ascii_downcase"), keys={})
    )
    assert verdict(replace(store_delivery, declared=lower, stream=None)).findings.counts["layout.partition"] == 108


def test_query_that_reads_a_field_without_a_column_is_skipped(store_delivery: Evidence) -> None:
    partitioning = store_delivery.declared.partitioning
    assert partitioning is not None
    query = partitioning.query.replace(":.store_id,", ":.gone,")
    declared = replace(store_delivery.declared, partitioning=replace(partitioning, query=query, keys={}))
    evidence = replace(store_delivery, declared=declared, stream=None)
    assert skipped(evidence)["layout.partition"] == "the query reads gone that no column keeps"


def test_query_that_is_no_jq_program_is_skipped_not_a_crash(store_delivery: Evidence) -> None:
    partitioning = store_delivery.declared.partitioning
    assert partitioning is not None
    query = partitioning.query.replace(":.store_id,", ":(.store_id|nope),")
    declared = replace(store_delivery.declared, partitioning=replace(partitioning, query=query, keys={}))
    evidence = replace(store_delivery, declared=declared, stream=None)
    assert skipped(evidence)["layout.partition"].startswith("the query is no jq program: ")
