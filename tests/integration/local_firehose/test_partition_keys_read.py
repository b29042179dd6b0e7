"""Keys are the same whether records are read for them, or for conversion beforehand."""

import json
from collections.abc import Iterator

import pyarrow as pa
import pytest

from firehose_spec.glue_types import Column, parse
from local_firehose.conversion import converter_for
from local_firehose.jq import JqPool
from local_firehose.partition_keys import Extracted, PartitionKeyExtractor
from local_firehose.stream_config import Conversion, SchemaReference

COLUMNS = tuple(Column(name, parse(kind)) for name, kind in {"s": "string", "t": "timestamp", "n": "int"}.items())
CONVERSION = Conversion(
    SchemaReference("r", "c", "d", "t", "us-east-1", "LATEST"), "OpenXJsonSerDe", {}, "ParquetSerDe", {}
)
ODD = [
    b"",
    b"not json",
    b'{"s":"S1","t":5}{"s":"S2","t":6}',
    b'{"s":null,"t":5,"n":1}',
    b'{"s":"","t":5,"n":1}',
    b'{"S":"S1","t":5,"n":1}',
    b'{"s":"S1","t":-1,"n":1}',
    b'{"s":"S1","t":1e20,"n":1}',
    b'{"s":"S1","t":"5","n":1}',
    b'{"s":"S1","t":NaN,"n":1}',
    b'{"s":"a\\u0022b","t":5,"n":1}',
    b'{"s":7,"t":5.5,"n":1}',
    b'{"s":true,"t":-0,"n":1}',
    b'{"s":"S1","s":"S2","t":5,"n":1}',
    b'{"s":["S1"],"t":5,"n":1}',
    '{"s":"é","t":253402300800,"n":1}'.encode(),
]
QUERIES = {
    "paths-and-times": '{s: .s, day: .t|strftime("%d"), hour: .t|strftime("%H")}',
    "a-slice": "{s: .s[0:1]}",
    "nothing-known-of-it": "{s: (def f: .s; f)}",
}


@pytest.fixture(scope="module")
def jq() -> Iterator[JqPool]:
    with JqPool(workers=1) as pool:
        yield pool


def outcomes(found: Extracted, count: int) -> list[tuple[str, ...] | str]:
    return [
        found.distinct[found.codes[place]] if found.codes[place] >= 0 else found.failures[place]
        for place in range(count)
    ]


@pytest.mark.parametrize("query", [pytest.param(query, id=name) for name, query in QUERIES.items()])
def test_reading_ahead_changes_no_key_and_no_failure(jq: JqPool, query: str) -> None:
    plain = [
        json.dumps({"s": f"S{at % 7}", "t": at * 977, "n": at}, separators=(",", ":")).encode() for at in range(400)
    ]
    records = [
        record for at, record in enumerate(plain) for record in ([record, ODD[at // 25]] if at % 25 == 0 else [record])
    ]
    array = pa.array(records, type=pa.binary())
    ahead = PartitionKeyExtractor(query, jq=jq)
    read = converter_for(CONVERSION, COLUMNS).begin(array, ahead.leaf_keys).leaves
    assert len(read.places) >= (len(plain) if ahead.leaf_keys else 0)
    expected = outcomes(PartitionKeyExtractor(query, jq=jq).extract(records), len(records))
    assert outcomes(ahead.extract_read(array, read), len(records)) == expected
    assert outcomes(ahead.extract_read(array, read), len(records)) == expected  # from memory
