"""Requests made of the service model's own shapes, legal and not: each is carried out or refused in AWS's form, and nothing is left half done."""

import json
from random import Random

from botocore.session import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_firehose.errors import InternalFailureError, WireError
from local_firehose.stream_record import StreamRecord

MODEL = get_session().get_service_model("firehose")
ROLE = "arn:aws:iam::123456789012:role/firehose"
ODD = (None, True, 1, -1.5, "x", [], {}, 10**30, [None], {"a": None})
# Values that get past the first layer; for all other texts any short text will do.
LEGAL = {
    "DeliveryStreamName": ["s", "t"],
    "RoleARN": [ROLE],
    "BucketARN": ["arn:aws:s3:::b"],
    "Prefix": ["a/", "!{timestamp:yyyy}/", "!{partitionKeyFromLambda:z}/", "!{timestamp:bbb}", "!{"],
    "ErrorOutputPrefix": ["e", "e/!{firehose:error-output-type}/", "!{timestamp:yyyy}"],
    "LogGroupName": ["g", ""],
    "LogStreamName": ["s"],
    "AWSKMSKeyARN": ["arn:aws:kms:eu-west-1:123456789012:key/k", "arn:aws:kms:us-east-1:123456789012:alias/k"],
    "AWSKMSKeyARNForSSE": ["arn:aws:kms:eu-west-1:123456789012:key/k"],
    "ProcessorParameterValue": ["JQ-1.6", "JSON", "1", "nan", "arn:aws:lambda:eu-west-1:123456789012:function:f"],
    "NonEmptyStringWithoutWhitespace": ["db", ROLE],
    "NonEmptyString": ["millis", "yyyy", "bbb"],
    "FileExtension": [".x", ""],
    "CustomTimeZone": ["UTC", "Asia/Tokyo", "EST", ""],
    "DeliveryStreamVersionId": ["1", "2"],
    "DestinationId": ["destinationId-000000000001"],
    "TagKey": ["a", "b"],
    "KinesisStreamARN": ["arn:aws:kinesis:eu-west-1:123456789012:stream/k"],
}
OPERATIONS = sorted(set(MODEL.operation_names) - {"PutRecord", "PutRecordBatch"})
ELSEWHERE = (
    "Redshift",
    "Elasticsearch",
    "Amazonopensearch",
    "AmazonOpenSearch",
    "Splunk",
    "Http",
    "Snowflake",
    "Iceberg",
)


class Requests:
    """Requests from one seed: shapes are filled at random, some odd value now and then."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def value(self, shape, depth: int = 0):
        choose = self.random.choice
        if self.random.random() < 0.01:
            return choose(ODD)
        match shape.type_name:
            case "structure":
                return {name: self.value(member, depth + 1) for name, member in self.wanted(shape, depth)}
            case "list":
                return [self.value(shape.member, depth + 1) for _ in range(choose((0, 1, 1, 2)))]
            case "map":
                return {key: self.value(shape.value, depth + 1) for key in choose(((), ("a",), ("a", "b c")))}
            case "integer" | "long":
                return choose((64, 128, 64, shape.metadata.get("min", 1), shape.metadata.get("max", 67108864), -1))
            case "double":
                return choose((0, 0.5, 1, 2))
            case "boolean":
                return choose((True, False))
            case _:
                return choose(LEGAL.get(shape.name) or shape.metadata.get("enum") or ("", "x", "destinationId-0"))

    def wanted(self, shape, depth: int):
        for name, member in shape.members.items():
            if name in shape.required_members or (
                not name.startswith(ELSEWHERE) and self.random.random() < 1 / (3 + depth)
            ):
                yield name, member

    def request(self) -> tuple[str, object]:
        operation = self.random.choice(["CreateDeliveryStream", "UpdateDestination"] * 4 + OPERATIONS)
        request = self.value(MODEL.operation_model(operation).input_shape)
        if operation == "CreateDeliveryStream" and isinstance(request, dict):
            request.pop("S3DestinationConfiguration", None)
            request.setdefault("ExtendedS3DestinationConfiguration", {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::b"})
        return operation, request


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0))
def test_carried_out_or_refused(make_service, seed: int) -> None:
    service, requests = make_service(), Requests(seed)
    service.create("s")
    for operation, request in (requests.request() for _ in range(25)):
        before = {stream: document for stream, (_, document) in service.store.documents.items()}
        refused = None
        try:
            json.dumps(service.call(operation, request))
        except WireError as refusal:
            refused = refusal
        if refused is not None:
            assert refused.message
            assert not isinstance(refused, InternalFailureError)
            assert {stream: document for stream, (_, document) in service.store.documents.items()} == before
    stored = {record.stream: StreamRecord.from_document(record.to_document()) for record in service.store.load()}
    assert stored.keys() == service.engine.views.keys()
    assert all(service.engine.views[stream].config.version == record.version for stream, record in stored.items())
