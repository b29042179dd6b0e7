r"""Java regular expressions of the service model, matched in Python.

Pure. The model's patterns are Java's: classes are ASCII, a dot stops at Java's line terminators, ``\p{…}`` names Unicode categories.
"""

import re
from functools import cache

_LINE_ENDS = r"\n\r\u0085\u2028\u2029"
_SEPARATORS = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # \p{Z}
_LETTERS_AND_NUMBERS = r"\w"  # \p{L} and \p{N}; with the underscore that each such class of the model has anyway
_TOKEN = re.compile(r"\\p\{(.)\}|\\.|\[\^?|\]|\.", re.DOTALL)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    in_class = False

    def translate(match: re.Match[str]) -> str:
        nonlocal in_class
        piece = match[0]
        if piece.startswith("[") and not in_class:
            in_class = True
        elif piece == "]":
            in_class = False
        elif piece == "." and not in_class:
            return f"[^{_LINE_ENDS}]"
        elif match[1]:
            return _SEPARATORS if match[1] == "Z" else _LETTERS_AND_NUMBERS
        return piece

    return re.compile(_TOKEN.sub(translate, pattern), 0 if r"\p" in pattern else re.ASCII)


def java_fullmatch(pattern: str, text: str) -> bool:
    """Say whether the whole text matches, as ``String.matches`` does.

    >>> java_fullmatch("a.c", "abc"), java_fullmatch("a.c", "abcd")
    (True, False)
    """
    return _compiled(pattern).fullmatch(text) is not None
