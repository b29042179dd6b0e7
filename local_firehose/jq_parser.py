"""Read a jq program by the grammar of jq 1.6, which is narrower than that of later versions.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/parser.y
"""

from collections.abc import Sequence

from local_firehose.jq_lexer import KEYWORDS, JqSyntaxError, Token, tokens
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

# Binding power, loosest first; the second number is that of the right operand.
_LEFT, _RIGHT, _NONE = 1, 0, 2
_OPERATORS: dict[str, tuple[int, int]] = {"|": (1, _RIGHT), ",": (2, _LEFT), "//": (3, _RIGHT)}
_OPERATORS |= dict.fromkeys(("=", "|=", "+=", "-=", "*=", "/=", "%=", "//="), (4, _NONE))
_OPERATORS |= {"or": (5, _LEFT), "and": (6, _LEFT)}
_OPERATORS |= dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), (7, _NONE))
_OPERATORS |= {"+": (8, _LEFT), "-": (8, _LEFT), "*": (9, _LEFT), "/": (9, _LEFT), "%": (9, _LEFT)}
_OPTIONAL, _TRY = 10, 11
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NAMES = {"eof": "nothing more", "word": "a name"}
_MAX_DEPTH = 120  # deeper programs would exhaust Python's stack long before libjq's limit of 10,000


def parse(program: str) -> Node:
    """Return the tree of `program`; one with definitions only is the identity.

    Raises:
        JqSyntaxError: not a program of jq 1.6, or one that loads modules (``import``, ``include``), which Firehose has no place for.
    """
    parser = _Parser(tokens(program))
    tree = parser.program()
    parser.expect("eof")
    return tree


class _Parser:
    def __init__(self, given: Sequence[Token]) -> None:
        self._tokens, self._at, self._depth = given, 0, 0

    # -- tokens --

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "eof"
        return token

    def _accept(self, kind: str) -> bool:
        if self._next.kind != kind:
            return False
        self._take()
        return True

    def expect(self, kind: str) -> Token:
        if self._next.kind != kind:
            raise self._unexpected(f"; {_NAMES.get(kind, kind)} belongs here")
        return self._take()

    def _unexpected(self, hint: str = "") -> JqSyntaxError:
        token = self._next
        what = "the end of the program" if token.kind == "eof" else repr(token.text or "a string")
        return JqSyntaxError(f"syntax error, unexpected {what} (line {token.line}){hint}")

    # -- expressions --

    def program(self) -> Node:
        if self._next.kind in {"module", "import", "include"}:
            # decided: docs/fidelity/processing.md#jq-modules
            raise JqSyntaxError(f"{self._next.text} is not available: the query cannot load modules")
        return self._expression(allow_missing_rest=True)

    def _expression(self, power: int = 0, *, allow_missing_rest: bool = False) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise JqSyntaxError(f"the program nests more than {_MAX_DEPTH} levels deep")
        left = self._prefix(allow_missing_rest=allow_missing_rest)
        last_comparison = 0
        while True:
            sign = self._next.kind
            if sign == "?" and power <= _OPTIONAL:
                self._take()
                left = Try(left)
                continue
            level, side = _OPERATORS.get(sign, (-1, _LEFT))
            if level < max(power, 1):
                break
            if side == _NONE and last_comparison == level:
                raise self._unexpected("; comparisons and assignments do not chain: use parentheses")
            self._take()
            right = self._expression(level if side == _RIGHT else level + 1)
            left = Binary(sign, left, right)
            last_comparison = level if side == _NONE else 0
        self._depth -= 1
        return left

    def _prefix(self, *, allow_missing_rest: bool = False) -> Node:
        match self._next.kind:
            case "def":
                return self._definition(allow_missing_rest=allow_missing_rest)
            case "-":
                self._take()
                return Negate(self._expression(_OPERATORS["-"][0] + 1))
            case "try":
                self._take()
                body = self._expression(_TRY)
                return Try(body, self._expression(_TRY) if self._accept("catch") else None)
            case "label":
                self._take()
                self.expect("$")
                name = self.expect("word").text
                self.expect("|")
                return Label(name, self._expression())
            case "if":
                self._take()
                return self._if()
            case "reduce" | "foreach":
                return self._loop(self._take().kind)
        term = self._term()
        if self._accept("as"):
            patterns = self._patterns()
            self.expect("|")
            return Bind(term, patterns, self._expression())
        return term

    def _definition(self, *, allow_missing_rest: bool) -> Node:
        self._take()
        name = self.expect("word").text
        parameters: list[str] = []
        if self._accept("("):
            while True:
                sign = "$" if self._accept("$") else ""
                parameters.append(sign + self.expect("word").text)
                if not self._accept(";"):
                    break
            self.expect(")")
        self.expect(":")
        body = self._expression()
        self.expect(";")
        if allow_missing_rest and self._next.kind == "eof":
            return Definition(name, tuple(parameters), body, Identity())
        rest = self._expression(allow_missing_rest=allow_missing_rest)
        return Definition(name, tuple(parameters), body, rest)

    def _if(self) -> Node:
        condition = self._expression()
        self.expect("then")
        then = self._expression()
        if self._accept("elif"):
            return If(condition, then, self._if())
        self.expect("else")
        otherwise = self._expression()
        self.expect("end")
        return If(condition, then, otherwise)

    def _loop(self, kind: str) -> Node:
        source = self._term()
        self.expect("as")
        patterns = self._patterns()
        self.expect("(")
        start = self._expression()
        self.expect(";")
        update = self._expression()
        extract = self._expression() if kind == "foreach" and self._accept(";") else None
        self.expect(")")
        if kind == "reduce":
            return Reduce(source, patterns, start, update)
        return Foreach(source, patterns, start, update, extract)

    # -- terms --

    def _term(self) -> Node:
        term = self._first_term()
        while True:
            kind = self._next.kind
            if kind == "field":
                term = Index(term, Text((self._take().text[1:],)), self._accept("?"))
            elif kind == "." and self._tokens[self._at + 1].kind in {"string", "format"}:
                self._take()
                term = Index(term, self._string(), self._accept("?"))
            elif kind == "[":
                term = self._brackets(term)
            else:
                return term

    def _first_term(self) -> Node:
        match self._next.kind:
            case "field" | "." | "..":
                return self._path_start()
            case "number":
                number = self._take()
                return Literal(_number(number), number.text)
            case "string":
                return self._string()
            case "format":
                return self._string() if self._at_string() else Format(self._take().text[1:])
            case "(" | "[" | "{":
                return self._bracketed()
            case "$":
                return self._variable()
            case "break":
                self._take()
                self.expect("$")
                return Break(self.expect("word").text)
            case "word":
                return self._call()
        raise self._unexpected()

    def _path_start(self) -> Node:
        token = self._take()
        if token.kind == "..":
            return RecurseDefault()
        if token.kind == "field":
            return Index(Identity(), Text((token.text[1:],)), self._accept("?"))
        return Index(Identity(), self._string(), self._accept("?")) if self._at_string() else Identity()

    def _at_string(self) -> bool:
        kind = self._next.kind
        return kind == "string" or (kind == "format" and self._tokens[self._at + 1].kind == "string")

    def _bracketed(self) -> Node:
        if self._next.kind == "{":
            return self._object()
        if self._accept("("):
            inner = self._expression()
            self.expect(")")
            return inner
        self._take()
        if self._accept("]"):
            return Array(None)
        body = self._expression()
        self.expect("]")
        return Array(body)

    def _variable(self) -> Node:
        self._take()
        if self._next.kind == "__loc__":
            return Location(self._take().line)
        return Variable(self.expect("word").text)

    def _call(self) -> Node:
        name = self._take().text
        if not self._accept("("):
            return Literal(_CONSTANTS[name], name) if name in _CONSTANTS else Call(name)
        arguments = [self._expression()]
        while self._accept(";"):
            arguments.append(self._expression())
        self.expect(")")
        return Call(name, tuple(arguments))

    def _brackets(self, term: Node) -> Node:
        self._take()
        if self._accept("]"):
            return Each(term, self._accept("?"))
        if self._accept(":"):
            end = self._expression()
            self.expect("]")
            return Slice(term, None, end, self._accept("?"))
        key = self._expression()
        if self._accept(":"):
            stop = None if self._next.kind == "]" else self._expression()
            self.expect("]")
            return Slice(term, key, stop, self._accept("?"))
        self.expect("]")
        return Index(term, key, self._accept("?"))

    def _string(self) -> Text:
        name = self._take().text[1:] if self._next.kind == "format" else None
        parts: list[str | Node] = []
        for part in self.expect("string").parts:
            if isinstance(part, str):
                parts.append(part)
            else:
                inner = _Parser(part)
                inner._depth = self._depth
                parts.append(inner._expression())
                inner.expect("eof")
        return Text(tuple(parts), name)

    # -- objects and patterns --

    def _object(self) -> Node:
        self._take()
        entries: list[tuple[Node, Node | None]] = []
        while self._next.kind != "}":
            entries.append(self._entry())
            if not self._accept(","):
                break
        self.expect("}")
        return Object(tuple(entries))

    def _entry(self) -> tuple[Node, Node | None]:
        token = self._next
        if token.kind == "$":
            self._take()
            name = self.expect("word").text
            return Text((name,)), Variable(name)
        key = self._key()
        if self._accept(":"):
            return key, self._entry_value()
        if token.kind == "word" or token.kind in {"string", "format"}:
            return key, None
        raise self._unexpected("; : belongs here")

    def _key(self) -> Node:
        token = self._next
        if token.kind == "word" or token.kind in KEYWORDS:
            return Text((self._take().text,))
        if token.kind in {"string", "format"}:
            return self._string()
        self.expect("(")
        key = self._expression()
        self.expect(")")
        return key

    def _entry_value(self) -> Node:
        value: Node = Negate(self._negated()) if self._accept("-") else self._term()
        if self._accept("|"):
            return Binary("|", value, self._entry_value())
        return value

    def _negated(self) -> Node:
        return Negate(self._negated()) if self._accept("-") else self._term()

    def _patterns(self) -> tuple[Pattern, ...]:
        patterns = [self._pattern()]
        while self._accept("?//"):
            patterns.append(self._pattern())
        return tuple(patterns)

    def _pattern(self) -> Pattern:
        if self._accept("$"):
            return PatternVariable(self.expect("word").text)
        if self._accept("["):
            elements = [self._pattern()]
            while self._accept(","):
                elements.append(self._pattern())
            self.expect("]")
            return PatternArray(tuple(elements))
        self.expect("{")
        entries = [self._pattern_entry()]
        while self._accept(","):
            entries.append(self._pattern_entry())
        self.expect("}")
        return PatternObject(tuple(entries))

    def _pattern_entry(self) -> tuple[str | None, Node | None, Pattern | None]:
        if self._accept("$"):
            name = self.expect("word").text
            return name, None, self._pattern() if self._accept(":") else None
        key = self._key()
        self.expect(":")
        return None, key, self._pattern()


def _number(token: Token) -> float:
    text = token.text
    mantissa = text.replace("E", "e").partition("e")[0]
    if mantissa.count(".") > 1 or not mantissa.strip("."):
        raise JqSyntaxError(f"{text} is not a number (line {token.line})")
    return float(text)
