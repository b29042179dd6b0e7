"""Records that are written by a template are cut at their values; no other record is."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.bulk_quotes import blocks_of
from local_firehose.bulk_split import Split, Splitter, joined
from local_firehose.bulk_template import template_of

SAMPLE = b'{"a":"x","n":12,"b":"y"}'


def split(sample: bytes, records: list[bytes | None], *, block_bytes: int = 1 << 20, skip: int = 0) -> Split:
    template = template_of(sample)
    assert template is not None
    array = pa.array(records, pa.binary())[skip:]
    splitter, left = Splitter(template), np.ones(len(array), np.bool_)
    blocks = list(blocks_of(array, block_bytes=block_bytes))
    quoted = [place for place, slot in enumerate(template.slots) if slot.is_string]
    return joined([splitter.split(block, left[block.at : block.at + len(block)], quoted) for block in blocks])


def rows(found: Split) -> dict[int, list[str]]:
    columns = [values.to_pylist() for values in found.values]
    return dict(zip(found.places.tolist(), map(list, zip(*columns, strict=True)), strict=True))


def test_values_are_what_lies_between() -> None:
    found = split(SAMPLE, [SAMPLE, b'{"a":"","n":-7.5,"b":"long text"}', '{"a":"é","n":null,"b":"😀"}'.encode()])
    assert rows(found) == {0: ["x", "12", "y"], 1: ["", "-7.5", "long text"], 2: ["é", "null", "😀"]}
    assert found.quoted[0].to_pylist() == ['"x"', '""', '"é"']


@pytest.mark.parametrize("block_bytes", [pytest.param(1, id="a-record-each"), pytest.param(60, id="a-few")])
def test_blocks_and_slices_do_not_matter(block_bytes: int) -> None:
    records: list[bytes | None] = [b'{"a":"%d","n":%d,"b":""}' % (at, at) for at in range(40)]
    assert rows(split(SAMPLE, records, block_bytes=block_bytes, skip=7)) == {
        at - 7: [str(at), str(at), ""] for at in range(7, 40)
    }


ODD = [
    pytest.param(None, id="null"),
    pytest.param(b"", id="empty"),
    pytest.param(b'{"a":"x","m":12,"b":"y"}', id="other-key"),
    pytest.param(b'{"a":"x","n":12,"b":"y"} ', id="blank-at-the-end"),
    pytest.param(b'{"a":"x","n":12,"b":"y"]', id="other-bracket"),
    pytest.param(b'{"a":"x","n": 12,"b":"y"', id="not-closed"),
    pytest.param(b'{"a":"x","n":,"b":"y"}', id="no-value"),
    pytest.param(b'{"a":"x","n":"2,"b":"y}', id="quotes-elsewhere"),
    pytest.param(b'{"a":"x\\n","n":12,"b":"y"}', id="escape"),
    pytest.param(b'{"a":"x\n","n":12,"b":"y"}', id="control"),
    pytest.param(b'{"a":"\xff","n":12,"b":"y"}', id="not-utf8"),
    pytest.param(b'{"a":"x","n":12,"b":"y","c":""}', id="further-key"),
    pytest.param(b'{"n":12,"a":"x","b":"y"}', id="other-order"),
    pytest.param(b'"{"a":"x","n":12,"b":y"}', id="quote-before"),
    pytest.param(b'{"a":"x","n":12,"b":"y"}{', id="more-behind"),
]


@pytest.mark.parametrize("record", ODD)
@pytest.mark.parametrize("block_bytes", [pytest.param(30, id="apart"), pytest.param(1 << 20, id="together")])
def test_a_record_that_is_written_otherwise_does_not_fit(record: bytes | None, block_bytes: int) -> None:
    found = split(SAMPLE, [SAMPLE, record, SAMPLE], block_bytes=block_bytes)
    assert rows(found) == {0: ["x", "12", "y"], 2: ["x", "12", "y"]}
    found = split(SAMPLE, [record] * 2 + [SAMPLE], block_bytes=block_bytes)
    assert rows(found) == {2: ["x", "12", "y"]}


def test_line_ends_belong_to_the_text_between() -> None:
    sample = b'{"a":"x",\n"n":1}\n'
    found = split(sample, [sample, b'{"a":"x\n","n":1}\n', b'{"a":"x", "n":1}\n', b'{"a":"x",\n"n":1}'])
    assert rows(found) == {0: ["x", "1"]}


@given(
    records=st.lists(st.tuples(st.text(max_size=5), st.integers()), min_size=1, max_size=8),
    changes=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 40), st.binary(max_size=2)), max_size=4),
    block_bytes=st.integers(1, 200),
)
def test_what_fits_has_the_values_that_a_parser_finds(
    records: list[tuple[str, int]], changes: list[tuple[int, int, bytes]], block_bytes: int
) -> None:
    written = [b'{"a":%b,"n":%d}' % (json.dumps(a, ensure_ascii=False).encode(errors="replace"), n) for a, n in records]
    for place, at, change in changes:
        if place < len(written):
            written[place] = written[place][:at] + change + written[place][at + len(change) :]
    for place, (a, n) in rows(split(b'{"a":"","n":0}', list(written), block_bytes=block_bytes)).items():
        assert written[place] == b'{"a":"%b","n":%b}' % (a.encode(), n.encode())
        try:
            number = json.loads(n)
        except json.JSONDecodeError:
            continue  # a value that is no string is for others to judge
        assert json.loads(written[place]) == {"a": a, "n": number}
