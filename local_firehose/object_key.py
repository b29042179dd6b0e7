"""The S3 key of a delivered object: the evaluated prefix and the object's name.

Pure: no clock, no network. Every instant passed in is aware and in the stream's CustomTimeZone.
Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and
https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
"""

import string
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from random import Random, SystemRandom
from uuid import UUID

from local_firehose.errors import PrefixExpressionError
from local_firehose.java_time_errors import PatternError
from local_firehose.java_time_format import TimePattern, compile_pattern
from local_firehose.prefix_expressions import (
    ERROR_OUTPUT_TYPE,
    FIREHOSE,
    LAMBDA,
    QUERY,
    RANDOM_STRING,
    TIMESTAMP,
    Expression,
    expressions_of,
    parse_prefix,
)

_HOUR_FOLDER = Expression(TIMESTAMP, "yyyy/MM/dd/HH/")
_RANDOM_LETTERS = (
    string.ascii_letters + string.digits
)  # observed: letters and digits only (floci-io/floci, S3ObjectKeyResolver)
RANDOM_STRING_CHARACTERS = 11  # documented
_EXTENSIONS = {
    "UNCOMPRESSED": "",
    "GZIP": ".gz",
    "ZIP": ".zip",
    "Snappy": ".snappy",
    "HADOOP_SNAPPY": ".snappy",  # observed: floci-io/floci#2328; documented as .hsnappy
    "ParquetSerDe": ".parquet",
    "OrcSerDe": ".orc",
}

RandomString = Callable[[], str]
_NO_KEYS: Mapping[str, str] = {}


class CompiledPrefix:
    """A prefix read once, to be evaluated often.

    `query_keys` and `lambda_keys` are the partition keys it names, in order and without repetition; `has_timestamp` and
    `has_random_string` say whether an evaluation depends on the instant and on chance. Without either, it depends on the keys alone.
    """

    __slots__ = ("_parts", "has_random_string", "has_timestamp", "lambda_keys", "prefix", "query_keys")

    def __init__(self, prefix: str, parts: tuple[str | Expression, ...]) -> None:
        self.prefix = prefix
        expressions = [part for part in parts if isinstance(part, Expression)]
        self.query_keys = _values(expressions, QUERY)
        self.lambda_keys = _values(expressions, LAMBDA)
        self.has_timestamp = any(expression.namespace == TIMESTAMP for expression in expressions)
        self.has_random_string = RANDOM_STRING in _values(expressions, FIREHOSE)
        self._parts = tuple(
            part if isinstance(part, str) else (part.namespace, _argument(part), part) for part in parts
        )

    def evaluate(
        self,
        *,
        arrived_at: datetime,
        partition_keys: Mapping[str, str] = _NO_KEYS,
        lambda_keys: Mapping[str, str] = _NO_KEYS,
        random_string: RandomString,
        error_output_type: str | None = None,
    ) -> str:
        """Return the folder part of an object key.

        Args:
            arrived_at: arrival of the object's oldest record; every timestamp expression uses it. # documented
            partition_keys: values that jq extracted; values go in raw, a ``/`` in one makes a folder. # decided: docs/fidelity/control-plane.md#key-values
            lambda_keys: values that the Lambda function returned.
            random_string: called once for each ``!{firehose:random-string}``. # documented: fresh per instance
            error_output_type: the value of ``!{firehose:error-output-type}``; None outside an error prefix.

        Raises:
            PrefixExpressionError: a key is missing, or the expression is not for this kind of prefix.
        """
        text = ""
        for part in self._parts:
            if isinstance(part, str):
                text += part
                continue
            namespace, argument, expression = part
            try:
                if namespace == QUERY:
                    text += partition_keys[argument]  # type: ignore[index]
                elif namespace == LAMBDA:
                    text += lambda_keys[argument]  # type: ignore[index]
                elif isinstance(argument, TimePattern):
                    text += argument.format(arrived_at)
                elif argument == RANDOM_STRING:
                    text += random_string()
                elif error_output_type is not None:
                    text += error_output_type
                else:
                    raise PrefixExpressionError(
                        str(expression), "only an ErrorOutputPrefix knows the error output type"
                    )
            except KeyError:
                known = ", ".join(partition_keys if namespace == QUERY else lambda_keys) or "none"
                raise PrefixExpressionError(str(expression), f"no such partition key; known: {known}") from None
            except PatternError as error:
                raise PrefixExpressionError(str(expression), error.reason) from error
        return text


def _values(expressions: list[Expression], namespace: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.value for found in expressions if found.namespace == namespace))


def _argument(expression: Expression) -> str | TimePattern:
    if expression.namespace == TIMESTAMP:
        try:
            return compile_pattern(expression.value)
        except PatternError as error:
            raise PrefixExpressionError(str(expression), error.reason) from error
    if expression.namespace in {QUERY, LAMBDA}:
        return expression.value
    if expression.namespace == FIREHOSE and expression.value in {RANDOM_STRING, ERROR_OUTPUT_TYPE}:
        return expression.value
    raise PrefixExpressionError(
        str(expression),
        f"unknown; known: !{{{TIMESTAMP}:…}}, !{{{FIREHOSE}:{RANDOM_STRING}}}, !{{{FIREHOSE}:{ERROR_OUTPUT_TYPE}}}, "
        f"!{{{QUERY}:…}}, !{{{LAMBDA}:…}}",
    )


@lru_cache(maxsize=4096)
def compile_prefix(prefix: str) -> CompiledPrefix:
    """Read a stream's Prefix; without any expression the arrival hour is appended to it.

    Raises:
        PrefixExpressionError: not a prefix that Firehose takes.
    """
    parts = parse_prefix(prefix)
    if not any(isinstance(part, Expression) for part in parts):
        # observed: appended verbatim, no slash inserted (floci-io/floci#1857). decided: docs/fidelity/control-plane.md#prefix-hour
        parts = (*parts, _HOUR_FOLDER)
    return CompiledPrefix(prefix, parts)


@lru_cache(maxsize=4096)
def compile_error_prefix(error_output_prefix: str, prefix: str) -> CompiledPrefix:
    """Read a stream's ErrorOutputPrefix; where it is empty, a literal Prefix stands in for it.

    Raises:
        PrefixExpressionError: not a prefix that Firehose takes.
    """
    parts = parse_prefix(error_output_prefix)
    if any(isinstance(part, Expression) for part in parts):
        return CompiledPrefix(error_output_prefix, parts)  # documented: no date is added
    if not error_output_prefix and not expressions_of(prefix):
        # documented: a literal Prefix leads; one with expressions needs an ErrorOutputPrefix and never comes here
        parts = parse_prefix(prefix)
    # observed: no slash between the literal and the type (govuk-one-login/data-analytics-platform)
    return CompiledPrefix(error_output_prefix, (*parts, Expression(FIREHOSE, ERROR_OUTPUT_TYPE), "/", _HOUR_FOLDER))


def evaluate_prefix(
    prefix: str,
    *,
    arrived_at: datetime,
    partition_keys: Mapping[str, str] = _NO_KEYS,
    lambda_keys: Mapping[str, str] = _NO_KEYS,
    random_string: RandomString,
) -> str:
    """Return the folder part of an object's key; see `CompiledPrefix.evaluate`.

    Raises:
        PrefixExpressionError: not a prefix that Firehose takes, or a key is missing.
    """
    return compile_prefix(prefix).evaluate(
        arrived_at=arrived_at, partition_keys=partition_keys, lambda_keys=lambda_keys, random_string=random_string
    )


def evaluate_error_prefix(
    error_output_prefix: str,
    prefix: str,
    *,
    arrived_at: datetime,
    error_output_type: str,
    random_string: RandomString,
) -> str:
    """Return the folder part of an error object's key.

    Raises:
        PrefixExpressionError: not a prefix that Firehose takes.
    """
    compiled = compile_error_prefix(error_output_prefix, prefix)
    return compiled.evaluate(arrived_at=arrived_at, random_string=random_string, error_output_type=error_output_type)


def object_name(stream_name: str, version: int, arrived_at: datetime, object_uuid: UUID, extension: str) -> str:
    """Return an object's name, the part of its key after the prefix; error objects have an empty extension."""
    # decided: docs/fidelity/control-plane.md#suffix-instant, the same instant as the prefix. observed: no extension on error objects
    return f"{stream_name}-{version}-{arrived_at:%Y-%m-%d-%H-%M-%S}-{object_uuid}{extension}"  # documented


def extension_of(compression_format: str, file_extension: str, serializer: str | None = None) -> str:
    """Return the extension of a delivered object: FileExtension if set, else that of the serializer or of the compression."""
    return (
        file_extension or _EXTENSIONS[serializer or compression_format]
    )  # documented + observed: it replaces the default


def new_random_string(random: Random | None = None) -> str:
    """Return eleven random letters and digits; from the system's randomness unless given another source."""
    return "".join((random or SystemRandom()).choices(_RANDOM_LETTERS, k=RANDOM_STRING_CHARACTERS))
