"""Keys out of records: what libjq says, whichever way it is asked."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firehose_spec.error_documents import NON_JSON_MESSAGE, NULL_KEY_MESSAGE
from local_firehose.jq import JqPool
from local_firehose.jq_leaves import leaves
from local_firehose.partition_keys import Extracted, PartitionKeyExtractor, extraction_failure
from local_firehose.records import Failure, Record

STORE_QUERY = (
    '{store_id: .store_id, year: .event_timestamp|strftime("%Y"), month: .event_timestamp|strftime("%m"), '
    'day: .event_timestamp|strftime("%d"), hour: .event_timestamp|strftime("%H")}'
)


@pytest.fixture(scope="module")
def jq() -> Iterator[JqPool]:
    with JqPool(workers=1) as pool:
        yield pool


def outcomes(found: Extracted) -> list[tuple[str, ...] | str]:
    return [found.failures[at] if code < 0 else found.distinct[code] for at, code in enumerate(found.codes.tolist())]


def asked_directly(jq: JqPool, query: str, names: tuple[str, ...], records: list[bytes]) -> list[tuple[str, ...] | str]:
    found = jq.keys(query, names, records)
    return outcomes(Extracted(names, found.codes, found.distinct, found.failures))


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        pytest.param(b'{"s":"S1"}', ("S1",), id="string"),
        pytest.param(b'{"s":"S1"}\n', ("S1",), id="newline-after-it"),
        pytest.param(b'{"s":"S1","s":"S2"}', ("S2",), id="duplicate-key-last-wins"),
        pytest.param(b'{"\\u0073":"S1"}', ("S1",), id="escaped-name"),
        pytest.param(b'{"s":"a/b"}', ("a/b",), id="slash-kept"),
        pytest.param('{"s":"é\\ud83d\\ude00"}'.encode(), ("é😀",), id="beyond-ascii"),
        pytest.param(b'{"s":7}', ("7",), id="integer"),
        pytest.param(b'{"s":7.50}', ("7.5",), id="float"),
        pytest.param(b'{"s":1e17}', ("1e+17",), id="float-as-jq-prints-it"),
        pytest.param(b'{"s":false}', ("false",), id="boolean"),
        pytest.param(b'{"s":null}', NULL_KEY_MESSAGE, id="null"),
        pytest.param(b"{}", NULL_KEY_MESSAGE, id="missing"),
        pytest.param(b'{"s":""}', NULL_KEY_MESSAGE, id="empty"),
        pytest.param(
            b'{"s":{}}', "partition key s is an object; it must be a string, a number or a boolean", id="object"
        ),
        pytest.param(
            b'{"s":[1]}', "partition key s is an array; it must be a string, a number or a boolean", id="array"
        ),
        pytest.param(b"", NON_JSON_MESSAGE, id="no-bytes"),
        pytest.param(b" \n", NON_JSON_MESSAGE, id="blank"),
        pytest.param(b'{"s":"S1"', NON_JSON_MESSAGE, id="cut-short"),
        pytest.param(b'{"s":"S1",}', NON_JSON_MESSAGE, id="comma-too-many"),
        pytest.param(b'{"s":"S1"}{"s":"S2"}', NON_JSON_MESSAGE, id="two-documents"),
        pytest.param(b'{"s":"S1"} x', NON_JSON_MESSAGE, id="rest-after-the-document"),
        pytest.param(b'{"s":"S1","x":' + b"[" * 300 + b"]" * 300 + b"}", NON_JSON_MESSAGE, id="nested-too-deep"),
        pytest.param(b'"text"', 'Cannot index string with string "s"', id="not-an-object"),
    ],
)
def test_record_gives_its_key_or_the_reason(record: bytes, outcome: tuple[str, ...] | str, jq: JqPool) -> None:
    assert outcomes(PartitionKeyExtractor("{s: .s}", jq=jq).extract([record])) == [outcome]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("{s: .s}, {s: .s}", "the query gave 2 results for one record; it must give one object", id="two"),
        pytest.param("empty", NULL_KEY_MESSAGE, id="none"),
        pytest.param(".s", "the query gave a string; it must give one object", id="string"),
        pytest.param("null", NULL_KEY_MESSAGE, id="null"),
        pytest.param('error("no store")', "no store", id="error"),
        pytest.param("error({code: 1})", '(not a string): {"code":1}', id="error-that-is-no-string"),
    ],
)
def test_query_that_gives_no_single_object_fails_the_record(query: str, message: str, jq: JqPool) -> None:
    assert outcomes(PartitionKeyExtractor(query, jq=jq, names=("s",)).extract([b'{"s":"S1"}'])) == [message]


def test_batch_is_dictionary_encoded_without_unused_entries(jq: JqPool) -> None:
    extractor = PartitionKeyExtractor(STORE_QUERY, jq=jq)
    records = [
        json.dumps({"store_id": f"S{n % 2}", "event_timestamp": 1_700_000_000 + 3600 * (n % 3)}).encode()
        for n in range(12)
    ]
    extractor.extract(records)
    again = extractor.extract([records[5], b"{", records[5], records[0]])
    assert again.codes.tolist() == [0, -1, 0, 1]
    assert again.distinct == [("S1", "2023", "11", "15", "00"), ("S0", "2023", "11", "14", "22")]
    assert again.failures == {1: NON_JSON_MESSAGE}
    assert again.mapping(1) == {"store_id": "S0", "year": "2023", "month": "11", "day": "14", "hour": "22"}


def test_failure_carries_the_code_of_metadata_extraction() -> None:
    record = Record(1, 2, b"{}", b"{}")
    assert extraction_failure(record, NULL_KEY_MESSAGE) == Failure(
        record, "metadata-extraction-failed", "DynamicPartitioning.MetadataExtractionFailed", NULL_KEY_MESSAGE
    )


PATHS = st.sampled_from([".a", ".b", ".a.c", ".b.c.d", '."a"', ".b?", ".x"])
FORMATS = st.sampled_from(["%Y", "%m", "%d-%H", "%H:%M", "%F", "%T", "%j", "%y%%", "%B %A", "%s", "%e", "%I%p", "lit"])


def values(paths: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    timed = st.builds('({0}|strftime("{1}"))'.format, paths, FORMATS)
    scaled = st.builds('({0}/1000|strftime("{1}"))'.format, paths, FORMATS)
    floored = st.builds('({0}/1000|floor|strftime("{1}"))'.format, paths, FORMATS)
    sliced = st.builds("{0}[{1}:{2}]".format, paths, st.sampled_from(["", "0", "1", "2"]), st.integers(1, 5))
    plain = st.one_of(paths, timed, scaled, floored, sliced, st.sampled_from(['"k"', "1.50", "true", "null", "empty"]))
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds("({0}|tostring)".format, inner),
            st.builds("({0}|ascii_downcase)".format, inner),
            st.builds("({0} // {1})".format, inner, inner),
            st.builds("({0} + {1})".format, inner, inner),
            st.builds("({0} == {1} or {0} > {1})".format, inner, inner),
            st.builds("(if {0} then {1} else {2} end)".format, inner, inner, inner),
            st.builds("({0} as $v | $v)".format, inner),
            st.builds('"\\({0})-x"'.format, inner),
            st.builds('(try {0} catch "caught")'.format, inner),
            st.builds("([{0}, {1}]|length)".format, inner, inner),
        ),
        max_leaves=4,
    )


QUERIES = st.builds("{{k: {0}, l: {1}}}".format, values(PATHS), values(PATHS))
NUMBERS = st.one_of(
    st.integers(-2, 3),
    st.integers(0, 4_000_000_000),
    st.integers(-(10**20), 10**20),
    st.sampled_from(
        ["-0", "-0.0", "1.0", "1e2", "1E400", "1.5", "253402300799", "253402300800", "1715900123456", "true"]
    ),
).map(str)
TEXTS = st.one_of(
    st.text(max_size=4).map(json.dumps),
    st.sampled_from(['"2024-05-17T03:00:00Z"', '"\\ud800"', '"\\u0041é"', '"0"', '"1"', '"true"', '""']),
)
VALUES = st.recursive(
    st.one_of(NUMBERS, TEXTS, st.sampled_from(["null", "true", "false", "nan", "tru", "[]", "[1]", "{}"])),
    lambda inner: st.builds('{{"c":{0}}}'.format, inner) | st.builds('{{"d":{0}, "c":{1}}}'.format, inner, inner),
    max_leaves=3,
)
RECORDS = st.one_of(
    st.builds('{{"a":{0},"b":{1}}}'.format, VALUES, VALUES),
    st.builds('{{"b":{1},"\\u0061":{0},"a":{1},"zz":{0}}}'.format, VALUES, VALUES),
    st.builds('{{"a":{0},}}'.format, VALUES),
    st.sampled_from(["", "[]", "null", "{}{}", '{"a":1} ', "\ufeff{}", '{"a":"x"', '"a"', "-0"]),
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, records=st.lists(RECORDS, min_size=1, max_size=12))
def test_remembered_answers_are_those_that_libjq_gives_each_record(
    query: str, records: list[bytes], jq: JqPool
) -> None:
    extractor = PartitionKeyExtractor(query, jq=jq)
    expected = asked_directly(jq, query, extractor.names, records)
    assert outcomes(extractor.extract(records)) == expected
    assert outcomes(extractor.extract(records[::-1])) == expected[::-1]


def test_store_query_is_asked_once_an_hour_and_store(jq: JqPool) -> None:
    found = leaves(STORE_QUERY)
    assert found is not None
    assert [leaf.path for leaf in found] == [("store_id",), ("event_timestamp",)]
