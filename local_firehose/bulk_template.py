"""How a record is written: fixed text, and the values between.

Pure. One serializer writes all records of a stream alike, with the same keys in the same order and the same blanks, so that a template made
from one record tells where the values of the others lie, without parsing them.
"""

import re
from dataclasses import dataclass

_BLANKS = rb"[ \t\r\n]*"
_OPENING = re.compile(rb"\{" + _BLANKS)
_KEY = re.compile(rb'"([^"\\\x00-\x1f]+)"' + _BLANKS + b":" + _BLANKS)
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*"')
_SCALAR = re.compile(rb"null|true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NEXT = re.compile(_BLANKS + b"," + _BLANKS)
_CLOSING = re.compile(_BLANKS + rb"\}" + _BLANKS + rb"\Z")
_MOST_SLOTS = 200  # each is a pass over memory; a parser makes one for all
_QUOTE = b'"'


@dataclass(frozen=True, slots=True)
class Slot:
    """A value's place: `key` is its JSON key; a string's quotes belong to the text around it."""

    key: str
    is_string: bool


@dataclass(frozen=True, slots=True)
class Template:
    """``literals[0]``, value of ``slots[0]``, ``literals[1]`` … ``literals[-1]``: one literal more than slots.

    Every literal but the last holds a key, and with it two quotes at least.
    """

    literals: tuple[bytes, ...]
    slots: tuple[Slot, ...]

    @property
    def quotes(self) -> int:
        """How many quote characters such a record has."""
        return sum(literal.count(_QUOTE) for literal in self.literals)

    @property
    def controls(self) -> int:
        """How many control characters it has, as blanks between tokens."""
        return sum(byte < ord(" ") for literal in self.literals for byte in literal)


def template_of(record: bytes) -> Template | None:
    """Return the template of a record that is one flat JSON object of plain keys, each once; None for any other.

    >>> template_of(b'{"a":"x","n":12}').literals
    (b'{"a":"', b'","n":', b'}')
    >>> template_of(b'{"a":{"n":12}}')
    """
    token = _OPENING.match(record)
    if token is None:
        return None
    literals: list[bytes] = []
    slots: list[Slot] = []
    begin, at = 0, token.end()
    while True:
        key = _KEY.match(record, at)
        value = None if key is None else _STRING.match(record, key.end()) or _SCALAR.match(record, key.end())
        if key is None or value is None or len(slots) == _MOST_SLOTS:
            return None
        is_string = value[0].startswith(_QUOTE)
        literals.append(record[begin : value.start() + is_string])
        begin = value.end() - is_string
        try:
            slots.append(Slot(key[1].decode(), is_string))
        except UnicodeDecodeError:
            return None
        token = _NEXT.match(record, value.end())
        if token is None:
            break
        at = token.end()
    if _CLOSING.match(record, value.end()) is None or len({slot.key for slot in slots}) < len(slots):
        return None
    return Template((*literals, record[begin:]), tuple(slots))
