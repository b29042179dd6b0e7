"""What a jq result means as partition keys: which values name a folder, and which fail the record.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html; rows in docs/fidelity/processing.md.
"""

import json
from dataclasses import dataclass

from firehose_spec.error_documents import NON_JSON_MESSAGE, NULL_KEY_MESSAGE
from local_firehose.jq_dialect import message_as_in_16
from local_firehose.jq_numbers import number_text


@dataclass(frozen=True, slots=True)
class KeyFailure:
    """A record without partition keys; `message` is what its error line says."""

    message: str


NOT_JSON = KeyFailure(NON_JSON_MESSAGE)  # observed: also for several documents in one record
EMPTY_KEY = KeyFailure(NULL_KEY_MESSAGE)  # observed: null, missing and "" alike

ERROR_MEMBER = "error"


def guarded(program: str) -> str:
    """Return `program` so wrapped that each input gives one result: the list of its outputs, or an object that holds its error."""
    return f"try [({program}\n)] catch {{{ERROR_MEMBER}: .}}"


def key_values(result: object, keys: tuple[str, ...]) -> tuple[str, ...] | KeyFailure:
    """Return the text of each key.

    Args:
        result: what a `guarded` program gave for one record.
        keys: the names to read, in the order wanted.
    """
    if not isinstance(result, list):
        return _program_error(result)
    if len(result) != 1:
        if not result:
            return EMPTY_KEY
        # decided: one record has one folder
        return KeyFailure(f"the query gave {len(result)} results for one record; it must give one object")
    found = result[0]
    if not isinstance(found, dict):
        return EMPTY_KEY if found is None else KeyFailure(f"the query gave {_kind(found)}; it must give one object")
    values = []
    for key in keys:
        value = found.get(key)
        if isinstance(value, str):
            text = value
        elif value is None:
            text = ""
        elif isinstance(value, bool):
            text = "true" if value else "false"  # decided: as jq prints it
        elif isinstance(value, (int, float)):
            text = number_text(value)  # decided: as jq prints it
        else:
            return KeyFailure(f"partition key {key} is {_kind(value)}; it must be a string, a number or a boolean")
        if not text:
            return EMPTY_KEY
        values.append(text)
    return tuple(values)


def _program_error(result: object) -> KeyFailure:
    error = result.get(ERROR_MEMBER) if isinstance(result, dict) else result
    # decided: jq's own words, as AWS's are unpublished
    if isinstance(error, str):
        return KeyFailure(message_as_in_16(error))
    return KeyFailure(f"(not a string): {json.dumps(error, separators=(',', ':'))}")


def _kind(value: object) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case str():
            return "a string"
        case bool():
            return "a boolean"
        case _:
            return "a number"
