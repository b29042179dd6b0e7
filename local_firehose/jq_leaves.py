"""Which parts of a record decide a jq query's result, read off its syntax.

Pure. A query that reads only `.store_id` and `.event_timestamp` gives the same result for all records that agree in those two leaves, so
libjq needs to see one record of each kind only. Where `strftime` or a slice is all that is done with a leaf, less than the leaf decides:
the hour, say, or the first ten characters. Nothing here computes what jq computes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_parser import parse
from local_firehose.jq_syntax import (
    Array,
    Binary,
    Bind,
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
    Negate,
    Node,
    Object,
    Pattern,
    PatternObject,
    PatternVariable,
    RecurseDefault,
    Reduce,
    Slice,
    Text,
    Try,
    Variable,
)

_IMPURE = frozenset(
    {
        *(
            "now",
            "input",
            "inputs",
            "debug",
            "stderr",
            "input_filename",
            "input_line_number",
            "env",
            "halt",
            "halt_error",
        ),
        *("get_search_list", "modulemeta"),
    }
)
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
# How long each strftime directive stays the same, in seconds of UTC; the others are taken to change every second.
_DIRECTIVES = (
    dict.fromkeys("YymdjFDBbhAaeCGgVUWuw%nt", _DAY) | dict.fromkeys("HIklpP", _HOUR) | dict.fromkeys("MR", _MINUTE)
)


@dataclass(frozen=True, slots=True)
class Seconds:
    """Only ``value // step`` decides, for an integer value from 0 to `limit`."""

    step: int
    limit: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """Only the first `characters` of a string decide."""

    characters: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value at a path of object keys below the record; `reduction` says how little of it decides, None for all of it."""

    path: tuple[str, ...]
    reduction: Seconds | Prefix | None


class _NotLeavesError(Exception):
    """The result depends on more than leaves."""


_Path = tuple[str, ...]
_Use = tuple[_Path, Seconds | Prefix | None]
_MAX_SECONDS = 253_402_300_799  # the last second of the year 9999


def leaves(query: str) -> tuple[Leaf, ...] | None:
    """Return the leaves that decide the result of `query`; None if it reads the record as a whole, or anything beside it.

    >>> leaves('{store: .store_id, hour: .at|strftime("%H")}')
    (Leaf(path=('store_id',), reduction=None), Leaf(path=('at',), reduction=Seconds(step=3600, limit=253402300799)))
    >>> leaves("{all: tojson}")
    """
    try:
        uses = list(_Analysis().uses(parse(query), (), {}))
    except (JqSyntaxError, _NotLeavesError):
        return None
    paths = {path for path, _ in uses}
    # a leaf below another one is part of it
    outer = [
        path for path in dict.fromkeys(path for path, _ in uses) if not any(path[:n] in paths for n in range(len(path)))
    ]
    if len(outer) < len(paths):
        return tuple(Leaf(path, None) for path in outer)
    return tuple(Leaf(path, _joint([reduction for used, reduction in uses if used == path])) for path in outer)


def _joint(reductions: list[Seconds | Prefix | None]) -> Seconds | Prefix | None:
    if all(isinstance(reduction, Prefix) for reduction in reductions):
        return Prefix(max(reduction.characters for reduction in reductions if isinstance(reduction, Prefix)))
    seconds = [reduction for reduction in reductions if isinstance(reduction, Seconds)]
    if len(seconds) < len(reductions) or len({reduction.limit for reduction in seconds}) > 1:
        return None
    return min(seconds, key=lambda reduction: reduction.step)


class _Analysis:
    """Walks the tree with what `.` stands for: a path below the record, or None for something made of leaves already seen."""

    def uses(self, node: Node, at: _Path | None, known: dict[str, _Path]) -> Iterator[_Use]:  # noqa: C901, PLR0912
        path = self._path(node, at, known)
        if path is not None:
            yield self._whole(path)
            return
        match node:
            case Binary(operator="|", left=left, right=right):
                yield from self._pipe(left, right, at, known)
            case Binary(left=left, right=right):
                yield from self._all((left, right), at, known)
            case Negate(body=body) | Array(body=body) | Label(body=body):
                yield from self._all((body,), at, known)
            case Try(body=body, handler=handler):
                yield from self._all((body,), at, known)
                yield from self._all((handler,), None, known)
            case If(condition=condition, then=then, otherwise=otherwise):
                yield from self._all((condition, then, otherwise), at, known)
            case Text(parts=parts):
                yield from self._all([part for part in parts if not isinstance(part, str)], at, known)
            case Object(entries=entries):
                for key, value in entries:
                    yield from self._entry(key, value, at, known)
            case Index(of=of, key=key):
                yield from self._all((of, key), at, known)
            case Slice():
                yield from self._slice(node, at, known)
            case Each(of=of):
                yield from self.uses(of, at, known)
            case Call(name=name, arguments=arguments):
                # what an argument's own input is, the function decides; it is made of the call's input
                yield from self._input(at, name)
                yield from self._all(arguments, None, known)
            case Format() | RecurseDefault():
                yield from self._input(at, "")
            case Bind(source=source, patterns=patterns, body=body):
                yield from self._bind(source, patterns, body, at, known)
            case Reduce(source=source, start=start, update=update):
                yield from self._all((source, start), at, known)
                yield from self._all((update,), None, known)
            case Foreach(source=source, start=start, update=update, extract=extract):
                yield from self._all((source, start), at, known)
                yield from self._all((update, extract), None, known)
            case Definition():
                raise _NotLeavesError
            case Variable(name="ENV"):
                raise _NotLeavesError
            case _:  # literals, variables of computed values, break: nothing of the record
                return

    def _all(
        self, nodes: "tuple[Node | None, ...] | list[Node]", at: _Path | None, known: dict[str, _Path]
    ) -> Iterator[_Use]:
        for node in nodes:
            if node is not None:
                yield from self.uses(node, at, known)

    def _path(self, node: Node, at: _Path | None, known: dict[str, _Path]) -> _Path | None:
        """Return the path that `node` is, if it is one and nothing else."""
        match node:
            case Identity():
                return at
            case Variable(name=name):
                return known.get(name)
            case Index(of=of, key=Text() as key) if key.constant is not None and key.format is None:
                base = self._path(of, at, known)
                return None if base is None else (*base, key.constant)
            case Binary(operator="|", left=left, right=right):
                base = self._path(left, at, known)
                return None if base is None else self._path(right, base, known)
        return None

    @staticmethod
    def _whole(path: _Path) -> _Use:
        if not path:
            raise _NotLeavesError
        return path, None

    def _input(self, at: _Path | None, name: str) -> Iterator[_Use]:
        if name in _IMPURE:
            raise _NotLeavesError
        if at is not None:
            yield self._whole(at)

    def _pipe(self, left: Node, right: Node, at: _Path | None, known: dict[str, _Path]) -> Iterator[_Use]:
        formatted, rest = (
            (right.left, right.right) if isinstance(right, Binary) and right.operator == "|" else (right, None)
        )
        scaled = self._scaled(left, at, known)
        if (
            isinstance(formatted, Call)
            and formatted.name == "floor"
            and isinstance(rest, Binary)
            and rest.operator == "|"
        ):
            formatted, rest = rest.left, rest.right
        elif isinstance(formatted, Call) and formatted.name == "floor" and rest is not None:
            formatted, rest = rest, None
        period = _period(formatted)
        if scaled is not None and period is not None:
            path, divisor = scaled
            if not path:
                raise _NotLeavesError
            yield path, Seconds(period * divisor, _MAX_SECONDS * divisor)
            yield from self._all((rest,), None, known)
            return
        path_of_left = self._path(left, at, known)
        if path_of_left is not None:
            yield from self.uses(right, path_of_left, known)
        else:
            yield from self.uses(left, at, known)
            yield from self.uses(right, None, known)

    def _scaled(self, node: Node, at: _Path | None, known: dict[str, _Path]) -> tuple[_Path, int] | None:
        """Return path and divisor of ``.path`` or ``.path / 1000``."""
        match node:
            case Binary(operator="/", left=left, right=Literal(value=float(divisor))) if divisor in {1000.0, 1e6}:
                path = self._path(left, at, known)
                return None if path is None else (path, int(divisor))
        path = self._path(node, at, known)
        return None if path is None else (path, 1)

    def _slice(self, node: Slice, at: _Path | None, known: dict[str, _Path]) -> Iterator[_Use]:
        path = self._path(node.of, at, known)
        start, end = _constant(node.start, 0), _constant(node.end, None)
        if path and start is not None and end is not None:
            yield path, Prefix(end)
        else:
            yield from self._all((node.of, node.start, node.end), at, known)

    def _entry(self, key: Node, value: Node | None, at: _Path | None, known: dict[str, _Path]) -> Iterator[_Use]:
        yield from self.uses(key, at, known)
        if value is not None:
            yield from self.uses(value, at, known)
        elif at is not None:
            if not isinstance(key, Text) or key.constant is None or key.format is not None:
                raise _NotLeavesError
            yield self._whole((*at, key.constant))

    def _bind(
        self, source: Node, patterns: tuple[Pattern, ...], body: Node, at: _Path | None, known: dict[str, _Path]
    ) -> Iterator[_Use]:
        path = self._path(source, at, known)
        if path is not None and len(patterns) == 1 and isinstance(patterns[0], PatternVariable):
            yield from self.uses(body, at, known | {patterns[0].name: path})
            return
        if any(isinstance(pattern, PatternObject) for pattern in patterns) or path == ():
            raise _NotLeavesError
        yield from self.uses(source, at, known)
        yield from self.uses(body, at, known)


def _constant(node: Node | None, default: int | None) -> int | None:
    if node is None:
        return default
    if isinstance(node, Literal) and isinstance(node.value, float) and node.value.is_integer():
        return int(node.value)
    return None


def _period(node: Node | None) -> int | None:
    """Return how long the text of ``strftime("…")`` stays the same, in seconds; None if it is something else."""
    match node:
        case Call(name="strftime", arguments=(Text() as pattern,)) if pattern.constant is not None:
            parts = pattern.constant.split("%")[1:]
            return min((_DIRECTIVES.get(part[:1], 1) for part in parts), default=_DAY)
    return None
