import re

import pytest

from local_firehose.clock import Clock
from local_firehose.errors import AdminRequestError
from local_firehose.fault_injection import FaultInjection, PutFault
from local_firehose.faults import FaultScript, Quotas, read_faults


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "the document is []; give an object", id="list"),
        pytest.param(
            {"put": []},
            "the document.put is not known; known: puts, s3, quotas, active_partitions, seed",
            id="unknown-member",
        ),
        pytest.param({"puts": {}}, "the document.puts is {}; give a list", id="puts-not-a-list"),
        pytest.param({"puts": [{"times": 3}]}, "puts[0] does nothing; give it fail_entries", id="rule-without-effect"),
        pytest.param(
            {"puts": [{"fail_entries": [0, 500]}]},
            "puts[0].fail_entries[1] is 500; give the place of an entry, 0 to 499",
            id="entry",
        ),
        pytest.param(
            {"puts": [{"fail_share": 1.5}]}, "puts[0].fail_share is 1.5; give a number from 0 to 1", id="share"
        ),
        pytest.param(
            {"puts": [{"fail_call": "Boom"}]},
            "puts[0].fail_call is 'Boom'; give one of ServiceUnavailableException, InternalFailure, TimeOut",
            id="call-error",
        ),
        pytest.param({"s3": [{"code": 3}]}, "s3[0].code is 3; give one of InternalError", id="s3-code"),
        pytest.param({"s3": [{"stream": 3}]}, "s3[0].stream is 3; give a string", id="stream"),
        pytest.param({"puts": [{"fail_share": 1, "stored": 1}]}, "puts[0].stored is 1; give true or false", id="truth"),
        pytest.param({"quotas": {"records": -1}}, "quotas.records is -1; give a whole number from 0", id="quota"),
    ],
)
def test_a_wrong_script_is_refused_with_place_and_remedy(document: object, message: str) -> None:
    with pytest.raises(AdminRequestError, match=re.escape(message)):
        read_faults(document)


@pytest.mark.parametrize("document", [pytest.param(None, id="none"), pytest.param({}, id="empty")])
def test_no_script_means_no_faults(document: object) -> None:
    assert not read_faults(document)


def test_quotas_are_published_ones_when_just_switched_on() -> None:
    assert read_faults({"quotas": True}).quotas == Quotas()
    assert read_faults({"quotas": False}).quotas is None


def injection(script: FaultScript, *, clock: Clock | None = None) -> FaultInjection:
    return FaultInjection(script, clock=clock or Clock(real_ms=lambda: 0), since_ms=0)


def test_entries_fail_by_place_within_the_call() -> None:
    found = injection(read_faults({"puts": [{"fail_entries": [0, 3, 9]}]}))
    assert found.on_put(operation="PutRecordBatch", stream="s", count=4) == PutFault(
        {0: "ServiceUnavailableException", 3: "ServiceUnavailableException"}, None, False, 0.0
    )


def test_a_share_fails_about_that_share_and_the_same_ones_for_a_seed() -> None:
    script = read_faults({"puts": [{"fail_share": 0.25, "error": "InternalFailure"}], "seed": 7})
    first = injection(script).on_put(operation="PutRecordBatch", stream="s", count=400)
    again = injection(script).on_put(operation="PutRecordBatch", stream="s", count=400)
    assert first == again
    assert first is not None
    assert 60 < len(first.entries) < 140
    assert set(first.entries.values()) == {"InternalFailure"}


def test_scope_is_stream_operation_times_and_seconds() -> None:
    clock = Clock(real_ms=lambda: 0)
    script = read_faults(
        {"puts": [{"stream": "a", "operation": "PutRecord", "fail_call": "TimeOut", "times": 2, "for_seconds": 10}]}
    )
    found = injection(script, clock=clock)
    assert found.on_put(operation="PutRecord", stream="b", count=1) is None
    assert found.on_put(operation="PutRecordBatch", stream="a", count=1) is None
    assert found.on_put(operation="PutRecord", stream="a", count=1) == PutFault({}, "TimeOut", False, 0.0)
    clock.advance(11)
    assert found.on_put(operation="PutRecord", stream="a", count=1) is None
    late = injection(script)
    assert [late.on_put(operation="PutRecord", stream="a", count=1) is None for _ in range(3)] == [False, False, True]


def test_s3_fails_for_the_time_given() -> None:
    clock = Clock(real_ms=lambda: 0)
    found = injection(read_faults({"s3": [{"code": "S3.AccessDenied", "for_seconds": 30}]}), clock=clock)
    assert found.on_object(stream="any") == "S3.AccessDenied"
    clock.advance(31)
    assert found.on_object(stream="any") is None
