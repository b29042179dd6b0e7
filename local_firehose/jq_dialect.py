r"""Make later versions of libjq answer as jq 1.6 does, for Pythons that have no libjq 1.6.

Pure. On Python 3.11 the jq library is libjq 1.6 itself, and a program goes to it as written. On later ones (libjq 1.8) the program is read
by the grammar of jq 1.6, its names are looked up among jq 1.6's, and what behaves differently is replaced. What is left to differ is in
docs/fidelity/processing.md#jq-on-later-pythons. Source: https://github.com/jqlang/jq/blob/jq-1.8.1/NEWS.md
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

from local_firehose.jq_builtins import FORMATS
from local_firehose.jq_parser import parse
from local_firehose.jq_printer import printed
from local_firehose.jq_scope import check_names, children
from local_firehose.jq_syntax import Binary, Call, Format, Literal, Negate, Node, Text, Try

IS_JQ_16 = sys.version_info < (3, 12)  # as pyproject.toml has it

# A program sees one record and ends with it; without the command around it libjq crashes in some of these.
# decided: docs/fidelity/processing.md#jq-limits
_ONE_RECORD = (
    'def input: error("No more inputs"); def inputs: empty; def debug: .; def stderr: .; '
    "def halt: empty; def halt_error: error; def halt_error($_): error; "
)

# A number of the record that jq 1.7 and later would print as written
ODD_NUMBER = re.compile(rb"[0-9][.eE]|[0-9]{16}|-0")

_PLAIN = (
    'def _plain: if type == "number" then . * 1 elif type == "array" then map(_plain) '
    'elif type == "object" then map_values(_plain) else . end; '
)
# What jq 1.6 does, in the words of later versions; a definition stands behind those it needs.
_DEFINITIONS = {
    "_plain/0": _PLAIN,
    "leaf_paths/0": "def leaf_paths: paths(scalars); ",
    "pow10/0": "def pow10: pow(10; .); ",
    "recurse_down/0": "def recurse_down: recurse; ",
    "scalars_or_empty/0": 'def scalars_or_empty: select(type != "array" and type != "object"); ',
    "limit/2": "def limit($n; f): if $n < 0 then f else label $done "
    "| foreach f as $one (0; . + 1; $one, if . >= $n then break $done else empty end) end; ",
    "error/0": "def _error: error; def error: if . == null then empty else _error end; ",
    "error/1": "def _error: error; def error(f): f | if . == null then empty else _error end; ",
    "indices/1": "def _indices($i): indices($i); "
    'def indices($i): if type == "string" and ($i | type) == "string" then . as $all | _indices($i) '
    "| map($all[:.] | utf8bytelength) else _indices($i) end; ",
    "index/1": "def index($i): indices($i) | .[0]; ",
    "rindex/1": "def rindex($i): indices($i) | .[-1:][0]; ",
    "ltrimstr/1": "def _ltrimstr($x): ltrimstr($x); "
    'def ltrimstr($x): if type == "string" and ($x | type) == "string" then _ltrimstr($x) else . end; ',
    "rtrimstr/1": "def _rtrimstr($x): rtrimstr($x); "
    'def rtrimstr($x): if type == "string" and ($x | type) == "string" then _rtrimstr($x) else . end; ',
    "fromjson/0": _PLAIN + "def _fromjson: fromjson; "
    'def fromjson: if type == "string" and test("^\\\\s*-?nan"; "i") then error("Invalid literal") else _fromjson | _plain end; ',
    "tonumber/0": 'def tonumber: if type == "string" then . as $text | fromjson '
    '| if type == "number" then . else $text | error("Cannot be parsed as a number") end else _tonumber end; ',
    "strftime/1": "def _strftime(f): strftime(f); "
    'def strftime(f): _strftime(f | if type == "string" then split("%%") | map(split("%Z") | join("UTC")) | join("%%") else . end); ',
    "_uri/0": 'def _uri: reduce (["%21", "!"], ["%2A", "*"], ["%27", "\'"], ["%28", "("], ["%29", ")"]) as [$code, $sign] '
    "(@uri; split($code) | join($sign)); ",
    "_minus/0": 'def _minus: if type == "number" then . * -1 else -. end; ',
    "_said/0": 'def _said: if type == "string" then . as $said '
    '| (capture("^(?<start>Cannot index [a-z]+ with )string [(](?<name>\\".*\\")[)]$") | "\\(.start)string \\(.name)") '
    '// ($said | capture("^(?<start>Cannot index [a-z]+ with number) [(].*[)]$") | .start) // $said else . end; ',
    "_times/2": 'def _times(a; b): b as $b | a as $a | if ([$a, $b] | map(type) | sort) == ["number", "string"] then '
    '(if ($a | type) == "string" then [$a, $b] else [$b, $a] end) as [$text, $n] '
    "| if $n <= 0 then null elif $n < 1 then $text else $text * ($n | floor) end else $a * $b end; ",
}
_NEEDS = {
    "index/1": ("indices/1",),
    "rindex/1": ("indices/1",),
    "tonumber/0": ("_tonumber/0", "fromjson/0"),
}
_DEFINITIONS["_tonumber/0"] = "def _tonumber: tonumber; "
_MAX_NESTING = 256
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_CANNOT_INDEX = re.compile(r'^(Cannot index \w+ with )(?:string \((".*")\)|number \(.*\))$', re.DOTALL)


def adapted(query: str, *, is_jq_16: bool = IS_JQ_16) -> str:
    """Return `query` as the libjq at hand must be given it.

    Raises:
        JqSyntaxError: `query` is not a program of jq 1.6 (without modules).
    """
    tree = parse(query)
    if is_jq_16:
        return f"{_ONE_RECORD}{query}"
    check_names(tree)
    tree = _rewritten(tree)
    return _ONE_RECORD + "".join(dict.fromkeys(_definitions(tree))) + printed(tree)


def normalising(program: str) -> str:
    """Return an `adapted` program that first makes every number of its input the double that jq 1.6 holds."""
    return f"{_PLAIN}_plain | ({program}\n)"


def message_as_in_16(message: str) -> str:
    """Return an error message of libjq in jq 1.6's words, where they are known to differ.

    >>> message_as_in_16('Cannot index number with string ("s")'), message_as_in_16("Cannot index object with number (0)")
    ('Cannot index number with string "s"', 'Cannot index object with number')
    """
    return _CANNOT_INDEX.sub(lambda match: match[1] + (f"string {match[2]}" if match[2] else "number"), message)


def may_nest_too_deep(record: bytes) -> bool:
    """Return whether a document has so many brackets that jq 1.6 might refuse to parse it."""
    return len(record) > 2 * _MAX_NESTING and record.count(b"[") + record.count(b"{") > _MAX_NESTING


def is_refused_by_16(record: bytes) -> bool:
    """Return whether jq 1.6 would not parse what later versions do: ``nan``, or nesting more than 256 deep.

    >>> is_refused_by_16(b'{"a": nan}'), is_refused_by_16(b'{"nan": "nan"}')
    (True, False)
    """
    bare = _STRING.sub(b"", record)
    if b"nan" in bare:
        return True
    depth = deepest = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > _MAX_NESTING


def _rewritten(node: Node) -> Node:
    match node:
        case Format(name) if name not in FORMATS:
            return Call("error", (Text((f"{name} is not a valid format",)),))
        case Format("uri"):
            return Call("_uri")
        case Try(body, handler) if handler is not None:
            return Try(_rewritten(body), Binary("|", Call("_said"), _rewritten(handler)))
        case Text(parts, "uri"):
            encoded: Node = Text(("",))
            for part in parts:
                piece = Text((part,)) if isinstance(part, str) else Binary("|", _rewritten(part), Call("_uri"))
                encoded = Binary("+", encoded, piece)
            return encoded
        case Negate(body) if not (isinstance(body, Literal) and body.value):
            return Binary("|", _rewritten(body), Call("_minus"))
        case Binary("*", left, right) if not (_repeats_alike(left) or _repeats_alike(right)):
            return Call("_times", (_rewritten(left), _rewritten(right)))
    return _with_children(node, _rewritten)


def _repeats_alike(node: Node) -> bool:
    """Whether a string times this is the same in all versions: a literal number of at least 1."""
    return isinstance(node, Literal) and isinstance(node.value, float) and node.value >= 1


def _with_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return `node` with each node below it changed; patterns keep theirs."""
    changes: dict[str, Any] = {field.name: _changed(getattr(node, field.name), change) for field in fields(node)}
    return type(node)(**changes)


def _changed(value: object, change: Callable[[Node], Node]) -> object:
    if isinstance(value, Node):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)
    return value


def _definitions(node: Node) -> Iterator[str]:
    """Yield the definitions that a program needs, those they need themselves first."""
    if isinstance(node, Call):
        name = f"{node.name}/{len(node.arguments)}"
        for needed in (*_NEEDS.get(name, ()), name):
            if needed in _DEFINITIONS:
                yield _DEFINITIONS[needed]
    for child in children(node):
        yield from _definitions(child)
