"""Each row of tests/fidelity/processing.yaml and error_documents.yaml is a fact about Firehose that processing keeps."""

import base64
import gzip
import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import jsonschema
import pytest
import yaml
from botocore.exceptions import ClientError

from firehose_spec import schemas
from local_firehose.error_records import error_line
from local_firehose.lambda_processor import LambdaProcessor
from local_firehose.processing import StageResult, processing_for
from local_firehose.records import Failure, Record
from local_firehose.stream_config import (
    BufferingHints,
    Conversion,
    DeliveryConfig,
    Processor,
    S3Destination,
    SchemaReference,
    StreamId,
)

FIDELITY = Path(__file__).resolve().parents[2] / "fidelity"
STREAM = StreamId("123456789012", "us-east-1", "stream")
ARRIVED_MS = 1_715_914_800_000


def facts(name: str) -> Iterator[object]:
    for fact in yaml.safe_load((FIDELITY / f"{name}.yaml").read_text("utf-8")):
        assert fact["mark"] in {"documented", "observed", "decided"}
        assert fact["source"]
        yield pytest.param(fact, id=fact["id"])


def stream_config(processors: Sequence[dict], *, kinesis: bool = False) -> DeliveryConfig:
    destination = S3Destination(
        "bucket", "role", "", "", BufferingHints(5, 300), "UNCOMPRESSED", "", "UTC", None, None, None
    )
    return DeliveryConfig(
        STREAM,
        1,
        "KinesisStreamAsSource" if kinesis else "DirectPut",
        destination,
        tuple(
            Processor(given["Type"], {name: value for name, value in given.items() if name != "Type"})
            for given in processors
        ),
        None,
        None,
        None,
    )


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def kpl_record(texts: Sequence[str]) -> bytes:
    """The aggregation format by hand: one partition key, then the records."""
    message = b"\x0a" + varint(1) + b"k"
    for text in texts:
        inner = b"\x08\x00\x1a" + varint(len(text.encode())) + text.encode()
        message += b"\x1a" + varint(len(inner)) + inner
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message, usedforsecurity=False).digest()


def put(given: str | dict) -> bytes:
    match given:
        case {"gzip": text}:
            return gzip.compress(text.encode())
        case {"kpl": texts}:
            return kpl_record(texts)
        case {"times": times, "text": text}:
            return text.encode() * times
        case str():
            return given.encode()
    raise ValueError(given)


class ScriptedFunction:
    """A Lambda client whose function does what a row of the table says, one entry an invocation."""

    def __init__(self, script: list) -> None:
        self._script = script
        self.invocations: list[int] = []
        self.requests: list[dict] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict:  # noqa: N803
        assert (FunctionName, InvocationType) == ("f", "RequestResponse")
        request = json.loads(Payload)
        self.requests.append(request)
        answer = self._script[min(len(self.invocations), len(self._script) - 1)]
        self.invocations.append(len(request["records"]))
        match answer:
            case {"refused": code}:
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Invoke")
            case {"error": text}:
                return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(text.encode())}
            case {"payload": text}:
                return {"StatusCode": 200, "Payload": io.BytesIO(text.encode())}
        records = [self._answer(request, entry) for entry in answer]
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps({"records": records}).encode())}

    @staticmethod
    def _answer(request: dict, entry: dict) -> dict:
        answer = {name: value for name, value in entry.items() if name in {"result", "metadata"}}
        answer["recordId"] = (
            request["records"][entry["of"]]["recordId"] if isinstance(entry["of"], int) else entry["of"]
        )
        if "data" in entry:
            answer["data"] = base64.b64encode(entry["data"].encode()).decode()
        if "raw" in entry:
            answer["data"] = entry["raw"]
        return answer


@pytest.mark.parametrize("fact", list(facts("processing")))
def test_processors_keep_the_fact(fact: dict) -> None:
    function = ScriptedFunction(fact.get("function", []))
    config = stream_config(fact["processors"], kinesis=fact.get("kinesis", False))
    ids = map(str, itertools.count())
    process = processing_for(
        config,
        lambda_stage=lambda: LambdaProcessor(
            config.processors[[p.type for p in config.processors].index("Lambda")],
            stream=STREAM,
            client=function,
            new_id=lambda: next(ids),
            sleep=lambda _: None,
        ),
    )
    records = [Record(at, ARRIVED_MS + at, data, data) for at, data in enumerate(map(put, fact["records"]))]
    taken, failed, _ = process(records) if process else StageResult(records, [])
    found = [record.data for record in taken]
    if "becomes" in fact:
        assert found == [text.encode() for text in fact["becomes"]]
    if "becomes_count" in fact:
        assert len(found) == fact["becomes_count"]
        assert b"".join(found) == b"".join(map(put, fact["records"]))
    if "failed_count" in fact:
        assert len(failed) == fact["failed_count"]
    else:
        assert [
            [f.record.original.decode(), f.output_type, f.error_code, f.error_message, f.attempts] for f in failed
        ] == fact.get("failed", [])
    if "invocations" in fact:
        assert function.invocations == fact["invocations"]
    by_sequence = {record.sequence: record for record in records}
    for record in [*taken, *(failure.record for failure in failed)]:
        assert (record.original, record.arrived_ms) == (
            by_sequence[record.sequence].original,
            by_sequence[record.sequence].arrived_ms,
        )


@pytest.mark.parametrize("fact", list(facts("error_documents")))
def test_error_line_keeps_the_fact(fact: dict) -> None:
    record = Record(4967, ARRIVED_MS, b"whatever the stages made of it", b'{"a":1}\n')
    schema = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "t", "us-east-1", "LATEST")
    conversion = Conversion(schema, "OpenXJsonSerDe", {}, "ParquetSerDe", {})
    line = error_line(Failure(record, **fact["failure"]), attempt_ended_ms=ARRIVED_MS + 1000, conversion=conversion)
    assert line.decode() == fact["line"] + "\n"
    jsonschema.validate(json.loads(line), schemas.load("error_line"))
