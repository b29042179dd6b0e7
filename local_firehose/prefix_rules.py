"""What AWS takes as Prefix and ErrorOutputPrefix at create and update, with its messages.

Pure. Marks: every message was observed on AWS (cdk-preflight, 2026-09; terraform-provider-aws#13416) unless a line says otherwise.
Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

from collections.abc import Mapping
from typing import Any

from firehose_spec.quotas import MAX_EVALUATED_PREFIX_CHARACTERS
from local_firehose.errors import InvalidArgumentError, PrefixExpressionError
from local_firehose.java_time_errors import PatternError
from local_firehose.java_time_format import compile_pattern
from local_firehose.prefix_expressions import (
    ERROR_OUTPUT_TYPE,
    FIREHOSE,
    NAMESPACES,
    PARTITION_NAMESPACES,
    RANDOM_STRING,
    TIMESTAMP,
    Expression,
    expressions_of,
    parse_prefix,
)

_LEAD = "The supplied prefix(es) do not satisfy the following constraint: "
_ERROR_TYPE = Expression(FIREHOSE, ERROR_OUTPUT_TYPE)


def check_prefixes(configuration: Mapping[str, Any]) -> None:
    """Refuse a pair of Prefix and ErrorOutputPrefix.

    Raises:
        InvalidArgumentError: AWS's words.
    """
    prefix, error_prefix = configuration.get("Prefix", ""), configuration.get("ErrorOutputPrefix", "")
    for text in (prefix, error_prefix):  # first: a stray "!{" is named as such though ErrorOutputPrefix is absent too
        _check_syntax(text)
    if expressions_of(prefix) and not error_prefix:
        raise _refusal("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
    if expressions_of(error_prefix) and _ERROR_TYPE not in expressions_of(error_prefix):
        raise _refusal("ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}")
    if _ERROR_TYPE in expressions_of(prefix):
        raise _refusal("Prefix must not contain any occurrence of !{firehose:error-output-type}")
    for name, text in (("Prefix", prefix), ("ErrorOutputPrefix", error_prefix)):
        for expression in expressions_of(text):
            _check_expression(expression, member=name)
    for name, text in (("prefix", prefix), ("ErrorOutputPrefix", error_prefix)):
        if _evaluated_length(text) > MAX_EVALUATED_PREFIX_CHARACTERS:
            raise _refusal(f"Length of evaluated {name} cannot be greater than {MAX_EVALUATED_PREFIX_CHARACTERS}")


def check_partitioned_prefix(configuration: Mapping[str, Any], *, is_partitioned: bool) -> None:
    """Refuse partition keys where they can't be, and their absence where they must be.

    Raises:
        InvalidArgumentError: AWS's words.
    """
    if _partition_keys(configuration.get("ErrorOutputPrefix", "")):
        raise InvalidArgumentError("Dynamic Partitioning Namespaces can't be part of an error prefix expression")
    keys = _partition_keys(configuration.get("Prefix", ""))
    if keys and not is_partitioned:
        raise InvalidArgumentError(
            "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled."
        )
    if is_partitioned and not keys:
        raise InvalidArgumentError(
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled"
        )


def _refusal(constraint: str) -> InvalidArgumentError:
    return InvalidArgumentError(_LEAD + constraint)


def _partition_keys(prefix: str) -> list[Expression]:
    return [expression for expression in expressions_of(prefix) if expression.namespace in PARTITION_NAMESPACES]


def _check_syntax(prefix: str) -> None:
    try:
        parse_prefix(prefix)
    except PrefixExpressionError as error:
        raise _refusal(f"Invalid expression usage: {prefix}.Must be of the form !{{<namespace>:<value>}}") from error


def _check_expression(expression: Expression, *, member: str) -> None:
    if expression.namespace not in NAMESPACES:
        raise _refusal(f"Namespace to the left of colon ({expression.namespace}) is an invalid keyword!")
    if not _is_value_taken(expression):
        raise _refusal(f"Invalid conversion character used in the value of the expression in {member}")


def _is_value_taken(expression: Expression) -> bool:
    if expression.namespace == FIREHOSE:
        return expression.value in {RANDOM_STRING, ERROR_OUTPUT_TYPE}
    if expression.namespace == TIMESTAMP:
        try:
            compile_pattern(expression.value)
        except PatternError:
            return False
    return bool(expression.value)  # decided: docs/fidelity/control-plane.md#empty-value; an empty value names nothing


def _evaluated_length(prefix: str) -> int:
    """The least length: each literal character, and one for each expression."""
    # decided: docs/fidelity/control-plane.md#prefix-length, what an expression expands to is unknown at create
    return sum(len(part) if isinstance(part, str) else 1 for part in parse_prefix(prefix))
