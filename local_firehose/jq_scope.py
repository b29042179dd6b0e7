"""Check that everything a jq program names exists in jq 1.6, with the complaint that jq 1.6 makes.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/compile.c
"""

from dataclasses import fields
from typing import NoReturn

from local_firehose.jq_builtins import FUNCTIONS
from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_syntax import (
    Binary,
    Bind,
    Break,
    Call,
    Definition,
    Foreach,
    Label,
    Literal,
    Node,
    Pattern,
    PatternArray,
    PatternObject,
    PatternVariable,
    Reduce,
    Variable,
)

_GLOBAL_VARIABLES = frozenset({"$ENV", "$__prog_args"})
Names = frozenset[tuple[str, int] | str]


def check_names(tree: Node) -> None:
    """Look up every function, variable and label of a program.

    Raises:
        JqSyntaxError: one is not defined, or a constant is divided by zero.
    """
    _check(tree, FUNCTIONS | _GLOBAL_VARIABLES)


def _check(node: Node, names: Names) -> None:  # noqa: C901, PLR0912
    match node:
        case Call(name=name, arguments=arguments):
            if (name, len(arguments)) not in names:
                _undefined(f"{name}/{len(arguments)}")
        case Variable(name=name):
            if f"${name}" not in names:
                _undefined(f"${name}")
        case Break(name=name):
            if f"*label-{name}" not in names:
                _undefined(f"$*label-{name}")
        case Binary(operator="/", left=Literal(value=float(dividend)), right=Literal(value=float(divisor))):
            if divisor == 0 and dividend != 0:
                raise JqSyntaxError("jq: error: Division by zero? at <top-level>, line 1:")
        case Label(name=name, body=body):
            _check(body, names | {f"*label-{name}"})
            return
        case Definition():
            _check_definition(node, names)
            return
        case Bind(source=source, patterns=patterns, body=body):
            _check(source, names)
            _check(body, names | _bound(patterns, names))
            return
        case Reduce(source=source, patterns=patterns, start=start, update=update):
            _check(source, names)
            _check(start, names)
            _check(update, names | _bound(patterns, names))
            return
        case Foreach(source=source, patterns=patterns, start=start, update=update, extract=extract):
            _check(source, names)
            _check(start, names)
            for part in (update, extract):
                if part is not None:
                    _check(part, names | _bound(patterns, names))
            return
        case _:
            pass
    for child in children(node):
        _check(child, names)


def children(node: Node) -> list[Node]:
    """Return the nodes right below one; patterns are not among them."""
    found: list[Node] = []
    for field in fields(node):
        value = getattr(node, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            for part in item if isinstance(item, tuple) else (item,):
                if isinstance(part, Node):
                    found.append(part)  # noqa: PERF401
    return found


def _check_definition(node: Definition, names: Names) -> None:
    own = (node.name, len(node.parameters))
    inside = names | {own}
    for parameter in node.parameters:
        inside |= {(parameter.removeprefix("$"), 0)} | ({parameter} if parameter.startswith("$") else set())
    _check(node.body, inside)
    _check(node.rest, names | {own})


def _bound(patterns: tuple[Pattern, ...], names: Names) -> Names:
    found: set[tuple[str, int] | str] = set()
    for pattern in patterns:
        _bind(pattern, names, found)
    return frozenset(found)


def _bind(pattern: Pattern, names: Names, found: set[tuple[str, int] | str]) -> None:
    match pattern:
        case PatternVariable(name):
            found.add(f"${name}")
        case PatternArray(elements):
            for element in elements:
                _bind(element, names, found)
        case PatternObject(entries):
            for entry_name, key, inner in entries:
                if entry_name is not None:
                    found.add(f"${entry_name}")
                if key is not None:
                    _check(key, names | frozenset(found))
                if inner is not None:
                    _bind(inner, names, found)


def _undefined(what: str) -> NoReturn:
    raise JqSyntaxError(f"jq: error: {what} is not defined at <top-level>, line 1:")
