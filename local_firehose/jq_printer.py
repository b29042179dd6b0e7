"""Write a syntax tree as a program that later versions of jq read as jq 1.6 reads the original.

Pure. Every part is parenthesised, so that it does not matter that later grammars bind differently.
"""

import json

from local_firehose.jq_syntax import (
    Array,
    Binary,
    Bind,
    Break,
    Call,
    Definition,
    Each,
    Foreach,
    Format,
    Identity,
    If,
    Index,
    Label,
    Literal,
    Location,
    Negate,
    Node,
    Object,
    Pattern,
    PatternArray,
    PatternObject,
    PatternVariable,
    RecurseDefault,
    Reduce,
    Slice,
    Text,
    Try,
    Variable,
)

_EXACT_BELOW = 1e15


def printed(node: Node) -> str:  # noqa: C901, PLR0911, PLR0912
    """Return the program text of `node`, fit to stand as a term."""
    match node:
        case Identity():
            return "."
        case RecurseDefault():
            return "(..)"
        case Literal():
            return _literal(node)
        case Text(parts=parts, format=name):
            inner = "".join(_quoted(part) if isinstance(part, str) else f"\\({printed(part)})" for part in parts)
            return f'(@{name} "{inner}")' if name else f'"{inner}"'
        case Format(name):
            return f"(@{name})"
        case Index(of, key, optional):
            return f"{printed(of)}[{printed(key)}]{'?' * optional}"
        case Each(of, optional):
            return f"{printed(of)}[]{'?' * optional}"
        case Slice(of, start, end, optional):
            low, high = (printed(bound) if bound else "" for bound in (start, end))
            return f"{printed(of)}[{low or 'null'}:{high}]{'?' * optional}"
        case Array(body):
            return f"[{printed(body)}]" if body else "[]"
        case Object(entries):
            return f"{{{','.join(_entry(key, value) for key, value in entries)}}}"
        case Variable(name):
            return f"${name}"
        case Location(line):
            return json.dumps({"file": "<top-level>", "line": line})
        case Call(name, arguments):
            return f"{name}({';'.join(map(printed, arguments))})" if arguments else f"({name})"
        case Binary(operator, left, right):
            return f"({printed(left)} {operator} {printed(right)})"
        case Negate(body):
            return f"(-{printed(body)})"
        case Try(body, handler):
            return f"(try {printed(body)} catch {printed(handler)})" if handler else f"(try {printed(body)})"
        case If(condition, then, otherwise):
            return f"(if {printed(condition)} then {printed(then)} else {printed(otherwise)} end)"
        case Bind(source, patterns, body):
            return f"({printed(source)} as {_patterns(patterns)} | {printed(body)})"
        case Reduce(source, patterns, begin, update):
            return f"(reduce {printed(source)} as {_patterns(patterns)} ({printed(begin)}; {printed(update)}))"
        case Foreach(source, patterns, begin, update, extract):
            rest = f"; {printed(extract)}" if extract else ""
            return f"(foreach {printed(source)} as {_patterns(patterns)} ({printed(begin)}; {printed(update)}{rest}))"
        case Label(name, body):
            return f"(label ${name} | {printed(body)})"
        case Break(name):
            return f"(break ${name})"
        case Definition(name, parameters, body, rest_node):
            given = f"({';'.join(parameters)})" if parameters else ""
            return f"(def {name}{given}: {printed(body)}; {printed(rest_node)})"


def _literal(node: Literal) -> str:
    if not isinstance(node.value, float):
        return json.dumps(node.value)
    if node.value.is_integer() and abs(node.value) < _EXACT_BELOW:
        return str(int(node.value))
    # jq 1.7 and later keep a literal as it is written; arithmetic makes it the double that jq 1.6 holds
    return f"({node.text} * 1)"


def _quoted(text: str) -> str:
    return json.dumps(text)[1:-1]


def _entry(key: Node, value: Node | None) -> str:
    name = printed(key) if isinstance(key, Text) else f"({printed(key)})"
    if value is None:
        return name.strip("()") if isinstance(key, Text) and key.format else name
    return f"{name if isinstance(key, Text) and not key.format else f'({name})'}: ({printed(value)})"


def _patterns(patterns: tuple[Pattern, ...]) -> str:
    return " ?// ".join(map(_pattern, patterns))


def _pattern(pattern: Pattern) -> str:
    match pattern:
        case PatternVariable(name):
            return f"${name}"
        case PatternArray(elements):
            return f"[{', '.join(map(_pattern, elements))}]"
        case PatternObject(entries):
            parts = []
            for variable, key, inner in entries:
                given = f"${variable}" if variable is not None else f"({printed(key)})" if key is not None else ""
                parts.append(f"{given}: {_pattern(inner)}" if inner is not None else given)
            return f"{{{', '.join(parts)}}}"
