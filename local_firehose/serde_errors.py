"""Why a record could not be converted, in the words that AWS puts into ``lastErrorCode`` and ``lastErrorMessage``.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html

ConversionError
├── MalformedJsonError    the record is not JSON (DataFormatConversion.ParseError)
└── MalformedDataError    it is JSON, but not the table's (DataFormatConversion.MalformedData)
"""

from firehose_spec.error_documents import (
    EMPTY_RECORD_MESSAGE,
    MALFORMED_DATA_CODE,
    MALFORMED_JSON_LEAD,
    PARSE_ERROR_CODE,
    SCHEMA_MISMATCH_LEAD,
)


class ConversionError(Exception):
    """One record fails and the others go on; `code` and `message` are what its error line says."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class MalformedJsonError(ConversionError):
    """`reason` is the parser's own text."""

    # observed: floci-io/floci FirehoseParquetConverterTest

    def __init__(self, reason: str) -> None:
        super().__init__(PARSE_ERROR_CODE, MALFORMED_JSON_LEAD + reason)


class MalformedDataError(ConversionError):
    """`reason` is what the SerDe's Java code says about the value."""

    # observed: floci-io/floci FirehoseParquetConverterTest

    def __init__(self, reason: str, *, lead: str = SCHEMA_MISMATCH_LEAD) -> None:
        super().__init__(MALFORMED_DATA_CODE, lead + reason)


def empty_record() -> MalformedDataError:
    """Return the refusal of an empty or blank record: not a parse error."""
    # observed: an error object of 2026-09
    return MalformedDataError(EMPTY_RECORD_MESSAGE, lead="")


def primitive_record() -> MalformedDataError:
    """Return the refusal of a record that is a bare string, number, boolean or null."""
    # decided: docs/fidelity/conversion.md#documents
    return MalformedDataError(
        "The input JSON contained a primitive at the top level. The top level must be an object or array.", lead=""
    )


def array_record() -> MalformedDataError:
    """Return the refusal of a top-level array."""
    # documented: not a valid input; # decided: code and text are ours
    return MalformedDataError("An array of JSON documents is not a valid input.", lead="")
