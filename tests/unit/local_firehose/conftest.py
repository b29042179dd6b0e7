"""A control plane on doubles: streams in memory, an engine that remembers what it is told, a clock that is moved by hand."""

import asyncio
import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema
import pytest

from local_firehose.caller import Caller
from local_firehose.clock import Clock
from local_firehose.control_plane import ControlPlane, Limits
from local_firehose.engine_port import FlushResult
from local_firehose.errors import InvalidArgumentError

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"
BUCKET = "arn:aws:s3:::bucket"
START_MS = 1_715_914_800_000  # 2024-05-17T03:00:00Z
SMALLEST = {"RoleARN": ROLE, "BucketARN": BUCKET}
PARTITIONED = {
    "Prefix": "!{partitionKeyFromQuery:a}/",
    "ErrorOutputPrefix": "e/",
    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
    "DynamicPartitioningConfiguration": {"Enabled": True},
}
EXTRACTION = [{"Type": "MetadataExtraction", "JsonParsingEngine": "JQ-1.6", "MetadataExtractionQuery": "{a:.a}"}]
CONVERTED = {
    "DataFormatConversionConfiguration": {
        "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "db", "TableName": "t"},
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
    }
}


def processing_configuration(processors: list[dict]) -> dict:
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": processor["Type"],
                "Parameters": [
                    {"ParameterName": name, "ParameterValue": value}
                    for name, value in processor.items()
                    if name != "Type"
                ],
            }
            for processor in processors
        ],
    }


def fact_request(fact: dict) -> dict:
    """The CreateDeliveryStream request of a row of tests/fidelity; the YAML files say how a row is read."""
    destination = deepcopy(SMALLEST)
    if fact.get("partitioned"):
        destination |= deepcopy(PARTITIONED) | {"ProcessingConfiguration": processing_configuration(EXTRACTION)}
    if fact.get("converted"):
        destination |= deepcopy(CONVERTED)
    if "processors" in fact:
        destination["ProcessingConfiguration"] = processing_configuration(fact["processors"])
    for path, given in fact.get("destination", {}).items():
        value = "p" * int(given[1:]) if isinstance(given, str) and given.startswith("%") else given
        *parents, last = path.split(".")
        owner = destination
        for parent in parents:
            owner = owner[parent]
        owner[last] = value
        if value is None and path == "BufferingHints":
            del owner[last]
    return {"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": destination} | fact.get("request", {})


class MemoryStore:
    def __init__(self):
        self.documents = {}

    def load(self):
        return [record.from_document(document) for record, document in self.documents.values()]

    def save(self, record):
        self.documents[record.stream] = (type(record), record.to_document())

    def delete(self, stream):
        self.documents.pop(stream, None)


@dataclass
class EngineDouble:
    """Remembers what it is told; `flush_result` is what it answers."""

    views: dict = field(default_factory=dict)
    events: list = field(default_factory=list)
    flush_result: FlushResult = field(default_factory=lambda: FlushResult(0, 0))
    counter_list: list = field(default_factory=list)
    document: object = None

    async def start(self, streams):
        self.views = {view.stream: view for view in streams}
        self.events.append(("start", len(self.views)))

    async def configure(self, stream):
        self.views[stream.stream] = stream
        self.events.append(("configure", stream.stream.name, stream.status, stream.config.version))

    async def remove(self, stream):
        self.views.pop(stream, None)
        self.events.append(("remove", stream.name))

    async def flush(self, streams, *, timeout_seconds):
        self.events.append(("flush", streams, timeout_seconds))
        return self.flush_result

    async def counters(self):
        return self.counter_list

    async def set_clock(self, setting):
        self.events.append(("clock", setting.speed))

    async def set_faults(self, document):
        self.document = document
        return document

    async def faults(self):
        return self.document


@dataclass
class BackingDouble:
    """Refuses the roles and tables that are listed as missing."""

    missing_roles: set = field(default_factory=set)
    missing_tables: set = field(default_factory=set)
    asked: list = field(default_factory=list)

    def check_roles(self, role_arns, stream, caller):
        self.asked.append(("roles", role_arns))
        for role in role_arns:
            if role in self.missing_roles:
                raise InvalidArgumentError(f"Firehose is unable to assume role {role}. Please check the role provided.")

    def check_schema(self, schema, caller):
        self.asked.append(("schema", schema["DatabaseName"], schema["TableName"]))
        if schema["TableName"] in self.missing_tables:
            raise InvalidArgumentError("Entity Not Found")

    def check_key(self, key_arn, caller):
        self.asked.append(("key", key_arn))


class Service:
    """A control plane and its doubles, called without an event loop of one's own."""

    def __init__(self, *, store=None, settle_seconds=0.0, streams_per_region=5_000):
        self.real_ms = START_MS
        self.clock = Clock(real_ms=lambda: self.real_ms)
        self.store = store or MemoryStore()
        self.engine = EngineDouble()
        self.backing = BackingDouble()
        self.caller = Caller(ACCOUNT, "eu-west-1", f"arn:aws:iam::{ACCOUNT}:user/me")
        self._incarnations = iter(range(1_000_000))
        self.control_plane = ControlPlane(
            store=self.store,
            engine=self.engine,
            backing=self.backing,
            clock=self.clock,
            new_incarnation=lambda: f"incarnation-{next(self._incarnations)}",
            limits=Limits(settle_seconds=settle_seconds, streams_per_region=streams_per_region),
        )
        asyncio.run(self.control_plane.start())

    def call(self, operation, request, *, caller=None):
        return asyncio.run(self.control_plane.handle(operation, request, caller or self.caller))

    def create(self, name="s", **destination):
        """Create a stream on the smallest destination with those members over it."""
        configuration = {"RoleARN": ROLE, "BucketARN": BUCKET} | destination
        return self.call(
            "CreateDeliveryStream",
            {"DeliveryStreamName": name, "ExtendedS3DestinationConfiguration": configuration},
        )

    def update(self, name="s", *, version="1", destination_id="destinationId-000000000001", **destination):
        return self.call(
            "UpdateDestination",
            {
                "DeliveryStreamName": name,
                "CurrentDeliveryStreamVersionId": version,
                "DestinationId": destination_id,
                "ExtendedS3DestinationUpdate": destination,
            },
        )

    def describe(self, name="s"):
        request = {"DeliveryStreamName": name}
        return self.call("DescribeDeliveryStream", request)["DeliveryStreamDescription"]

    def destination(self, name="s"):
        return self.describe(name)["Destinations"][0]["ExtendedS3DestinationDescription"]

    def settle(self):
        asyncio.run(self.control_plane.settle())


@pytest.fixture
def make_service():
    """Return a factory of services."""
    return Service


@pytest.fixture
def service():
    """A service whose statuses settle at once."""
    return Service()


@pytest.fixture
def request_of():
    """Return what makes a CreateDeliveryStream request of a row of tests/fidelity."""
    return fact_request


@pytest.fixture
def status_schema():
    """Return a validator of the status answer."""
    path = Path(__file__).resolve().parents[3] / "firehose_spec" / "schemas" / "status.json"
    return jsonschema.Draft202012Validator(
        json.loads(path.read_text("utf-8")), format_checker=jsonschema.FormatChecker()
    )
