"""The syntax tree of a jq 1.6 program.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/parser.y
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """``.``."""


@dataclass(frozen=True, slots=True)
class RecurseDefault:
    """``..``."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, ``true``, ``false`` or ``null``; `text` is a number as written."""

    value: float | bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    r"""A string, with what stands in ``\(…)`` as nodes; `format` is the name after ``@``, if any."""

    parts: tuple["str | Node", ...]
    format: str | None = None

    @property
    def constant(self) -> str | None:
        """The string, if nothing is interpolated."""
        return None if any(not isinstance(part, str) for part in self.parts) else "".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Format:
    """``@base64`` and the like, applied to the input."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``of.key``, ``of["key"]``, ``of[0]``; `key` is evaluated on the input of the whole term."""

    of: "Node"
    key: "Node"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Each:
    """``of[]``."""

    of: "Node"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """``of[start:end]``."""

    of: "Node"
    start: "Node | None"
    end: "Node | None"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """``[body]``."""

    body: "Node | None"


@dataclass(frozen=True, slots=True)
class Object:
    """``{key: value, …}``; a value of None stands for the shorthand ``{key}``."""

    entries: tuple[tuple["Node", "Node | None"], ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Location:
    """``$__loc__``."""

    line: int


@dataclass(frozen=True, slots=True)
class Call:
    """``name`` or ``name(a; b)``."""

    name: str
    arguments: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands: pipe, comma, arithmetic, comparison, ``and``, ``or``, ``//`` and every assignment."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negate:
    """``-body``."""

    body: "Node"


@dataclass(frozen=True, slots=True)
class Try:
    """``try body catch handler``; ``body?`` and ``try body`` have no handler."""

    body: "Node"
    handler: "Node | None" = None


@dataclass(frozen=True, slots=True)
class If:
    """``if condition then then else otherwise end``; ``elif`` is an `If` in `otherwise`."""

    condition: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class PatternVariable:
    """``$name`` on the left of a binding."""

    name: str


@dataclass(frozen=True, slots=True)
class PatternArray:
    """``[$a, …]``."""

    elements: tuple["Pattern", ...]


@dataclass(frozen=True, slots=True)
class PatternObject:
    """``{key: pattern, $name, $name: pattern}``; `key` is None where `name` gives it."""

    entries: tuple[tuple[str | None, "Node | None", "Pattern | None"], ...]


Pattern = PatternVariable | PatternArray | PatternObject


@dataclass(frozen=True, slots=True)
class Bind:
    """``source as pattern ?// pattern | body``."""

    source: "Node"
    patterns: tuple[Pattern, ...]
    body: "Node"


@dataclass(frozen=True, slots=True)
class Reduce:
    """``reduce source as pattern (start; update)``."""

    source: "Node"
    patterns: tuple[Pattern, ...]
    start: "Node"
    update: "Node"


@dataclass(frozen=True, slots=True)
class Foreach:
    """``foreach source as pattern (start; update; extract)``."""

    source: "Node"
    patterns: tuple[Pattern, ...]
    start: "Node"
    update: "Node"
    extract: "Node | None"


@dataclass(frozen=True, slots=True)
class Label:
    """``label $name | body``."""

    name: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Break:
    """``break $name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Definition:
    """``def name(parameters): body; rest``; a parameter is written ``f`` or ``$x``."""

    name: str
    parameters: tuple[str, ...]
    body: "Node"
    rest: "Node"


Node = (
    Identity
    | RecurseDefault
    | Literal
    | Text
    | Format
    | Index
    | Each
    | Slice
    | Array
    | Object
    | Variable
    | Location
    | Call
    | Binary
    | Negate
    | Try
    | If
    | Bind
    | Reduce
    | Foreach
    | Label
    | Break
    | Definition
)
