"""The grammar of object keys: does a key of the bucket follow the stream's prefixes and Firehose's object names.

Pure, and written apart from what writes keys. A `KeyGrammar` is made once per stream and reads every key of the bucket.
Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html, https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from firehose_spec.error_documents import ERROR_OUTPUT_TYPES
from validators.time_patterns import pattern_regex

_EXPRESSION = re.compile(r"!\{(?P<namespace>[^:{}]*):(?P<value>[^{}]*)\}")
_DEFAULT_TIME = "yyyy/MM/dd/HH/"  # observed: keys in the wild; the guide writes YYYY/MM/DDD/HH
_NAME_TIME = "%Y-%m-%d-%H-%M-%S"
_RANDOM = r"[A-Za-z0-9-]{11}"  # observed: alphanumeric; documented samples contain a dash
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

PieceKind = Literal["literal", "time", "random", "error-type", "key"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a prefix; `text` is the literal, the time pattern, or the partition key's name."""

    kind: PieceKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """One key taken apart.

    `kind` is ``data`` or ``error`` when folder and name follow the grammar, ``misplaced`` when only the name does, ``foreign`` when not
    even that. `keys` are the partition values that the folder states, `fixed` the texts of the folder's other expressions in order.
    `named_at` is the wall-clock time of the name, in the stream's own time zone. `problem` says what is wrong with a misplaced folder.
    """

    key: str
    kind: Literal["data", "error", "misplaced", "foreign"]
    folder: str = ""
    version: int = 0
    named_at: datetime | None = None
    extension: str = ""
    error_type: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    problem: str = ""


def prefix_pieces(prefix: str) -> tuple[Piece, ...]:
    """Cut a prefix into pieces.

    >>> [piece.kind for piece in prefix_pieces("a=!{partitionKeyFromQuery:a}/!{timestamp:HH}/")]
    ['literal', 'key', 'literal', 'time', 'literal']
    """
    pieces: list[Piece] = []
    position = 0
    for match in _EXPRESSION.finditer(prefix):
        if match.start() > position:
            pieces.append(Piece("literal", prefix[position : match.start()]))
        pieces.append(_expression(match["namespace"], match["value"]))
        position = match.end()
    if position < len(prefix):
        pieces.append(Piece("literal", prefix[position:]))
    return tuple(pieces)


def _expression(namespace: str, value: str) -> Piece:
    match namespace, value:
        case "timestamp", _:
            return Piece("time", value)
        case (("partitionKeyFromQuery" | "partitionKeyFromLambda"), _):
            return Piece("key", value)
        case "firehose", "random-string":
            return Piece("random")
        case "firehose", "error-output-type":
            return Piece("error-type")
    return Piece("literal", f"!{{{namespace}:{value}}}")


def data_pieces(prefix: str) -> tuple[Piece, ...]:
    """Return the pieces of the folder of delivered objects: the default hour folder follows a prefix without expressions."""
    pieces = prefix_pieces(prefix)
    if all(piece.kind == "literal" for piece in pieces):
        return (*pieces, Piece("time", _DEFAULT_TIME))  # observed: appended verbatim, no slash inserted
    return pieces


def error_pieces(error_output_prefix: str, prefix: str) -> tuple[Piece, ...]:
    """Return the pieces of the folder of error objects; without an error prefix a literal prefix stands in for it."""
    # documented: a prefix with expressions needs an error prefix, so only a literal can stand in for it
    pieces = prefix_pieces(error_output_prefix or ("" if "!{" in prefix else prefix))
    if all(piece.kind == "literal" for piece in pieces):
        # observed: type and hour are appended to a literal, no slash in between
        return (*pieces, Piece("error-type"), Piece("literal", "/"), Piece("time", _DEFAULT_TIME))
    return pieces


@dataclass(frozen=True, slots=True)
class KeyGrammar:
    """Which keys a stream writes. `extension` is what data objects end in; error objects end in nothing."""

    stream_name: str
    prefix: str
    error_output_prefix: str
    extension: str
    data: tuple[Piece, ...] = field(init=False)
    errors: tuple[Piece, ...] = field(init=False)
    _name: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", data_pieces(self.prefix))
        object.__setattr__(self, "errors", error_pieces(self.error_output_prefix, self.prefix))
        name = (
            rf"(?P<folder>.*){re.escape(self.stream_name)}-(?P<version>\d+)-"
            rf"(?P<time>\d{{4}}(?:-\d{{2}}){{5}})-{_UUID}(?P<extension>(?:\.[0-9a-z!\-_.*'()]+)?)"
        )
        object.__setattr__(self, "_name", re.compile(name, re.DOTALL))

    def parse(self, key: str) -> ParsedKey:
        """Take `key` apart; never raises, since a bucket may hold anything."""
        match = self._name.fullmatch(key)
        if match is None:
            return ParsedKey(key, "foreign")
        try:
            named_at = datetime.strptime(match["time"], _NAME_TIME)  # noqa: DTZ007 - wall clock in the stream's zone
        except ValueError:
            return ParsedKey(key, "foreign")
        folder, version, extension = match["folder"], int(match["version"]), match["extension"]
        error = _folder_match(self.errors, folder, named_at)
        if error is not None:
            return ParsedKey(
                key, "error", folder, version, named_at, extension, error_type=error[0].get("error-type", "")
            )
        data = _folder_match(self.data, folder, named_at)
        if data is not None:
            return ParsedKey(key, "data", folder, version, named_at, extension, keys=data[0], fixed=data[1])
        loose = _folder_match(self.errors, folder, None)
        error_type = "" if loose is None else loose[0].get("error-type", "")
        problem = self._explain(folder, named_at)
        return ParsedKey(key, "misplaced", folder, version, named_at, extension, error_type=error_type, problem=problem)

    def _explain(self, folder: str, named_at: datetime) -> str:
        """Say which rule the folder breaks: its time, an error type that does not exist, or the prefix as a whole."""
        if _folder_match(self.data, folder, None) is not None or _folder_match(self.errors, folder, None) is not None:
            return f"the folder's time is not {named_at:%Y-%m-%d %H:%M:%S}, which the name states"
        return "neither the prefix nor the error prefix gives this folder"

    def expected_folders(self, named_at: datetime | None) -> str:
        """Return the two folders in words, time expressions resolved where `named_at` is known."""
        data, errors = (
            "".join(_words(piece, named_at) for piece in pieces) or "the bucket's root"
            for pieces in (self.data, self.errors)
        )
        return f"{data} or {errors}"


def _words(piece: Piece, named_at: datetime | None) -> str:
    match piece.kind:
        case "literal":
            return piece.text
        case "time":
            return piece.text if named_at is None else pattern_regex(piece.text, named_at)
        case "key":
            return f"<{piece.text}>"
        case _:
            return f"<{piece.kind}>"


def _folder_match(
    pieces: tuple[Piece, ...], folder: str, named_at: datetime | None
) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """Return (values by name, texts of time and random pieces), or None; without `named_at` any time is accepted."""
    names: list[str] = []
    parts: list[str] = []
    seen: set[str] = set()
    for piece in pieces:
        match piece.kind:
            case "literal":
                parts.append(re.escape(piece.text))
                continue
            case "time":
                parts.append(f"({'[^!]+?' if named_at is None else pattern_regex(piece.text, named_at)})")
                names.append("")
            case "random":
                parts.append(f"({_RANDOM})")
                names.append("")
            case "error-type" | "key":
                name = "error-type" if piece.kind == "error-type" else piece.text
                if name in seen:
                    parts.append(f"(?P=g{names.index(name)})")
                    continue
                seen.add(name)
                choice = "|".join(map(re.escape, ERROR_OUTPUT_TYPES)) if piece.kind == "error-type" else ".+?"
                parts.append(f"(?P<g{len(names)}>{choice})")
                names.append(name)
    match = re.fullmatch("".join(parts), folder, re.DOTALL)
    if match is None:
        return None
    values = {name: text for name, text in zip(names, match.groups(), strict=True) if name}
    return values, tuple(text for name, text in zip(names, match.groups(), strict=True) if not name)
