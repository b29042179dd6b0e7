from datetime import datetime

import pytest

from validators.object_key import KeyGrammar

NAME = "orders-3-2024-05-17-03-04-05-0b7b9c8e-1111-4222-8333-444455556666"
AT = datetime(2024, 5, 17, 3, 4, 5)  # noqa: DTZ001 - wall clock


def grammar(prefix: str = "", error_output_prefix: str = "", extension: str = "") -> KeyGrammar:
    return KeyGrammar("orders", prefix, error_output_prefix, extension)


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [
        pytest.param("", "2024/05/17/03/", id="none"),
        pytest.param("legacy", "legacy2024/05/17/03/", id="literal-gets-no-slash"),
        pytest.param("events/data/", "events/data/2024/05/17/03/", id="literal-folder"),
        pytest.param("d=!{timestamp:yyyy-MM-dd}/", "d=2024-05-17/", id="timestamp-gets-nothing-appended"),
        pytest.param("r/!{firehose:random-string}/", "r/a1B2c3D4e5F/", id="random-gets-nothing-appended"),
        pytest.param("s=!{partitionKeyFromQuery:s}/", "s=a b/", id="key-gets-nothing-appended"),
        pytest.param("s=!{partitionKeyFromLambda:s}/", "s=x/y/", id="key-with-a-slash"),
        pytest.param("/lead//twice/", "/lead//twice/2024/05/17/03/", id="slashes-are-kept"),
    ],
)
def test_folder_of_the_prefix_is_data(prefix: str, folder: str) -> None:
    parsed = grammar(prefix).parse(folder + NAME)
    assert (parsed.kind, parsed.folder, parsed.version, parsed.named_at, parsed.extension) == (
        "data",
        folder,
        3,
        AT,
        "",
    )


@pytest.mark.parametrize(
    ("error_output_prefix", "prefix", "folder"),
    [
        pytest.param("error", "x", "errorformat-conversion-failed/2024/05/17/03/", id="literal-without-slash"),
        pytest.param("failed/", "x", "failed/processing-failed/2024/05/17/03/", id="literal-folder"),
        pytest.param("", "", "metadata-extraction-failed/2024/05/17/03/", id="neither"),
        pytest.param("", "data/", "data/processing-failed/2024/05/17/03/", id="literal-prefix-stands-in"),
        pytest.param("e/!{firehose:error-output-type}/", "x", "e/activePartitionExceeded/", id="expression"),
        pytest.param(
            "e/!{firehose:error-output-type}/!{firehose:error-output-type}/",
            "x",
            "e/processing-failed/processing-failed/",
            id="the-same-type-twice",
        ),
    ],
)
def test_folder_of_the_error_prefix_is_an_error(error_output_prefix: str, prefix: str, folder: str) -> None:
    assert grammar(prefix, error_output_prefix).parse(folder + NAME).kind == "error"


def test_values_of_the_folder_are_read() -> None:
    parsed = grammar("s=!{partitionKeyFromQuery:s}/!{timestamp:HH}/!{partitionKeyFromQuery:y}/").parse(
        f"s=S 1/03/2024/{NAME}"
    )
    assert (parsed.keys, parsed.fixed) == ({"s": "S 1", "y": "2024"}, ("03",))


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        pytest.param("2024/05/17/04/" + NAME, "misplaced", id="folder-of-another-hour"),
        pytest.param("elsewhere/" + NAME, "misplaced", id="folder-of-another-prefix"),
        pytest.param("2024/05/17/03/part-0", "foreign", id="other-name"),
        pytest.param("2024/05/17/03/" + NAME.replace("orders", "Orders"), "foreign", id="other-stream"),
        pytest.param("2024/05/17/03/" + NAME.replace("05-17", "02-31"), "foreign", id="no-such-day"),
        pytest.param("2024/05/17/03/" + NAME.upper(), "foreign", id="upper-case"),
        pytest.param("processing-failed/2024/05/17/04/" + NAME, "misplaced", id="error-folder-of-another-hour"),
        pytest.param("lost-forever/2024/05/17/03/" + NAME, "misplaced", id="no-such-error-type"),
    ],
)
def test_key_outside_the_grammar(key: str, kind: str) -> None:
    assert grammar().parse(key).kind == kind


def test_misplaced_error_object_keeps_its_type() -> None:
    parsed = grammar().parse("processing-failed/2024/05/17/04/" + NAME)
    assert (parsed.error_type, parsed.problem) == (
        "processing-failed",
        "the folder's time is not 2024-05-17 03:04:05, which the name states",
    )


def test_empty_partition_value_is_misplaced() -> None:
    assert grammar("s=!{partitionKeyFromQuery:s}/").parse(f"s=/{NAME}").kind == "misplaced"
