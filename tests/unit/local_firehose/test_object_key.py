from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.errors import PrefixExpressionError
from local_firehose.object_key import (
    compile_error_prefix,
    compile_prefix,
    evaluate_prefix,
    extension_of,
    new_random_string,
    object_name,
)
from local_firehose.prefix_expressions import Expression, parse_prefix
from local_firehose.time_zones import time_zone

ARRIVAL = datetime(2024, 5, 17, 3, 4, 5, 678_000, tzinfo=UTC)
ID = UUID("01234567-89ab-cdef-0123-456789abcdef")


def never() -> str:
    raise AssertionError("no random string is asked for")


def test_name_has_stream_version_second_and_uuid() -> None:
    name = object_name("SI-Firehose", 3, ARRIVAL, ID, ".parquet")
    assert name == "SI-Firehose-3-2024-05-17-03-04-05-01234567-89ab-cdef-0123-456789abcdef.parquet"


def test_name_follows_the_zone_of_the_instant() -> None:
    name = object_name("s", 1, ARRIVAL.astimezone(time_zone("Asia/Tokyo")), ID, "")
    assert name == "s-1-2024-05-17-12-04-05-01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("arguments", "extension"),
    [
        pytest.param(("UNCOMPRESSED", "", None), "", id="uncompressed"),
        pytest.param(("GZIP", "", None), ".gz", id="gzip"),
        pytest.param(("ZIP", "", None), ".zip", id="zip"),
        pytest.param(("Snappy", "", None), ".snappy", id="snappy"),
        pytest.param(("HADOOP_SNAPPY", "", None), ".snappy", id="hadoop-snappy"),
        pytest.param(("UNCOMPRESSED", "", "ParquetSerDe"), ".parquet", id="parquet"),
        pytest.param(("UNCOMPRESSED", "", "OrcSerDe"), ".orc", id="orc"),
        pytest.param(("GZIP", ".custom.log", None), ".custom.log", id="set-extension-replaces-the-format-s"),
        pytest.param(("UNCOMPRESSED", ".pq", "ParquetSerDe"), ".pq", id="set-extension-replaces-the-serializer-s"),
    ],
)
def test_extension(arguments: tuple, extension: str) -> None:
    assert extension_of(*arguments) == extension


def test_compiled_prefix_knows_what_it_depends_on() -> None:
    compiled = compile_prefix(
        "!{partitionKeyFromQuery:b}/!{partitionKeyFromLambda:c}/!{partitionKeyFromQuery:a}/!{partitionKeyFromQuery:b}/"
    )
    assert (compiled.query_keys, compiled.lambda_keys) == (("b", "a"), ("c",))
    assert (compiled.has_timestamp, compiled.has_random_string) == (False, False)
    dated = compile_prefix("!{firehose:random-string}/")
    assert (dated.has_timestamp, dated.has_random_string) == (False, True)
    assert compile_prefix("literal").has_timestamp


def test_missing_key_is_named_with_those_there_are() -> None:
    with pytest.raises(
        PrefixExpressionError, match=r"^!\{partitionKeyFromQuery:store\}: no such partition key; known: a, b$"
    ) as refusal:
        evaluate_prefix(
            "x/!{partitionKeyFromQuery:store}/",
            arrived_at=ARRIVAL,
            partition_keys={"a": "1", "b": "2"},
            random_string=never,
        )
    assert refusal.value.expression == "!{partitionKeyFromQuery:store}"


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        pytest.param("a!{b", "a '!{' opens no !{namespace:value}", id="stray"),
        pytest.param("!{a:b}", "unknown; known: ", id="namespace"),
        pytest.param("!{firehose:x}", "unknown; known: ", id="firehose-value"),
        pytest.param("!{timestamp:T}", "'T' is not a pattern letter", id="letter"),
    ],
)
def test_prefix_that_cannot_be_read_is_refused(prefix: str, message: str) -> None:
    with pytest.raises(PrefixExpressionError, match=message.replace("{", r"\{")):
        compile_prefix(prefix)


def test_error_type_has_no_place_in_an_ordinary_prefix() -> None:
    with pytest.raises(PrefixExpressionError, match="only an ErrorOutputPrefix knows the error output type"):
        compile_prefix("!{firehose:error-output-type}/").evaluate(arrived_at=ARRIVAL, random_string=never)


def test_error_prefix_never_falls_back_on_a_prefix_with_expressions() -> None:
    compiled = compile_error_prefix("", "a/!{timestamp:yyyy}/")
    folder = compiled.evaluate(arrived_at=ARRIVAL, random_string=never, error_output_type="processing-failed")
    assert folder == "processing-failed/2024/05/17/03/"


def test_random_string_has_eleven_letters_and_digits() -> None:
    strings = [new_random_string(Random(seed)) for seed in range(200)]
    assert all(len(text) == 11 and text.isascii() and text.isalnum() for text in strings)
    assert len(set(strings)) == 200
    assert new_random_string() != new_random_string()


LITERALS = st.text(max_size=8).filter(lambda text: "!{" not in text)
EXPRESSIONS = st.sampled_from(
    ["!{timestamp:yyyy}", "!{firehose:random-string}", "!{partitionKeyFromQuery:k}", "!{partitionKeyFromLambda:l}"]
)
VALUES = {
    "!{timestamp:yyyy}": "2024",
    "!{firehose:random-string}": "rrr",
    "!{partitionKeyFromQuery:k}": "K",
    "!{partitionKeyFromLambda:l}": "L",
}


@given(st.lists(st.tuples(LITERALS, EXPRESSIONS), min_size=1, max_size=6), LITERALS)
def test_literals_stay_and_expressions_are_replaced(parts: list[tuple[str, str]], tail: str) -> None:
    # a literal "!" before an expression is still a literal
    prefix = "".join(literal + expression for literal, expression in parts) + tail
    folder = evaluate_prefix(
        prefix,
        arrived_at=ARRIVAL,
        partition_keys={"k": "K"},
        lambda_keys={"l": "L"},
        random_string=lambda: "rrr",
    )
    assert folder == "".join(literal + VALUES[expression] for literal, expression in parts) + tail


@given(
    st.lists(st.one_of(LITERALS, st.builds(Expression, st.sampled_from(["a", "timestamp"]), st.just("x"))), max_size=8)
)
def test_parsing_undoes_writing(parts: list) -> None:
    text = "".join(map(str, parts))
    if "!{" in "".join(part for part in parts if isinstance(part, str)):
        return  # two literals side by side made an opening
    assert "".join(map(str, parse_prefix(text))) == text
    assert [part for part in parse_prefix(text) if isinstance(part, Expression)] == [
        part for part in parts if isinstance(part, Expression)
    ]
