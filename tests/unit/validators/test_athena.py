"""Athena's row checks conclude what the row scan concludes, over the same objects."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from validators.athena import AthenaQueries, AthenaRows
from validators.errors import UnreachableError
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.mutations import Mutation, specimen
from validators.mutations_of_rows import MUTATIONS
from validators.suite import Suite

# A file of another type or without a column fails in Athena before a check can look at it, or reads as null.
LOCAL_ONLY = {
    "retyped-text",
    "unannotated",
    "truncated",
    "emptied",
    "footer-damaged",
    "pages-damaged",
    "not-parquet",
    "upper-case",
}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[Callable[[Evidence], Any]]:
    path = Path(__file__).with_name("athena_stand_in.py")
    spec = importlib.util.spec_from_file_location("athena_stand_in", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = []

    def make(evidence: Evidence) -> Any:
        made.append(module.AthenaStandIn(evidence))
        return made[-1]

    yield make
    for each in made:
        each.close()


def queries(client: Any) -> AthenaQueries:
    return AthenaQueries(client, "conversion_db", "primary", None, sleep=lambda _: None)


def verdict_by_athena(evidence: Evidence, client: Any) -> Any:
    return Suite(evidence, athena=AthenaRows(queries(client), evidence)).run()


def test_intact_delivery_has_the_same_report(store_delivery: Evidence, stand_in: Callable[[Evidence], Any]) -> None:
    by_athena = verdict_by_athena(store_delivery, stand_in(store_delivery))
    by_scan = Suite(store_delivery).run()
    assert list(by_athena.findings) == []
    assert by_athena.numbers == by_scan.numbers
    assert [(result.check, result.status) for result in by_athena.results] == [
        (result.check, result.status) for result in by_scan.results
    ]


@pytest.mark.parametrize(
    "mutation", [each for each in MUTATIONS if each.id not in LOCAL_ONLY], ids=lambda each: each.id
)
def test_broken_delivery_is_named_as_by_the_row_scan(
    mutation: Mutation, store_delivery: Evidence, stand_in: Callable[[Evidence], Any]
) -> None:
    assert isinstance(store_delivery.bucket, MemoryBucket)
    broken = mutation.apply(specimen(store_delivery, store_delivery.bucket))
    assert broken is not None
    evidence = replace(store_delivery, bucket=store_delivery.bucket.changed(broken.changes))
    verdict = verdict_by_athena(evidence, stand_in(evidence))
    fired = {result.check for result in verdict.results if result.findings}
    assert mutation.expected <= fired
    assert fired <= mutation.expected | mutation.consequences | {"completeness.lost", "completeness.digest"}


def test_statements_name_the_values_of_injected_partitions(
    store_delivery: Evidence, stand_in: Callable[[Evidence], Any]
) -> None:
    client = stand_in(store_delivery)
    verdict_by_athena(store_delivery, client)
    assert client.statements
    assert all(""" where "p_store_id" in ('S001', 'S002', 'S003')""" in statement for statement in client.statements)


def test_cost_is_reported(store_delivery: Evidence, stand_in: Callable[[Evidence], Any]) -> None:
    verdict = verdict_by_athena(store_delivery, stand_in(store_delivery))
    statements = verdict.statistics["athena"]["statements"]
    assert verdict.statistics["athena"] == {
        "statements": statements,
        "scanned_bytes": 12_000_000 * statements,
        "dollars": round(12e6 * statements / 1e12 * 5, 6),
    }


@pytest.mark.parametrize("text", ["", "run-7-0\x1fS001", "größer"])
def test_signed_big_endian_of_reversed_bytes_is_the_digest_value(text: str) -> None:
    # What Trino computes: from_big_endian_64(reverse(substr(md5(to_utf8(text)), 1, 8))), plus 2^64 where negative.
    eight = hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8]
    signed = int.from_bytes(eight[::-1], "big", signed=True)
    assert signed + (2**64 if signed < 0 else 0) == int.from_bytes(eight, "little")


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    client = botocore.session.get_session().create_client(
        "athena", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        yield client, stubber


def test_all_pages_are_read_and_the_header_left_out(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    started = {
        "QueryString": "select 1",
        "QueryExecutionContext": {"Database": "conversion_db"},
        "WorkGroup": "primary",
    }
    stubber.add_response("start_query_execution", {"QueryExecutionId": "q"}, started)
    for state in ("QUEUED", "RUNNING", "SUCCEEDED"):
        stubber.add_response(
            "get_query_execution", {"QueryExecution": {"Status": {"State": state}}}, {"QueryExecutionId": "q"}
        )
    first = {
        "ResultSet": {"Rows": [{"Data": [{"VarCharValue": "name"}]}, {"Data": [{"VarCharValue": "a"}]}]},
        "NextToken": "t",
    }
    stubber.add_response("get_query_results", first, {"QueryExecutionId": "q", "MaxResults": 1000})
    second = {"ResultSet": {"Rows": [{"Data": [{}]}]}}
    stubber.add_response("get_query_results", second, {"QueryExecutionId": "q", "MaxResults": 1000, "NextToken": "t"})
    assert list(queries(client).rows("select 1")) == [["a"], [None]]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_failed_statement_says_why(stubbed: tuple[Any, Stubber], state: str) -> None:
    client, stubber = stubbed
    stubber.add_response("start_query_execution", {"QueryExecutionId": "q"})
    status = {"State": state, "StateChangeReason": "SYNTAX_ERROR: line 1"}
    stubber.add_response("get_query_execution", {"QueryExecution": {"Status": status}})
    with pytest.raises(UnreachableError, match=f"Athena query q {state}: SYNTAX_ERROR: line 1"):
        list(queries(client).rows("select"))


def test_refused_call_names_the_workgroup(stubbed: tuple[Any, Stubber]) -> None:
    client, stubber = stubbed
    stubber.add_client_error("start_query_execution", "InvalidRequestException", "WorkGroup is not found.")
    with pytest.raises(UnreachableError, match=r"Athena workgroup primary: .*WorkGroup is not found"):
        list(queries(client).rows("select 1"))
