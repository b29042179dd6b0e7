"""Which parts of a record decide a jq query's result, read off its syntax.

Pure. A query that reads only `.store_id` and `.event_timestamp` gives the same result for all records that agree in those two leaves, so
libjq needs to see one record of each kind only, or nothing but the leaves. Where `strftime` or a slice is all that is done with a leaf,
less than the leaf decides: the hour, say, or the first ten characters. Nothing here computes what jq computes: the program is walked with
values that are a path below the record, or something made of leaves already noted; whatever looks into a value at a path notes the path.
"""

from dataclasses import dataclass, replace

from local_firehose.jq_leaf import Leaf, Path, Prefix, Reduction, Seconds, joint_leaves
from local_firehose.jq_leaf_scope import Closure, Function, NotLeavesError, Scope, Value, child, defined
from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_parser import parse
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
    PatternVariable,
    RecurseDefault,
    Reduce,
    Slice,
    Text,
    Try,
    Variable,
)

_IMPURE = frozenset(
    [
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
        "get_search_list",
        "modulemeta",
        "builtins",
    ]
)
# Functions that look at nothing of their own input; their arguments see it.
_TRANSPARENT = frozenset(
    {("empty", 0), ("error", 1), ("range", 1), ("range", 2), ("range", 3), ("isempty", 1), ("last", 1), ("nth", 2)}
)
_ASSIGNMENTS = frozenset({"=", "|=", "+=", "-=", "*=", "/=", "%=", "//="})
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
# How long each strftime directive stays the same, in seconds of UTC; the others are taken to change every second.
_DIRECTIVES = (
    dict.fromkeys("YymdjFDBbhAaeCGgVUWuw%nt", _DAY) | dict.fromkeys("HIklpP", _HOUR) | dict.fromkeys("MR", _MINUTE)
)
# For each divisor, the last whole second up to which dividing doubles never rounds into the next one.
_MAX_SECONDS = {
    1: 253_402_300_799,
    1000: 253_402_300_799,
    1_000_000: 2**32 - 1,
}  # the first is the last second of the year 9999
_MAX_STEPS, _MAX_DEPTH = 20_000, 120


def leaves(query: str) -> tuple[Leaf, ...] | None:
    """Return the leaves that decide the result of `query`; None if it reads the record as a whole, or anything beside it.

    >>> leaves('{store: .store_id, hour: .at|strftime("%H")}')
    (Leaf(path=('store_id',), reduction=None), Leaf(path=('at',), reduction=Seconds(step=3600, limit=253402300799)))
    >>> leaves("{all: tojson}")
    """
    try:
        return leaves_of(parse(query))
    except JqSyntaxError:
        return None


def leaves_of(tree: Node) -> tuple[Leaf, ...] | None:
    """Return the same of a syntax tree."""
    walk = _Walk()
    try:
        walk.read(tree, Value(()), Scope())
    except NotLeavesError:
        return None
    return joint_leaves(walk.uses, walk.passed)


@dataclass(slots=True)
class _Activation:
    """A definition at work; `is_entered_again` once it calls itself with what it was called with."""

    state: tuple[object, ...]
    is_entered_again: bool = False


class _Walk:
    """What a program reads. A value of None is made of leaves noted already, and of nothing else."""

    def __init__(self) -> None:
        self.uses: list[tuple[Path, Reduction]] = []
        self.passed: list[Path] = []
        self._steps = self._depth = 0
        self._is_path_kept = False  # inside a path expression, whose errors print what variables hold
        self._active: list[_Activation] = []

    def read(self, node: Node | None, at: Value | None, scope: Scope) -> None:
        """Note `node` as looked into."""
        if node is not None:
            self._whole(self.value(node, at, scope))

    def value(self, node: Node, at: Value | None, scope: Scope) -> Value | None:
        """Return what `node` gives for the input `at`."""
        self._steps += 1
        self._depth += 1
        if self._steps > _MAX_STEPS or self._depth > _MAX_DEPTH:
            raise NotLeavesError
        found = self._value(node, at, scope)
        self._depth -= 1
        return found

    def _value(self, node: Node, at: Value | None, scope: Scope) -> Value | None:  # noqa: PLR0911
        match node:
            case Identity():
                return at
            case Variable(name=name):
                return self._variable(name, scope)
            case Index(of=of, key=Text() as key) if key.constant is not None and key.format is None:
                return self._below(self.value(of, at, scope), key.constant)
            case Slice():
                self._slice(node, at, scope)
                return None
            case Binary():
                return self._binary(node, at, scope)
            case Call(name=name, arguments=arguments):
                return self._call(name, arguments, at, scope)
            case Label(body=body):
                return self.value(body, at, scope)
            case Try(body=body, handler=None):
                return self.value(body, at, scope)
            case If(condition=condition, then=then, otherwise=otherwise):
                self.read(condition, at, scope)
                return self._either(self.value(then, at, scope), self.value(otherwise, at, scope))
            case Bind(source=source, patterns=patterns, body=body):
                found = self.value(body, at, self._bound(patterns, self.value(source, at, scope), scope))
                return found if len(patterns) == 1 else self._made(found)  # an error in it tries the next pattern
            case Definition(rest=rest):
                return self.value(rest, at, defined(node, scope))
            case Literal() | Location() | Break():
                return None
        self._parts(node, at, scope)
        return None

    def _parts(self, node: Node, at: Value | None, scope: Scope) -> None:
        """Note all that a node reads whose value is new."""
        match node:
            case Index(of=of, key=key):
                self.read(of, at, scope)
                self.read(key, at, scope)
            case Text(parts=parts):
                for part in parts:
                    self.read(None if isinstance(part, str) else part, at, scope)
            case Negate(body=body) | Array(body=body) | Each(of=body):
                self.read(body, at, scope)
            case Try(body=body, handler=handler):
                self.read(body, at, scope)
                self.read(handler, None, scope)
            case Object(entries=entries):
                for key, value in entries:
                    self.read(key, at, scope)
                    if value is not None:
                        self.read(value, at, scope)
                    elif isinstance(key, Text) and key.constant is not None and key.format is None:
                        self._whole(self._below(at, key.constant))
                    else:
                        self._whole(at)
            case Reduce(source=source, patterns=patterns, start=start, update=update):
                self.read(start, at, scope)
                self.read(update, None, self._bound(patterns, self.value(source, at, scope), scope))
            case Foreach(source=source, patterns=patterns, start=start, update=update, extract=extract):
                self.read(start, at, scope)
                inside = self._bound(patterns, self.value(source, at, scope), scope)
                self.read(update, None, inside)
                self.read(extract, None, inside)
            case Format() | RecurseDefault():
                self._whole(at)
            case _:
                raise NotLeavesError

    def _whole(self, value: Value | None) -> None:
        if value is None:
            return
        if not value.path:
            raise NotLeavesError
        self.uses.append((value.path, None))

    def _made(self, value: Value | None) -> Value | None:
        """Return what is made of `value` by looking into it."""
        self._whole(value)
        return None

    def _either(self, one: Value | None, other: Value | None) -> Value | None:
        if one == other:
            return one
        self._whole(one)
        self._whole(other)
        return None

    def _below(self, value: Value | None, key: str) -> Value | None:
        if value is None or value.divisor:
            return self._made(value)
        below = child(value, key)
        self.passed.append(below.path)
        return below

    def _variable(self, name: str, scope: Scope) -> Value | None:
        if name not in scope.variables:
            raise NotLeavesError  # $ENV, or one that does not compile
        value = scope.variables[name]
        return self._made(value) if self._is_path_kept else value

    def _slice(self, node: Slice, at: Value | None, scope: Scope) -> None:
        of = self.value(node.of, at, scope)
        start, end = _constant(node.start, 0), _constant(node.end, None)
        if of is not None and of.path and not of.divisor and start is not None and end is not None:
            self.uses.append((of.path, Prefix(end)))
        else:
            self._whole(of)
            self.read(node.start, at, scope)
            self.read(node.end, at, scope)

    def _binary(self, node: Binary, at: Value | None, scope: Scope) -> Value | None:
        match node:
            case Binary(operator="|", left=left, right=right):
                return self.value(right, self.value(left, at, scope), scope)
            case Binary(operator=",", left=left, right=right):
                return self._either(self.value(left, at, scope), self.value(right, at, scope))
            case Binary(operator="/", left=left, right=Literal(value=float(divisor))) if divisor in _MAX_SECONDS:
                dividend = self.value(left, at, scope)
                if dividend is not None and dividend.path and not dividend.divisor:
                    return self._number(Value(dividend.path, int(divisor)))
                return self._made(dividend)
        if node.operator in _ASSIGNMENTS:
            self._whole(at)
            self._inside_a_path((node.left, node.right), scope)
            return None
        self.read(node.left, at, scope)
        self.read(node.right, at, scope)
        return None

    def _number(self, value: Value) -> Value:
        """Note that it matters whether there is a number, not yet which one."""
        limit = _limit(value)
        self.uses.append((value.path, Seconds(limit + 1, limit)))
        return value

    def _inside_a_path(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        """Note what is read where the input is known in whole, and values are told apart from paths."""
        outside, self._is_path_kept = self._is_path_kept, True
        for node in nodes:
            self.read(node, None, scope)
        self._is_path_kept = outside

    def _call(self, name: str, arguments: tuple[Node, ...], at: Value | None, scope: Scope) -> Value | None:
        function = scope.functions.get((name, len(arguments)))
        if function is not None:
            return self._inlined(function, arguments, at, scope)
        if name in _IMPURE:
            raise NotLeavesError
        match name, arguments:
            case "strftime", (Text() as pattern,) if pattern.constant is not None and at is not None and at.path:
                period = min((_DIRECTIVES.get(part[:1], 1) for part in pattern.constant.split("%")[1:]), default=_DAY)
                self.uses.append((at.path, Seconds(period * max(at.divisor, 1), _limit(at))))
                return None
            case "floor", () if at is not None and at.path and not self._is_path_kept:
                return self._number(replace(at, divisor=max(at.divisor, 1)))
            case "select", (condition,):
                self.read(condition, at, scope)
                return at
            case "first", (source,):
                return self.value(source, at, scope)
            case "limit", (count, source):
                self.read(count, at, scope)
                return self.value(source, at, scope)
            case "any" | "all", (source, condition):
                self.read(condition, self.value(source, at, scope), scope)
                return None
        if (name, len(arguments)) in _TRANSPARENT:
            for argument in arguments:
                self.read(argument, at, scope)
        else:
            self._whole(at)
            self._inside_a_path(arguments, scope)  # what their input is, the function decides; it is made of this one's
        return None

    def _inlined(
        self, function: Function | Closure, arguments: tuple[Node, ...], at: Value | None, scope: Scope
    ) -> Value | None:
        if isinstance(function, Closure):
            return self.value(function.node, at, function.scope)
        if function.body is None:
            raise NotLeavesError
        values = tuple(
            self.value(argument, at, scope) if parameter.startswith("$") else None
            for parameter, argument in zip(function.parameters, arguments, strict=True)
        )
        closures = tuple(
            None if parameter.startswith("$") else Closure(argument, scope)
            for parameter, argument in zip(function.parameters, arguments, strict=True)
        )
        state = (id(function), at, values, *map(id, closures), self._is_path_kept)
        if not any(closures):
            for activation in self._active:
                if activation.state == state:  # it reads what it is found to read; its value is noted below
                    activation.is_entered_again = True
                    return None
        self._active.append(_Activation(state))
        found = self.value(function.body, at, function.called(values, closures))
        return self._made(found) if self._active.pop().is_entered_again else found

    def _bound(self, patterns: tuple[Pattern, ...], value: Value | None, scope: Scope) -> Scope:
        if len(patterns) > 1:
            value = self._made(value)
        found: dict[str, Value | None] = {}
        for pattern in patterns:
            self._destructure(pattern, value, found)
        return scope.with_variables(found)

    def _destructure(self, pattern: Pattern, value: Value | None, found: dict[str, Value | None]) -> None:
        if isinstance(pattern, PatternVariable):
            found[pattern.name] = value
            return
        if isinstance(pattern, PatternArray):
            self._whole(value)
            for element in pattern.elements:
                self._destructure(element, None, found)
            return
        for name, key, inner in pattern.entries:
            constant = name if name is not None else key.constant if isinstance(key, Text) and not key.format else None
            if constant is None:
                raise NotLeavesError
            below = self._below(value, constant)
            if name is not None:
                found[name] = below
            if inner is not None:
                self._destructure(inner, below, found)


def _limit(value: Value) -> int:
    divisor = max(value.divisor, 1)
    return _MAX_SECONDS[divisor] * divisor


def _constant(node: Node | None, default: int | None) -> int | None:
    if node is None:
        return default
    if isinstance(node, Literal) and isinstance(node.value, float) and node.value.is_integer():
        return int(node.value)
    return None
