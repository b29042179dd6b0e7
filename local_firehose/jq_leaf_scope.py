"""What the names in a jq program stand for while it is walked for the leaves that it reads.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/compile.c
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from local_firehose.jq_builtins import FUNCTIONS
from local_firehose.jq_leaf import Path
from local_firehose.jq_syntax import Definition, Node

_BUILTINS = frozenset(name for name, _ in FUNCTIONS)
_DOUBTFUL = "\ufffd"  # what libjq reads in place of bytes that are no text


class NotLeavesError(Exception):
    """The result depends on more than leaves, or this cannot be told."""


@dataclass(frozen=True, slots=True)
class Value:
    """The record's value at a path; with a `divisor`, the number there divided by it, in whole or with its fraction."""

    path: Path
    divisor: int = 0


def child(value: Value, key: str) -> Value:
    """Return the value below a key.

    Raises:
        NotLeavesError: other keys of a record could be read as this one.
    """
    if _DOUBTFUL in key or "\0" in key:
        raise NotLeavesError
    return Value((*value.path, key))


@dataclass(frozen=True, slots=True)
class Closure:
    """An argument that is a filter, with the names where it was written."""

    node: Node
    scope: "Scope"


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A definition; `body` is None for a parameter ``$x`` called as ``x``, which nobody writes."""

    name: str
    parameters: tuple[str, ...]
    body: Node | None
    scope: "Scope"

    def called(self, values: Sequence[Value | None], closures: Sequence[Closure | None]) -> "Scope":
        """Return the names inside a call."""
        functions: dict[tuple[str, int], Function | Closure] = {(self.name, len(self.parameters)): self}
        variables: dict[str, Value | None] = {}
        for parameter, value, closure in zip(self.parameters, values, closures, strict=True):
            if closure is None:
                variables[parameter[1:]] = value
                functions[parameter[1:], 0] = Function(parameter, (), None, self.scope)
            else:
                functions[parameter, 0] = closure
        scope = self.scope
        return replace(scope, functions={**scope.functions, **functions}, variables={**scope.variables, **variables})


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Variables and functions that can be named at one place of a program, builtins apart."""

    variables: Mapping[str, Value | None] = field(default_factory=dict)
    functions: Mapping[tuple[str, int], Function | Closure] = field(default_factory=dict)

    def with_variables(self, found: Mapping[str, Value | None]) -> "Scope":
        """Return the names behind a binding."""
        return replace(self, variables={**self.variables, **found})


def defined(node: Definition, scope: Scope) -> Scope:
    """Return the names behind a definition.

    Raises:
        NotLeavesError: it takes a builtin's name. libjq looks up operators by names too: ``+`` is `_plus`, ``..`` is `recurse`.
    """
    for name in (node.name, *(parameter.removeprefix("$") for parameter in node.parameters)):
        if name in _BUILTINS or name.startswith("_") or name == "format":
            raise NotLeavesError
    function = Function(node.name, node.parameters, node.body, scope)
    return replace(scope, functions={**scope.functions, (node.name, len(node.parameters)): function})
