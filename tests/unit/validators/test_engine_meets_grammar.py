"""What the engine writes, the validators read: keys made by local_firehose, taken apart by a grammar that was written apart from it."""

import uuid
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from firehose_spec.error_documents import ERROR_OUTPUT_TYPES
from local_firehose.object_key import evaluate_error_prefix, evaluate_prefix, object_name
from validators.object_key import KeyGrammar

LITERAL = st.text("abcXYZ019-_=/.", max_size=12)
TIME = st.sampled_from(
    [
        "yyyy/MM/dd/HH",
        "yyyy-MM-dd'T'HH",
        "'y='yyyy",
        "yy/M/d",
        "D",
        "MMM",
        "EEEE",
        "hh a",
        "mm:ss",
        "u",
        "QQQ",
        "w/YYYY",
        "e",
        "kk",
    ]
).map(lambda pattern: f"!{{timestamp:{pattern}}}")
KEY = st.sampled_from(["store", "day"]).map(lambda name: f"!{{partitionKeyFromQuery:{name}}}")
RANDOM = st.just("!{firehose:random-string}")
PREFIX = st.lists(st.one_of(LITERAL, TIME, KEY, RANDOM), max_size=6).map("".join)
ERROR_PREFIX = st.one_of(
    LITERAL,
    st.lists(st.one_of(LITERAL, TIME), max_size=3).map(lambda parts: "".join(parts) + "!{firehose:error-output-type}/"),
)
EARLIEST, LATEST = datetime.fromisoformat("2020-01-01T00:00:00"), datetime.fromisoformat("2035-01-01T00:00:00")
MOMENT = st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))
VALUE = st.text("abc019-_ ", min_size=1, max_size=6)


def random_string() -> str:
    return "aB3dE6gH9jK"


@settings(deadline=None)
@given(
    prefix=PREFIX,
    at=MOMENT,
    store=VALUE,
    day=VALUE,
    version=st.integers(1, 999),
    extension=st.sampled_from(["", ".parquet", ".gz"]),
)
def test_key_of_a_delivered_object_is_data(
    prefix: str, at: datetime, store: str, day: str, version: int, extension: str
) -> None:
    folder = evaluate_prefix(
        prefix, arrived_at=at, partition_keys={"store": store, "day": day}, random_string=random_string
    )
    name = object_name("orders", version, at, uuid.uuid4(), extension)
    parsed = KeyGrammar("orders", prefix, "failed/", extension).parse(folder + name)
    assert (parsed.kind, parsed.folder, parsed.version, parsed.extension) == ("data", folder, version, extension)
    assert parsed.named_at == at.replace(tzinfo=None)


@settings(deadline=None)
@given(prefix=LITERAL, error_prefix=ERROR_PREFIX, at=MOMENT, error_type=st.sampled_from(ERROR_OUTPUT_TYPES))
def test_key_of_an_error_object_is_an_error(prefix: str, error_prefix: str, at: datetime, error_type: str) -> None:
    folder = evaluate_error_prefix(
        error_prefix, prefix, arrived_at=at, error_output_type=error_type, random_string=random_string
    )
    parsed = KeyGrammar("orders", prefix, error_prefix, "").parse(
        folder + object_name("orders", 1, at, uuid.uuid4(), "")
    )
    assert (parsed.kind, parsed.error_type) == ("error", error_type)
