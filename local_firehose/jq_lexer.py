"""Cut a jq 1.6 program into tokens.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/lexer.l
"""

import re
from dataclasses import dataclass

KEYWORDS = frozenset(
    {
        "as",
        "import",
        "include",
        "module",
        "def",
        "if",
        "then",
        "else",
        "elif",
        "and",
        "or",
        "end",
        "reduce",
        "foreach",
        "try",
        "catch",
        "label",
        "break",
        "__loc__",
    }
)
_IDENTIFIER = r"(?:[a-zA-Z_][a-zA-Z_0-9]*::)*[a-zA-Z_][a-zA-Z_0-9]*"
_SPACE = re.compile(r"(?:[ \n\t]+|#[^\r\n]*)+")
_TOKEN = re.compile(
    rf"(?P<field>\.[a-zA-Z_][a-zA-Z_0-9]*)"
    rf"|(?P<recurse>\.\.(?![0-9.]))"
    rf"|(?P<number>(?:[0-9][0-9.]*|\.[0-9.]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<word>{_IDENTIFIER})"
    rf"|(?P<format>@[a-zA-Z0-9_]+)"
    rf"|(?P<sign>\?//|//=|!=|==|//|\|=|\+=|-=|\*=|/=|%=|<=|>=|[.?=;,:|+\-*/%$<>\[\]{{}}()])"
)
_STRING_PIECE = re.compile(r'(?P<escapes>(?:\\[^u(]|\\u[a-zA-Z0-9]{0,4})+)|(?P<plain>[^\\"]+)')
_SIMPLE_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(?:u([a-zA-Z0-9]{0,4})|(.))", re.DOTALL)


class JqSyntaxError(ValueError):
    """The text is not a program; the message says where."""


@dataclass(frozen=True, slots=True)
class Token:
    r"""`kind` is ``field``, ``number``, ``word``, ``format``, ``string``, ``eof``, or the keyword or sign itself.

    A string's `parts` are pieces of text and, for each ``\(…)``, the tokens in it.
    """

    kind: str
    text: str
    line: int
    parts: tuple["str | tuple[Token, ...]", ...] = ()


def tokens(program: str) -> tuple[Token, ...]:
    """Return the tokens of `program`, the last one of kind ``eof``.

    Raises:
        JqSyntaxError: a character or an escape that jq does not know, or a string without its end.
    """
    found, at = _until(program, 0, closing=False)
    return (*found, Token("eof", "", program.count("\n", 0, at) + 1))


def _until(program: str, at: int, *, closing: bool) -> tuple[list[Token], int]:
    """Read tokens to the end of the text, or (`closing`) to the parenthesis that ends an interpolation."""
    found: list[Token] = []
    depth = 0
    while True:
        if space := _SPACE.match(program, at):
            at = space.end()
        line = program.count("\n", 0, at) + 1
        if at == len(program):
            if closing:
                raise JqSyntaxError(f"a string's \\( has no end (line {line})")
            return found, at
        if program[at] == '"':
            parts, at = _string(program, at + 1)
            found.append(Token("string", "", line, parts))
            continue
        match = _TOKEN.match(program, at)
        if match is None:
            raise JqSyntaxError(f"unexpected character {program[at]!r} (line {line})")
        kind, text = str(match.lastgroup), match[0]
        if kind in {"sign", "recurse"} or (kind == "word" and text in KEYWORDS):
            kind = text
        if closing:
            depth += text in {"(", "[", "{"}
            if text == ")" and depth == 0:
                return found, match.end()
            depth -= text in {")", "]", "}"}
        found.append(Token(kind, text, line))
        at = match.end()


def _string(program: str, at: int) -> tuple[tuple[str | tuple[Token, ...], ...], int]:
    parts: list[str | tuple[Token, ...]] = []
    while True:
        if program.startswith('"', at):
            return tuple(parts), at + 1
        if program.startswith("\\(", at):
            inner, at = _until(program, at + 2, closing=True)
            parts.append((*inner, Token("eof", "", program.count("\n", 0, at) + 1)))
            continue
        piece = _STRING_PIECE.match(program, at)
        if piece is None:
            raise JqSyntaxError(f"a string has no end (line {program.count(chr(10), 0, at) + 1})")
        parts.append(_unescaped(piece[0]) if piece["escapes"] else piece[0])
        at = piece.end()


def _unescaped(text: str) -> str:
    """Return what JSON escapes stand for; halves of a surrogate pair that stand alone become U+FFFD, as in libjq."""
    units = []
    for digits, letter in _ESCAPE.findall(text):
        if letter:
            if letter not in _SIMPLE_ESCAPES:
                raise JqSyntaxError(f"\\{letter} is not an escape of a string")
            units.append(_SIMPLE_ESCAPES[letter])
        elif not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise JqSyntaxError(f"\\u{digits} is not an escape of a string: it needs four hexadecimal digits")
        else:
            units.append(chr(int(digits, 16)))
    return "".join(units).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
