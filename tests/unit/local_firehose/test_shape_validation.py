from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.errors import SerializationError, ValidationError
from local_firehose.shape_patterns import java_fullmatch
from local_firehose.shape_validation import operation_names, read_input


def test_all_operations_are_known() -> None:
    assert operation_names() == {
        "CreateDeliveryStream",
        "DeleteDeliveryStream",
        "DescribeDeliveryStream",
        "ListDeliveryStreams",
        "ListTagsForDeliveryStream",
        "PutRecord",
        "PutRecordBatch",
        "StartDeliveryStreamEncryption",
        "StopDeliveryStreamEncryption",
        "TagDeliveryStream",
        "UntagDeliveryStream",
        "UpdateDestination",
    }


def test_nulls_and_unknown_members_are_left_out() -> None:
    given_request = {"DeliveryStreamName": "s", "Limit": None, "Unknown": {"a": 1}, "ExclusiveStartDestinationId": "d"}
    assert read_input("DescribeDeliveryStream", given_request) == {
        "DeliveryStreamName": "s",
        "ExclusiveStartDestinationId": "d",
    }


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "Start of list found where not expected", id="list-for-structure"),
        pytest.param("x", "Expected a structure or map", id="text-for-structure"),
        pytest.param(
            {"DeliveryStreamName": {"a": 1}},
            "Start of structure or map found where not expected.",
            id="structure-for-text",
        ),
        pytest.param({"DeliveryStreamName": True}, "TRUE_VALUE can not be converted to a String", id="truth-for-text"),
        pytest.param(
            {"DeliveryStreamName": "s", "Limit": "7"},
            "STRING_VALUE can not be converted to an Integer",
            id="text-for-number",
        ),
        pytest.param(
            {"DeliveryStreamName": "s", "Limit": 1.5}, "DECIMAL_VALUE can not be converted to an Integer", id="fraction"
        ),
        pytest.param(
            {"DeliveryStreamName": "s", "Limit": 1 << 31}, "NUMBER_VALUE is out of range for an Integer", id="too-large"
        ),
    ],
)
def test_wrong_json_type_is_a_serialization_error(document: object, message: str) -> None:
    with pytest.raises(SerializationError) as refusal:
        read_input("DescribeDeliveryStream", document)
    assert refusal.value.message == message


def test_whole_number_with_a_point_is_a_number() -> None:
    assert read_input("DescribeDeliveryStream", {"DeliveryStreamName": "s", "Limit": 5.0})["Limit"] == 5


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        pytest.param(r"[\w\.\-]{1,255}", "é", False, id="word-characters-are-ascii"),
        pytest.param(r".*", "a\nb", False, id="a-dot-stops-at-a-newline"),
        pytest.param(r".*", "a\u2028b", False, id="a-dot-stops-at-a-line-separator"),
        pytest.param(r"^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$", "Größe 日本 ٣²_", True, id="letters-of-any-script"),
        pytest.param(r"^[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$", "a#b", False, id="no-other-signs"),
        pytest.param(r"^$|[a-zA-Z/_]+", "", True, id="an-empty-alternative"),
        pytest.param(r"[^:*]*", "a.b", True, id="a-dot-in-a-class-is-a-dot"),
    ],
)
def test_patterns_are_java_s(pattern: str, text: str, matches: bool) -> None:
    assert java_fullmatch(pattern, text) is matches


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = (
    "DeliveryStreamName",
    "ExtendedS3DestinationConfiguration",
    "Tags",
    "DeliveryStreamType",
    "S3DestinationConfiguration",
)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.sampled_from(sorted(operation_names())))
def test_any_json_is_read_or_refused_in_words(document: dict, operation: str) -> None:
    with suppress(SerializationError, ValidationError):  # and nothing else
        read_input(operation, document)
