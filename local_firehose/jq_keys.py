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
    Foreach,
    If,
    Label,
    Node,
    Object,
    Reduce,
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
    try:
        tree = parse(query)
    except JqSyntaxError as error:
        raise JqCompileError(query, str(error)) from error
    return tuple(dict.fromkeys(_keys(tree, {}, _MAX_CALLS)))


def _keys(node: Node | None, functions: dict[tuple[str, int], Node], calls: int) -> Iterator[str]:
    match node:
        case Object(entries):
            for key, _ in entries:
                if isinstance(key, Text) and key.constant is not None:
                    yield key.constant
        case Binary(operator="|", right=right):
            yield from _keys(right, functions, calls)
        case Binary(operator="," | "//" | "+" | "*", left=left, right=right):
            yield from _keys(left, functions, calls)
            yield from _keys(right, functions, calls)
        case Bind(body=body) | Label(body=body):
            yield from _keys(body, functions, calls)
        case Try(body=body, handler=handler):
            yield from _keys(body, functions, calls)
            yield from _keys(handler, functions, calls)
        case If(then=then, otherwise=otherwise):
            yield from _keys(then, functions, calls)
            yield from _keys(otherwise, functions, calls)
        case Reduce(start=start, update=update):
            yield from _keys(start, functions, calls)
            yield from _keys(update, functions, calls)
        case Foreach(update=update, extract=extract):
            yield from _keys(update if extract is None else extract, functions, calls)
        case Definition(name=name, parameters=parameters, body=body, rest=rest):
            yield from _keys(rest, functions | {(name, len(parameters)): body}, calls)
        case Call(name=name, arguments=arguments):
            body_of_call = functions.get((name, len(arguments)))
            if body_of_call is not None and calls > 0:
                yield from _keys(body_of_call, functions, calls - 1)
        case _:
            pass
