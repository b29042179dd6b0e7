"""The keys that a MetadataExtraction query yields, read off the query without running it on data.

Talks to: libjq, to compile. Firehose wants an object constructor, such as ``{store_id: .store_id}``; it refuses a query with keys that
the Prefix does not name. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
"""

import re

import jq

_KEY = re.compile(r'\s*(?:([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"\\]|\\.)*)"|\$([A-Za-z_][A-Za-z0-9_]*))\s*')
_OPENING, _CLOSING = "([{", ")]}"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"#[^\n]*")


class QueryError(ValueError):
    """A query that jq does not compile; `reason` is jq's message on one line."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def output_keys(query: str) -> frozenset[str] | None:
    """Return the keys of a query that is one object constructor; None where they cannot be read off.

    >>> sorted(output_keys('{store: .store_id, "day": (.at | strftime("%d")), region}'))
    ['day', 'region', 'store']

    Raises:
        QueryError: jq does not compile it.
    """
    try:
        jq.compile(query)
    except ValueError as error:
        raise QueryError(" ".join(str(error).split())) from error
    entries = _entries(query)
    if entries is None:
        return None
    keys = []
    for entry in entries:
        match = _KEY.match(entry)
        if not match or "\\(" in (match[2] or "") or entry[match.end() : match.end() + 1] not in {"", ":"}:
            return None
        keys.append(match[1] or match[2] or match[3])
    return frozenset(keys)


def _entries(query: str) -> list[str] | None:
    """The comma-separated entries of ``{…}``, or None when the query is anything else."""
    text = query.strip()
    if not (text.startswith("{") and text.endswith("}")) or _COMMENT.search(_STRING.sub('""', text)):
        return None
    depth, start, entries, at = 0, 1, [], 0
    while at < len(text):
        character = text[at]
        if character == '"':
            string = _STRING.match(text, at)
            if string is None or "\\(" in string[0]:
                return None
            at = string.end()
            continue
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
            if depth == 0 and at != len(text) - 1:
                return None
        elif character == "," and depth == 1:
            entries.append(text[start:at])
            start = at + 1
        at += 1
    entries.append(text[start : len(text) - 1])
    return [entry for entry in entries if entry.strip()]
