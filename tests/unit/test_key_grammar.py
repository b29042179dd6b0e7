"""What the engine writes, the validators parse: two grammars that were written apart, held to each other."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from local_firehose.object_key import compile_error_prefix, compile_prefix, object_name
from local_firehose.time_zones import accepted_names, time_zone
from validators.object_key import KeyGrammar

STREAM_NAMES = st.text(alphabet="abcABC019_.-", min_size=1, max_size=12)
ZONES = st.sampled_from(sorted(accepted_names()))
INSTANTS = st.integers(min_value=0, max_value=40 * 365 * 86400).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
IDS = st.uuids().map(lambda identifier: UUID(str(identifier)))
EXTENSIONS = st.sampled_from(["", ".gz", ".parquet", ".custom.log", ".a-b_c!*'()"])
LITERALS = st.text(alphabet="abz019=-_.!{/", max_size=6).filter(lambda text: "!{" not in text)
PATTERNS = st.sampled_from(
    ["yyyy", "MM", "dd", "HH", "yyyy/MM/dd/HH/", "yyyy-MM-dd'T'HH", "'year='yyyy", "yyyyMMddHHmmss"]
)
VALUES = st.text(alphabet="abcXYZ019-_", min_size=1, max_size=6)
ERROR_TYPES = st.sampled_from(
    ["processing-failed", "metadata-extraction-failed", "format-conversion-failed", "activePartitionExceeded"]
)


@st.composite
def prefixes(draw: st.DrawFn, *, keys: bool) -> str:
    """Expressions between literals; a literal that starts with a slash parts two expressions, so that a key reads one way only."""
    expressions = [PATTERNS.map(lambda pattern: f"!{{timestamp:{pattern}}}"), st.just("!{firehose:random-string}")]
    if keys:
        expressions.append(st.sampled_from(["!{partitionKeyFromQuery:k}", "!{partitionKeyFromLambda:l}"]))
    parts = draw(st.lists(st.one_of(expressions), max_size=4))
    return draw(LITERALS) + "".join(part + "/" + draw(LITERALS) for part in parts)


@given(STREAM_NAMES, prefixes(keys=True), ZONES, INSTANTS, IDS, EXTENSIONS, st.integers(1, 999), VALUES, VALUES)
def test_data_key(name, prefix, zone, instant, identifier, extension, version, query_value, lambda_value) -> None:
    arrived_at = instant.astimezone(time_zone(zone))
    folder = compile_prefix(prefix).evaluate(
        arrived_at=arrived_at,
        partition_keys={"k": query_value},
        lambda_keys={"l": lambda_value},
        random_string=lambda: "Abcdefghi12",
    )
    key = folder + object_name(name, version, arrived_at, identifier, extension)
    parsed = KeyGrammar(name, prefix, "e/", extension).parse(key)
    assert (parsed.kind, parsed.version, parsed.named_at) == (
        "data",
        version,
        arrived_at.replace(tzinfo=None, microsecond=0),
    ), parsed
    expected = {"k": query_value, "l": lambda_value}
    assert parsed.keys == {name: expected[name] for name in parsed.keys}
    assert ("k" in parsed.keys) == ("Query:k" in prefix)


@given(STREAM_NAMES, LITERALS, prefixes(keys=False), st.booleans(), ZONES, INSTANTS, IDS, ERROR_TYPES)
def test_error_key(name, prefix, error_prefix, typed, zone, instant, identifier, error_type) -> None:
    if "!{" in error_prefix or typed:
        error_prefix += "!{firehose:error-output-type}/"
    assume(prefix != error_prefix)
    arrived_at = instant.astimezone(time_zone(zone))
    folder = compile_error_prefix(error_prefix, prefix).evaluate(
        arrived_at=arrived_at, random_string=lambda: "Abcdefghi12", error_output_type=error_type
    )
    key = folder + object_name(name, 1, arrived_at, identifier, "")
    parsed = KeyGrammar(name, prefix, error_prefix, ".gz").parse(key)
    assert (parsed.kind, parsed.named_at) == ("error", arrived_at.replace(tzinfo=None, microsecond=0)), parsed
