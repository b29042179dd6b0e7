"""What Hive's own parser has against the text of a column type: it takes lower case only, no blanks, no quotation marks.

Pure. Firehose reads types so. # observed: "Firehose does not support spaces, newlines, and must be lowercase in Glue Schema", a public Go code
base's GoStructToGlueSchema; the rules and words are those of apache/hive TypeInfoUtils.TypeInfoParser.
"""

import re
from collections.abc import Callable

from firehose_spec.glue_types import PRIMITIVE_NAMES

_TOKEN = re.compile(r"[\w. $]+|.", re.DOTALL)  # a name, blanks included, or one other character
_NAME = re.compile(r"[\w. $]+")
_PARAMETERS = {"char": (1, 1), "varchar": (1, 1), "decimal": (0, 2)}  # how many a type takes at least and at most
_TYPES = PRIMITIVE_NAMES | _PARAMETERS.keys() | {"array", "map", "struct"}
_NUMBER = re.compile(r"\d+", re.ASCII)


class _FoundError(ValueError):
    """The text is refused; the message is Hive's."""


def hive_fault(text: str) -> str | None:
    """Return what Hive says about a column type that it refuses, else None.

    >>> hive_fault("struct<a:int>"), hive_fault("INT")
    (None, "Error: type expected at the position 0 of 'INT' but 'INT' is found.")
    """
    try:
        _Reader(text).whole()
    except _FoundError as fault:
        return str(fault)
    return None


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [(match.start(), match[0]) for match in _TOKEN.finditer(text)]
        self._at = 0

    def whole(self) -> None:
        self._type()
        if self._at < len(self._tokens):
            position, _ = self._tokens[self._at]
            raise _FoundError(f"Error: ',', ':', or ';' expected at position {position} from '{self._text}'")

    def _type(self) -> None:
        name = self._take("type", lambda token: token in _TYPES)
        if name in _PARAMETERS:
            self._parameters(name)
        elif name == "array":
            self._expect("<")
            self._type()
            self._expect(">")
        elif name == "map":
            self._expect("<")
            self._type()
            self._expect(",")
            self._type()
            self._expect(">")
        elif name == "struct":
            self._expect("<")
            while True:
                self._member()
                self._expect(":")
                self._type()
                if self._take(">", lambda token: token in {">", ","}) == ">":
                    return

    def _member(self) -> None:
        name = self._take("name", lambda token: _NAME.fullmatch(token) is not None)
        if name != name.strip(" "):
            # decided: docs/fidelity/conversion.md#schema-text; Hive takes the blank into the name, which then no JSON key has
            raise _FoundError(f"member name '{name}' of '{self._text}' begins or ends with a blank")

    def _parameters(self, name: str) -> None:
        least, most = _PARAMETERS[name]
        given = []
        if self._at < len(self._tokens) and self._tokens[self._at][1] == "(":
            self._at += 1
            while True:
                given.append(self._take("name", lambda token: _NAME.fullmatch(token) is not None))
                if self._take(",", lambda token: token in {")", ","}) == ")":
                    break
        if len(given) < least:
            raise _FoundError(f"{name} type is specified without length: {self._text}")
        if len(given) > most:
            raise _FoundError(f"Type {name} takes {most} parameters, but {len(given)} are seen")
        for parameter in given:
            if not _NUMBER.fullmatch(parameter):
                raise _FoundError(f'For input string: "{parameter}"')

    def _expect(self, wanted: str) -> None:
        self._take(wanted, wanted.__eq__)

    def _take(self, wanted: str, fits: Callable[[str], bool]) -> str:
        if self._at == len(self._tokens):
            raise _FoundError(f"Error: {wanted} expected at the end of '{self._text}'")
        position, token = self._tokens[self._at]
        if not fits(token):
            raise _FoundError(
                f"Error: {wanted} expected at the position {position} of '{self._text}' but '{token}' is found."
            )
        self._at += 1
        return token
