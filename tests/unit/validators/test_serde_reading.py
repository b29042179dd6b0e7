import json

import pytest

from firehose_spec.glue_types import Column, parse
from validators.serde_reading import ReasonJudge

COLUMNS = {
    name: Column(name, parse(kind))
    for name, kind in {"s": "string", "n": "int", "x": "double", "b": "boolean", "t": "timestamp"}.items()
}
EXTRACTION, CONVERSION = "metadata-extraction-failed", "format-conversion-failed"


def judge(deserializer: str = "OpenXJsonSerDe") -> ReasonJudge:
    return ReasonJudge(query="{k:.s}", columns=COLUMNS, deserializer=deserializer)


@pytest.mark.parametrize(
    ("record", "error_type", "verdict"),
    [
        pytest.param(b"not json", EXTRACTION, "right", id="not-json"),
        pytest.param(b'{"s":"a"}{"s":"b"}', EXTRACTION, "right", id="two-documents"),
        pytest.param(b'{"n":1}', EXTRACTION, "right", id="no-key"),
        pytest.param(b'{"s":""}', EXTRACTION, "right", id="empty-key"),
        pytest.param(b'{"s":{"x":1}}', EXTRACTION, "right", id="object-as-key"),
        pytest.param(b'{"s":"a"}', EXTRACTION, "wrong", id="good-key"),
        pytest.param(b'{"s":7}', EXTRACTION, "wrong", id="number-as-key-is-text"),
        pytest.param(b'{"s":"a","n":"many"}', CONVERSION, "right", id="text-in-int"),
        pytest.param(b'{"s":"a","n":1.5}', CONVERSION, "right", id="fraction-in-int"),
        pytest.param(b'{"s":"a","n":2147483648}', CONVERSION, "right", id="int-overflow"),
        pytest.param(b'{"s":"a","x":"oops"}', CONVERSION, "right", id="text-in-double"),
        pytest.param(b'{"s":"a","b":"maybe"}', CONVERSION, "right", id="text-in-boolean"),
        pytest.param(b'{"s":"a","t":"2026-05-21T14:00:00+00:00"}', CONVERSION, "right", id="offset-in-timestamp"),
        pytest.param(
            b'{"s":"a","N":"20","x":"1e3","b":"TRUE","t":"2026-9-7 1:2:3"}',
            CONVERSION,
            "wrong",
            id="numeric-strings-fit",
        ),
        pytest.param(b'{"s":"a","extra":{}}', CONVERSION, "wrong", id="extra-fields-fit"),
        pytest.param(b'{"n":"many"}', CONVERSION, "wrong", id="fails-before-conversion"),
        pytest.param(b'{"s":"a","n":1,"N":2}', CONVERSION, "unknown", id="duplicate-keys"),
        pytest.param(b"x", "processing-failed", "unknown", id="lambda"),
    ],
)
def test_verdict_on_a_record(record: bytes, error_type: str, verdict: str) -> None:
    assert judge().judge(record, error_type)[0] == verdict


def test_hive_serde_takes_no_numeric_strings() -> None:
    record = json.dumps({"s": "a", "n": "20"}).encode()
    assert judge("HiveJsonSerDe").judge(record, CONVERSION)[0] == "right"
