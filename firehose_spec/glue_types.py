"""Glue (Hive) column types as a tree: ``array<struct<a:int>>`` parsed, printed, compared.

Source: https://docs.aws.amazon.com/athena/latest/ug/data-types.html
"""

import re
from dataclasses import dataclass
from functools import cache

PRIMITIVE_NAMES = frozenset(
    {"tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "string", "binary", "timestamp", "date"}
)
MAX_DEPTH = 100
_ALIASES = {"integer": "int"}
_TOKEN = re.compile(r"\s*(`(?:[^`]|``)+`|[A-Za-z_][A-Za-z0-9_ \-.$]*|\d+|[<>(),:])\s*")


class GlueTypeError(ValueError):
    """A column type that Hive does not know; `text` is the type as given."""

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        super().__init__(f"column type {text!r}: {reason}")


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type without parameters; `name` is one of `PRIMITIVE_NAMES`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Decimal:
    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True, slots=True)
class Text:
    """``char(n)`` or ``varchar(n)``; `length` is in characters."""

    name: str
    length: int

    def __str__(self) -> str:
        return f"{self.name}({self.length})"


@dataclass(frozen=True, slots=True)
class Array:
    element: "GlueType"

    def __str__(self) -> str:
        return f"array<{self.element}>"


@dataclass(frozen=True, slots=True)
class Map:
    key: "GlueType"
    value: "GlueType"

    def __str__(self) -> str:
        return f"map<{self.key},{self.value}>"


@dataclass(frozen=True, slots=True)
class Struct:
    """Members in declared order, names in lower case as Glue and Hive compare them."""

    members: tuple[tuple[str, "GlueType"], ...]

    def __str__(self) -> str:
        return f"struct<{','.join(f'{name}:{kind}' for name, kind in self.members)}>"


GlueType = Primitive | Decimal | Text | Array | Map | Struct


@dataclass(frozen=True, slots=True)
class Column:
    """One column of StorageDescriptor.Columns."""

    name: str
    type: GlueType


@cache
def parse(text: str) -> GlueType:
    """Parse a column type; names are case-insensitive.

    >>> str(parse("ARRAY<struct<Id:int, tags:map<string,decimal(10,2)>>>"))
    'array<struct<id:int,tags:map<string,decimal(10,2)>>>'

    Raises:
        GlueTypeError: not a Hive type (also ``uniontype`` and ``set``, which Firehose refuses).
    """
    parser = _Parser(text)
    parsed = parser.type()
    parser.end()
    return parsed


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def type(self) -> GlueType:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise GlueTypeError(self._text, f"nested more than {MAX_DEPTH} levels deep")
        found = self._type()
        self._depth -= 1
        return found

    def _type(self) -> GlueType:
        name = self._take().lower()
        name = _ALIASES.get(name, name)
        if name in PRIMITIVE_NAMES:
            return Primitive(name)
        if name in {"decimal", "numeric"}:
            return self._decimal()
        if name in {"char", "varchar"}:
            self._expect("(")
            length = self._number()
            self._expect(")")
            return Text(name, length)
        if name == "array":
            self._expect("<")
            element = self.type()
            self._expect(">")
            return Array(element)
        if name == "map":
            self._expect("<")
            key = self.type()
            self._expect(",")
            value = self.type()
            self._expect(">")
            return Map(key, value)
        if name == "struct":
            return self._struct()
        raise GlueTypeError(self._text, f"{name!r} is not a type that Firehose converts")

    def _decimal(self) -> Decimal:
        precision, scale = 10, 0  # Hive's defaults
        if self._peek() == "(":
            self._expect("(")
            precision = self._number()
            if self._peek() == ",":
                self._expect(",")
                scale = self._number()
            self._expect(")")
        if not (1 <= precision <= 38 and 0 <= scale <= precision):
            raise GlueTypeError(
                self._text, f"decimal({precision},{scale}) needs 1 <= precision <= 38 and 0 <= scale <= precision"
            )
        return Decimal(precision, scale)

    def _struct(self) -> Struct:
        self._expect("<")
        members: list[tuple[str, GlueType]] = []
        while True:
            name = _unquoted(self._take()).strip().lower()
            self._expect(":")
            members.append((name, self.type()))
            if self._peek() != ",":
                break
            self._expect(",")
        self._expect(">")
        return Struct(tuple(members))

    def _peek(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        return match[1].strip() if match else ""

    def _take(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        if not match:
            raise GlueTypeError(self._text, f"nothing readable at character {self._at + 1}")
        self._at = match.end()
        return match[1].strip()

    def _expect(self, token: str) -> None:
        found = self._take() if self._peek() else "the end"
        if found != token:
            raise GlueTypeError(self._text, f"expected {token!r}, found {found!r}")

    def _number(self) -> int:
        token = self._take()
        if not token.isdigit():
            raise GlueTypeError(self._text, f"expected a number, found {token!r}")
        return int(token)

    def end(self) -> None:
        if self._text[self._at :].strip():
            raise GlueTypeError(self._text, f"unexpected {self._text[self._at :].strip()!r} after the type")


def _unquoted(name: str) -> str:
    """A member's name without Hive's back quotes, which are doubled inside."""
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
