"""Bytes as the text that libjq reads in them: what is not UTF-8 becomes U+FFFD, in the places where jq puts it.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/jv_unicode.c
"""

import re

_LONG_SEQUENCE = re.compile(rb"[\xe0-\xef][\x80-\xbf]{0,2}|[\xf0-\xf4][\x80-\xbf]{0,3}")
_REPLACEMENT = "\ufffd".encode()


def as_text(data: bytes) -> str:
    r"""Return the text of `data`.

    A sequence that is whole but stands for no character (half of a surrogate pair, a number too large, a detour) is one replacement
    character, not one for each byte as Python has it.

    >>> as_text(b"a\xed\xa0\x80b") == "a\ufffdb"
    True
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _LONG_SEQUENCE.sub(_checked, data).decode("utf-8", "replace")


def _checked(match: re.Match[bytes]) -> bytes:
    try:
        match[0].decode()
    except UnicodeDecodeError:
        return _REPLACEMENT
    return match[0]
