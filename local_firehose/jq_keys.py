"""Which partition keys a jq query yields, read from its syntax.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html (a query is an object constructor)
"""

from collections.abc import Iterator

from local_firehose.jq_errors import JqCompileError
from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_parser import parse
from local_firehose.jq_syntax import (
    Binary,
    Bind,
    Call,
    Definition,
    If,
    Label,
    Literal,
    Node,
    Object,
    Text,
    Try,
)

_MAX_CALLS = 100  # a recursive definition yields no key that its first rounds do not


def query_keys(query: str) -> tuple[str, ...]:
    """Return the names of the keys that `query` puts out, in the order written; a computed name (``{(.k): 1}``) is not among them.

    >>> query_keys('{store: .s, day: (.ts | strftime("%d"))}')
    ('store', 'day')

    Raises:
        JqCompileError: `query` is not a jq 1.6 program.
    """
    return tuple(dict.fromkeys(key for key in _found(query) if key is not None))


def readable_keys(query: str) -> frozenset[str] | None:
    """Return all keys that `query` can put out; None where only running it would tell.

    >>> readable_keys("{(.name): 1}")

    Raises:
        JqCompileError: `query` is not a jq 1.6 program.
    """
    found = set(_found(query))
    return None if None in found else frozenset(key for key in found if key is not None)


def _found(query: str) -> list[str | None]:
    try:
        tree = parse(query)
    except JqSyntaxError as error:
        raise JqCompileError(query, str(error)) from error
    return list(_keys(tree, {}, _MAX_CALLS))


def _keys(node: Node, functions: dict[tuple[str, int], Node], calls: int) -> Iterator[str | None]:
    """Yield each key, and None for what cannot be read off."""
    match node:
        case Object(entries):
            for key, _ in entries:
                yield key.constant if isinstance(key, Text) and key.format is None else None
        case Binary(operator="|", right=right):
            yield from _keys(right, functions, calls)
        case Binary(operator="," | "//" | "+" | "*", left=left, right=right):
            yield from _keys(left, functions, calls)
            yield from _keys(right, functions, calls)
        case Bind(body=body) | Label(body=body):
            yield from _keys(body, functions, calls)
        case Try(body=body, handler=handler):
            yield from _keys(body, functions, calls)
            if handler is not None:
                yield from _keys(handler, functions, calls)
        case If(then=then, otherwise=otherwise):
            yield from _keys(then, functions, calls)
            yield from _keys(otherwise, functions, calls)
        case Definition(name=name, parameters=parameters, body=body, rest=rest):
            yield from _keys(rest, functions | {(name, len(parameters)): body}, calls)
        case Call(name="empty" | "error") | Literal(value=None):
            pass
        case Call(name=name, arguments=arguments) if (name, len(arguments)) in functions and calls > 0:
            yield from _keys(functions[name, len(arguments)], functions, calls - 1)
        case _:
            yield None
