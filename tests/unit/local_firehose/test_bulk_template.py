"""A template is made of flat records with plain keys, and says what lies between their values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.bulk_template import Slot, Template, template_of


@pytest.mark.parametrize(
    ("record", "literals", "slots"),
    [
        pytest.param(b'{"a":"x"}', (b'{"a":"', b'"}'), [("a", True)], id="one-string"),
        pytest.param(b'{"a":12}', (b'{"a":', b"}"), [("a", False)], id="one-number"),
        pytest.param(
            b'{"a":"","b":-1.5e3,"c":null}',
            (b'{"a":"', b'","b":', b',"c":', b"}"),
            [("a", True), ("b", False), ("c", False)],
            id="several",
        ),
        pytest.param(
            b'{ "a" : true ,\n "b": "x" }\r\n',
            (b'{ "a" : ', b' ,\n "b": "', b'" }\r\n'),
            [("a", False), ("b", True)],
            id="blanks",
        ),
        pytest.param('{"é":"ü"}'.encode(), ('{"é":"'.encode(), b'"}'), [("é", True)], id="beyond-ascii"),
    ],
)
def test_template_has_the_text_between_the_values(
    record: bytes, literals: tuple[bytes, ...], slots: list[tuple[str, bool]]
) -> None:
    assert template_of(record) == Template(literals, tuple(Slot(key, is_string) for key, is_string in slots))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no-key"),
        pytest.param(b' {"a":1}', id="blank-before"),
        pytest.param(b'{"a":1', id="not-closed"),
        pytest.param(b'{"a":1}{"a":1}', id="two-documents"),
        pytest.param(b'{"a":1,}', id="trailing-comma"),
        pytest.param(b'{"a":01}', id="leading-zero"),
        pytest.param(b'{"a":1.}', id="no-fraction"),
        pytest.param(b'{"a":NaN}', id="nan"),
        pytest.param(b'{"a":1,"a":2}', id="key-twice"),
        pytest.param(b'{"":1}', id="empty-key"),
        pytest.param(b'{"a\\n":1}', id="escape-in-a-key"),
        pytest.param(b'{"a":"x\\n"}', id="escape-in-a-value"),
        pytest.param(b'{"a":"x\ny"}', id="control-in-a-value"),
        pytest.param(b'{"a":[1]}', id="array"),
        pytest.param(b'{"a":{"b":1}}', id="object"),
        pytest.param(b'{"\xff":1}', id="key-not-utf8"),
        pytest.param(b"{" + b",".join(b'"k%d":1' % number for number in range(201)) + b"}", id="too-many-keys"),
    ],
)
def test_other_records_have_no_template(record: bytes) -> None:
    assert template_of(record) is None


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)


@given(
    document=st.dictionaries(st.text(min_size=1, max_size=4), VALUES, min_size=1, max_size=5),
    blank=st.sampled_from([None, 1]),
)
def test_a_template_is_the_record_without_its_values(document: dict[str, object], blank: int | None) -> None:
    record = json.dumps(document, ensure_ascii=False, indent=blank).encode(errors="replace")
    template = template_of(record)
    if template is None:
        assert any(byte == ord("\\") for byte in record) or b"?" in record
        return
    assert [slot.key for slot in template.slots] == list(json.loads(record))
    rest = record
    for literal in template.literals:
        _, found, rest = rest.partition(literal)
        assert found == literal
    assert rest == b""
    assert template.quotes == record.count(b'"')
    assert template.controls == sum(byte < 32 for byte in record)
