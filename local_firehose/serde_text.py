"""Text as Hive stores it: valid UTF-8, and at most n characters in char(n) and varchar(n).

Pure. Source: https://cwiki.apache.org/confluence/display/Hive/LanguageManual+Types
"""


def utf8_text(text: str) -> str:
    """Return `text` with each half of a broken surrogate pair as ``?``, as Java encodes it."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def limited_text(text: str | None, name: str, length: int) -> str | None:
    """Return what fits into char(length) or varchar(length): cut after that many characters; char loses blanks at its end.

    # documented: Hive cuts silently
    """
    if text is None:
        return None
    cut = text[:length]
    return cut.rstrip(" ") if name == "char" else cut
