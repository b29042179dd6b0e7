import json
from types import SimpleNamespace

import jsonschema
import pytest

from firehose_spec import schemas
from validators.error_objects import ErrorLine, ExpectedTable, read_error_object
from validators.findings import Finding

TABLE = ExpectedTable("conversion_db", "conversion_table", "ap-southeast-1")
LINES = {
    "metadata-extraction-failed": ("DynamicPartitioning.MetadataExtractionFailed", "Non JSON record provided"),
    "format-conversion-failed": ("DataFormatConversion.MalformedData", "Data does not match the schema. oops"),
    "activePartitionExceeded": ("DynamicPartitioning.ActivePartitionsLimitExceeded", "too many"),
}


def read(body: bytes, error_type: str = "metadata-extraction-failed") -> list[ErrorLine | Finding]:
    return list(read_error_object("s3://b/k", body, error_type=error_type, table=TABLE))


@pytest.mark.parametrize("error_type", sorted(LINES))
def test_line_that_follows_the_schema_has_no_finding(error_type: str, made: SimpleNamespace) -> None:
    code, message = LINES[error_type]
    body = made.error_line(b"bad\n", code=code, message=message, table=error_type == "format-conversion-failed")
    jsonschema.validate(json.loads(body), schemas.load("error_line"))
    (line,) = read(body, error_type)
    assert isinstance(line, ErrorLine)
    assert (line.raw, line.code, line.message, line.location) == (b"bad\n", code, message, "s3://b/k#line=0")


@pytest.mark.parametrize("name", ["lambdaArn", "lambdaARN"])
def test_lambda_line_is_read_in_either_spelling(name: str, made: SimpleNamespace) -> None:
    line = json.loads(made.error_line(b"x", code="Lambda.FunctionError", message="The Lambda", table=False))
    body = json.dumps({**line, name: "arn:aws:lambda:eu-west-1:1:function:f"}).encode()
    assert [type(item) for item in read(body, "processing-failed")] == [ErrorLine]


@pytest.mark.parametrize(
    "member", ["attemptsMade", "arrivalTimestamp", "attemptEndingTimestamp", "errorCode", "errorMessage"]
)
def test_missing_member_is_a_finding_and_the_record_still_counts(member: str, made: SimpleNamespace) -> None:
    line = json.loads(
        made.error_line(
            b"x", code=LINES["metadata-extraction-failed"][0], message="Non JSON record provided", table=False
        )
    )
    del line[member]
    items = read(json.dumps(line).encode())
    assert [item.check for item in items if isinstance(item, Finding)] in (
        ["error.shape"],
        ["error.shape", "error.type"],
    )
    assert [item.raw for item in items if isinstance(item, ErrorLine)] == [b"x"]


def test_empty_object_is_a_finding() -> None:
    assert read(b"") == [Finding("error.shape", "s3://b/k", "one JSON object a line", "an empty object")]
