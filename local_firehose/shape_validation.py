"""The first validation layer: an operation's input against botocore's own service model, in AWS's words.

Talks to: the service model that botocore ships. Wrong JSON types are a SerializationException; everything else that the model forbids is
collected and joined in one ValidationException. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_Operations.html
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.session import get_session

from local_firehose.errors import SerializationError, ValidationError
from local_firehose.java_hash_order import enum_order, member_order
from local_firehose.shape_patterns import java_fullmatch

# The pattern as AWS prints it, where it differs from the model's. observed: floci-io/floci S3DestinationValidator
_PATTERN_TEXT = {"FileExtension": r"^(|\.[0-9a-z!\-_.*'()]+)$"}
_INTEGER_BITS = {"integer": 31, "long": 63}

Document = dict[str, Any]


@cache
def _model() -> Any:
    return get_session().get_service_model("firehose")


def operation_names() -> frozenset[str]:
    """Return the operations of the service model."""
    return frozenset(_model().operation_names)


def read_input(operation: str, document: object) -> Document:
    """Return the operation's input without nulls and unknown members.

    Raises:
        SerializationError: a member has another JSON type than the model's.
        ValidationError: the model forbids it; every violation is in the one message.
    """
    shape = _model().operation_model(operation).input_shape
    if not isinstance(document, dict):
        raise SerializationError(_misplaced(document))
    read: Document = _read(shape, document)
    violations = [
        f"Value at '{path}' failed to satisfy constraint: {rule}" for path, rule in _violations(shape, read, "")
    ]
    if violations:
        # observed: floci-io/floci#3236; several are joined
        plural = "s" if len(violations) > 1 else ""
        raise ValidationError(f"{len(violations)} validation error{plural} detected: {'; '.join(violations)}")
    return read


# decided: docs/fidelity/control-plane.md#serialization; these are the words of AWS's JSON services, not probed on Firehose
def _misplaced(value: object) -> str:
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    return "Expected a structure or map"


def _token(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def _wrong_type(value: object, wanted: str) -> SerializationError:
    if isinstance(value, dict | list):
        return SerializationError(_misplaced(value))
    return SerializationError(f"{_token(value)} can not be converted to {wanted}")


def _read(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _read_structure(shape, value)
    if kind == "list":
        if not isinstance(value, list):
            raise SerializationError("Expected list or null") if not isinstance(value, dict) else _wrong_type(value, "")
        return [_read(shape.member, item) for item in value if item is not None]
    if kind == "map":
        if not isinstance(value, dict):
            raise SerializationError("Expected map or null") if not isinstance(value, list) else _wrong_type(value, "")
        return {key: _read(shape.value, item) for key, item in value.items() if item is not None}
    return _read_scalar(kind, value)


def _read_structure(shape: Any, value: Any) -> Document:
    if not isinstance(value, dict):
        raise SerializationError(_misplaced(value) if isinstance(value, list) else "Expected structure or null")
    members = shape.members
    return {name: _read(members[name], item) for name, item in value.items() if item is not None and name in members}


def _read_scalar(kind: str, value: Any) -> Any:
    if kind in _INTEGER_BITS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(value, "an Integer")
        if not math.isfinite(value) or int(value) != value:
            raise SerializationError("DECIMAL_VALUE can not be converted to an Integer")
        if not -(1 << _INTEGER_BITS[kind]) <= value < 1 << _INTEGER_BITS[kind]:
            raise SerializationError("NUMBER_VALUE is out of range for an Integer")
        return int(value)
    if kind in {"double", "float", "timestamp"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(value, "a Double")
        return float(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong_type(value, "a Boolean")
        return value
    if not isinstance(value, str):
        raise _wrong_type(value, "a String")
    return value


def _violations(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every constraint broken at or below `path`, in AWS's order."""
    if shape.type_name == "structure":
        for name in _ordered_members(shape):
            at = f"{path}.{_lower_camel(name)}" if path else _lower_camel(name)
            if name in value:
                yield from _violations(shape.members[name], value[name], at)
            elif name in shape.required_members:
                yield at, "Member must not be null"
    elif shape.type_name == "list":
        yield from ((path, rule) for rule in _length_rules(shape, len(value)))
        for number, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")
    elif shape.type_name == "map":
        yield from ((path, rule) for rule in _length_rules(shape, len(value)))
        yield from _map_violations(shape, value, path)
    else:
        yield from ((path, rule) for rule in _scalar_rules(shape, value))


def _map_violations(shape: Any, value: Document, path: str) -> Iterator[tuple[str, str]]:
    """Keys once and values once, however many break a rule; each with all of the rules."""
    # observed: floci-io/floci S3DestinationValidatorTest
    if any(True for key in value for _ in _scalar_rules(shape.key, key)):
        yield path, f"Map keys must satisfy constraint: [{', '.join(_all_rules(shape.key))}]"
    if any(True for item in value.values() for _ in _violations(shape.value, item, path)):
        yield path, f"Map value must satisfy constraint: [{', '.join(_all_rules(shape.value))}]"


def _all_rules(shape: Any) -> Iterator[str]:
    limits = shape.metadata
    if "max" in limits:
        yield f"Member must have length less than or equal to {limits['max']}"
    if "min" in limits:
        yield f"Member must have length greater than or equal to {limits['min']}"
    if "pattern" in limits:
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"


@cache
def _member_orders() -> dict[str, list[str]]:
    return {}


def _ordered_members(shape: Any) -> list[str]:
    orders = _member_orders()
    if shape.name not in orders:
        names = {_lower_camel(name): name for name in shape.members}
        orders[shape.name] = [names[name] for name in member_order(names)]
    return orders[shape.name]


def _lower_camel(name: str) -> str:
    return name[0].lower() + name[1:]  # observed: bucketARN, httpEndpointDestinationConfiguration


def _length_rules(shape: Any, length: int) -> Iterator[str]:
    if length > shape.metadata.get("max", length):
        yield f"Member must have length less than or equal to {shape.metadata['max']}"
    if length < shape.metadata.get("min", length):
        yield f"Member must have length greater than or equal to {shape.metadata['min']}"


def _scalar_rules(shape: Any, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(value, str):
        yield from _length_rules(shape, len(value))
        if "pattern" in limits and not java_fullmatch(limits["pattern"], value):
            text = _PATTERN_TEXT.get(shape.name, limits["pattern"])
            yield f"Member must satisfy regular expression pattern: {text}"
        if "enum" in limits and value not in limits["enum"]:
            yield f"Member must satisfy enum value set: [{', '.join(enum_order(limits['enum']))}]"
    elif not isinstance(value, bool):
        if value > limits.get("max", value):
            yield f"Member must have value less than or equal to {limits['max']}"
        if value < limits.get("min", value):
            yield f"Member must have value greater than or equal to {limits['min']}"
