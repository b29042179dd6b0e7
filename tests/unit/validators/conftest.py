"""Intact deliveries, written here by pyarrow and json alone: what a check finds in them it must find for its own reasons."""

import base64
import hashlib
import io
import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firehose_spec import digest
from validators.evidence import Evidence
from validators.manifests import manifest_of
from validators.memory_bucket import MemoryBucket, StoredObject
from validators.stack_outputs import TableName, declaration_of
from validators.stream_description import stream_of, table_of

ARRIVED = datetime(2026, 11, 22, 8, 30, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FIRST_HOUR = datetime(2026, 11, 21, 22, tzinfo=UTC)
STORES, HOURS = ("S001", "S002", "S003"), 4
QUERY = (
    '{store_id:.store_id,year:.event_timestamp|strftime("%Y"),month:.event_timestamp|strftime("%m"),'
    'day:.event_timestamp|strftime("%d"),hour:.event_timestamp|strftime("%H")}'
)
KEYS = {
    "store_id": ".store_id",
    **{
        name: f'.event_timestamp|strftime("%{code}")'
        for name, code in {"year": "Y", "month": "m", "day": "d", "hour": "H"}.items()
    },
}
PREFIX = "store-data/store_id=!{partitionKeyFromQuery:store_id}/" + "".join(
    f"!{{partitionKeyFromQuery:{name}}}/" for name in ("year", "month", "day", "hour")
)
COLUMNS = {
    "event_id": "string",
    "store_id": "string",
    "event_type": "string",
    "item_id": "string",
    "item_name": "string",
    "category": "string",
    "quantity_change": "int",
    "stock_level": "int",
    "reorder_point": "int",
    "unit_price": "double",
    "currency": "string",
    "event_timestamp": "timestamp",
}
ARROW = {"string": pa.string(), "int": pa.int32(), "double": pa.float64(), "timestamp": pa.timestamp("us")}
RUN = "run-7"
ROLE = "arn:aws:iam::123456789012:role/FirehoseWorkshop"


def parquet(rows: list[dict[str, object]], **options: object) -> bytes:
    schema = pa.schema([pa.field(name, ARROW[kind]) for name, kind in COLUMNS.items()])
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    columns["event_timestamp"] = [seconds * 1_000_000 for seconds in columns["event_timestamp"]]
    arrays = [
        pa.array(columns[name], pa.int64() if name == "event_timestamp" else schema.field(name).type)
        for name in COLUMNS
    ]
    arrays[-1] = arrays[-1].cast(pa.timestamp("us"))
    sink = io.BytesIO()
    chosen = {"compression": "snappy", "use_deprecated_int96_timestamps": True, "store_schema": False, **options}
    pq.write_table(pa.table(arrays, schema=schema), sink, **chosen)
    return sink.getvalue()


def _read(data: bytes) -> pa.Table:
    return pq.ParquetFile(pa.BufferReader(data), coerce_int96_timestamp_unit="us").read()


def _write(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="snappy", use_deprecated_int96_timestamps=True, store_schema=False)
    return sink.getvalue()


def with_first_value(data: bytes, name: str, value: object) -> bytes:
    """The object with another value in its first row."""
    table = _read(data)
    index = table.schema.get_field_index(name)
    values = [value, *table.column(name).to_pylist()[1:]]
    return _write(table.set_column(index, name, pa.array(values, table.schema.field(name).type)))


def with_column_type(data: bytes, name: str, kind: str) -> bytes:
    """The object with a column of another Arrow type."""
    table = _read(data)
    return _write(table.set_column(table.schema.get_field_index(name), name, table.column(name).cast(kind)))


def store_rows() -> list[dict[str, object]]:
    """Every good row of the store delivery."""
    objects = store_objects_and_manifest()[0]
    return [
        row for key, stored in objects.items() if key.endswith(".parquet") for row in _read(stored.data).to_pylist()
    ]


def event(sequence: int, store: str, hour: datetime) -> dict[str, object]:
    return {
        "event_id": f"{RUN}-{sequence}",
        "store_id": store,
        "event_type": ("sale", "restock", "return", "adjustment")[sequence % 4],
        "item_id": f"I-{sequence % 7:03}",
        "item_name": f"Item {sequence % 7}, größer",
        "category": "tools",
        "quantity_change": sequence % 5 - 2,
        "stock_level": sequence % 40,
        "reorder_point": 20,
        "unit_price": round(1.1 * (sequence % 90) + 0.05, 2),
        "currency": "SGD",
        "event_timestamp": int(hour.timestamp()) + sequence % 3600,
    }


def object_name(stream: str, index: int, extension: str) -> str:
    return f"{stream}-1-{ARRIVED:%Y-%m-%d-%H-%M-%S}-{uuid.UUID(int=index + 1)}{extension}"


def stored(data: bytes, encoding: str = "") -> StoredObject:
    return StoredObject(data, ARRIVED + timedelta(seconds=61), content_encoding=encoding)


def error_line(raw: bytes, *, code: str, message: str, table: bool) -> bytes:
    arrived = int(ARRIVED.timestamp() * 1000)
    line = {
        "attemptsMade": 1,
        "arrivalTimestamp": arrived,
        "lastErrorCode" if table else "errorCode": code,
        "lastErrorMessage" if table else "errorMessage": message,
        "attemptEndingTimestamp": arrived + 61_000,
        "rawData": base64.b64encode(raw).decode(),
    }
    if table:
        line |= {
            "sequenceNumber": None,
            "subSequenceNumber": None,
            "dataCatalogTable": {
                "databaseName": "conversion_db",
                "tableName": "conversion_table",
                "region": "ap-southeast-1",
                "versionId": "LATEST",
            },
        }
    return json.dumps(line).encode() + b"\n"


def row_digest(row: dict[str, object]) -> int:
    return digest.digest([digest.row_item([row[name] for name in COLUMNS])])


def manifest_value(**changes: object) -> dict[str, object]:
    return {
        "manifest_version": 1,
        "run_id": RUN,
        "pipeline": "store-inventory",
        "stream": "SI-Firehose",
        "region": "ap-southeast-1",
        "started_at": "2026-11-22T08:30:00Z",
        "ended_at": "2026-11-22T08:30:10Z",
        "complete": True,
        "records": 0,
        "accepted": 0,
        "given_up": 0,
        "retried": 0,
        "possible_duplicates": 0,
        "bytes": {"submitted": 0, "accepted": 0, "billed": 0},
        "accepted_sequences": [],
        "first_accepted_at": "2026-11-22T08:30:05Z",
        "last_accepted_at": "2026-11-22T08:30:06Z",
        "first_event_at": None,
        "last_event_at": None,
        "partitions": {},
        "expected_quarantine": [],
        "digest": None,
        "sources": [],
        "generator": None,
        "events_per_record": 1,
        "dead_letter": None,
        **changes,
    }


def outputs_value() -> dict[str, object]:
    return {
        "pipeline": "store-inventory",
        "target": "local",
        "account_id": "123456789012",
        "region": "ap-southeast-1",
        "stream_name": "SI-Firehose",
        "stream_arn": "arn:aws:firehose:ap-southeast-1:123456789012:deliverystream/SI-Firehose",
        "role_arn": ROLE,
        "bucket": "si-bucket",
        "prefix": PREFIX,
        "error_output_prefix": "error",
        "buffering": {"size_mib": 64, "interval_seconds": 60},
        "compression_format": "UNCOMPRESSED",
        "log_group": None,
        "partitioning": {"keys": KEYS, "query": QUERY, "retry_seconds": 60},
        "conversion": {
            "database": "conversion_db",
            "table": "conversion_table",
            "region": "ap-southeast-1",
            "deserializer": "OpenXJsonSerDe",
            "serializer": "ParquetSerDe",
            "compression": "SNAPPY",
        },
        "query_table": {"database": "conversion_db", "table": "store_events"},
    }


def description_value() -> dict[str, object]:
    return {
        "DeliveryStreamName": "SI-Firehose",
        "DeliveryStreamARN": "arn:aws:firehose:ap-southeast-1:123456789012:deliverystream/SI-Firehose",
        "DeliveryStreamStatus": "ACTIVE",
        "DeliveryStreamType": "DirectPut",
        "VersionId": "1",
        "Destinations": [
            {
                "DestinationId": "destinationId-000000000001",
                "ExtendedS3DestinationDescription": {
                    "RoleARN": ROLE,
                    "BucketARN": "arn:aws:s3:::si-bucket",
                    "Prefix": PREFIX,
                    "ErrorOutputPrefix": "error",
                    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
                    "CompressionFormat": "UNCOMPRESSED",
                    "S3BackupMode": "Disabled",
                    "DynamicPartitioningConfiguration": {"Enabled": True, "RetryOptions": {"DurationInSeconds": 60}},
                    "ProcessingConfiguration": {
                        "Enabled": True,
                        "Processors": [
                            {
                                "Type": "MetadataExtraction",
                                "Parameters": [
                                    {"ParameterName": "MetadataExtractionQuery", "ParameterValue": QUERY},
                                    {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
                                ],
                            }
                        ],
                    },
                    "DataFormatConversionConfiguration": {
                        "Enabled": True,
                        "SchemaConfiguration": {
                            "DatabaseName": "conversion_db",
                            "TableName": "conversion_table",
                            "Region": "ap-southeast-1",
                        },
                        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
                    },
                },
            }
        ],
    }


def table_value(*, projected: bool) -> dict[str, object]:
    ranges = {"year": ("2024,2035", "4"), "month": ("1,12", "2"), "day": ("1,31", "2"), "hour": ("0,23", "2")}
    projection = {
        "projection.enabled": "true",
        "projection.p_store_id.type": "injected",
        "storage.location.template": "s3://si-bucket/store-data/store_id=${p_store_id}/${year}/${month}/${day}/${hour}/",
    }
    for name, (bounds, digits) in ranges.items():
        lead = f"projection.{name}"
        projection |= {f"{lead}.type": "integer", f"{lead}.range": bounds, f"{lead}.digits": digits}
    return {
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()],
            "Location": "s3://si-bucket/store-data/",
        },
        "PartitionKeys": [
            {"Name": "p_store_id", "Type": "string"},
            *({"Name": name, "Type": "int"} for name in ("year", "month", "day", "hour")),
        ]
        if projected
        else [],
        "Parameters": projection if projected else {},
    }


def store_objects_and_manifest() -> tuple[dict[str, StoredObject], dict[str, object]]:
    objects: dict[str, StoredObject] = {}
    partitions: Counter[str] = Counter()
    partition_digests: Counter[str] = Counter()
    total = sequence = size = 0
    for index in range(len(STORES) * HOURS):
        store, hour = STORES[index % len(STORES)], FIRST_HOUR + timedelta(hours=index // len(STORES))
        rows = [event(sequence + step, store, hour) for step in range(8 + index % 3)]
        sequence += len(rows)
        path = f"store_id={store}/{hour:%Y/%m/%d/%H}"
        objects[f"store-data/{path}/{object_name('SI-Firehose', index, '.parquet')}"] = stored(
            parquet(rows), "hadoop-snappy"
        )
        partitions[path] += len(rows)
        value = sum(map(row_digest, rows))
        partition_digests[path] += value
        total += value
        size += sum(len(json.dumps(row)) for row in rows)
    bad = {
        "metadata-extraction-failed": [
            (
                b"not json run-7-%d" % sequence,
                "DynamicPartitioning.MetadataExtractionFailed",
                "Non JSON record provided",
            ),
            (
                json.dumps({**event(sequence + 1, "", FIRST_HOUR)}).encode(),
                "DynamicPartitioning.MetadataExtractionFailed",
                "partitionKeys values must not be null or empty",
            ),
        ],
        "format-conversion-failed": [
            (
                json.dumps({**event(sequence + 2, "S001", FIRST_HOUR), "quantity_change": "many"}).encode(),
                "DataFormatConversion.MalformedData",
                'Data does not match the schema. For input string: "many"',
            )
        ],
    }
    expected = []
    for number, (reason, lines) in enumerate(bad.items()):
        body = b"".join(
            error_line(raw, code=code, message=message, table=reason == "format-conversion-failed")
            for raw, code, message in lines
        )
        objects[f"error{reason}/{ARRIVED:%Y/%m/%d/%H}/{object_name('SI-Firehose', 100 + number, '')}"] = stored(body)
        expected += [
            {"sha256": hashlib.sha256(raw).hexdigest(), "reason": reason, "kind": "bad"} for raw, _, _ in lines
        ]
    manifest = manifest_value(
        records=sequence + 3,
        accepted=sequence + 3,
        bytes={"submitted": size, "accepted": size, "billed": 5120 * sequence},
        accepted_sequences=[[0, sequence + 2]],
        partitions=dict(partitions),
        partition_digests={path: str(value) for path, value in partition_digests.items()},
        expected_quarantine=expected,
        digest={
            "algorithm": "md5-64-sum",
            "over": "columns",
            "columns": list(COLUMNS),
            "items": sequence,
            "value": str(total),
        },
    )
    return objects, manifest


def store_manifest() -> dict[str, object]:
    return store_objects_and_manifest()[1]


def store_evidence() -> Evidence:
    objects, manifest = store_objects_and_manifest()
    return Evidence(
        declared=declaration_of(outputs_value(), source="outputs.json"),
        stream=stream_of(description_value()),
        conversion_table=table_of(TableName("conversion_db", "conversion_table"), table_value(projected=False)),
        query_table=table_of(TableName("conversion_db", "store_events"), table_value(projected=True)),
        bucket=MemoryBucket("si-bucket", objects),
        bucket_answers=True,
        manifests=(manifest_of(manifest, "manifest.json"),),
        now=NOW,
    )


def log_evidence(log: Path) -> Evidence:
    """A raw stream: 300 lines in three objects, the log still there."""
    lines = [
        f'10.0.0.{n % 9} - - [22/Nov/2026:08:{n % 60:02}:00 +0000] "GET /{n}" 200 {n}\n'.encode() for n in range(300)
    ]
    lines[17] = lines[16]
    log.write_bytes(b"".join(lines))
    objects = {
        f"{ARRIVED:%Y/%m/%d/%H}/{object_name('ApacheLogs', part, '')}": stored(
            b"".join(lines[part * 100 : part * 100 + 100])
        )
        for part in range(3)
    }
    value = digest.digest(lines)
    manifest = manifest_value(
        run_id="log-1",
        pipeline="apache-logs",
        stream="ApacheLogs",
        region="us-east-2",
        records=300,
        accepted=300,
        bytes={"submitted": log.stat().st_size, "accepted": log.stat().st_size, "billed": 300 * 5120},
        accepted_sequences=[[0, 299]],
        digest={"algorithm": "md5-64-sum", "over": "bytes", "columns": [], "items": 300, "value": str(value)},
        sources=[
            {
                "path": str(log),
                "device": 0,
                "inode": 0,
                "first_byte": 0,
                "end_byte": log.stat().st_size,
                "lines": 300,
                "digest": str(value),
            }
        ],
    )
    outputs = {
        **outputs_value(),
        "pipeline": "apache-logs",
        "region": "us-east-2",
        "stream_name": "ApacheLogs",
        "bucket": "logs",
        "prefix": "",
        "error_output_prefix": "",
        "buffering": {"size_mib": 1, "interval_seconds": 60},
        "partitioning": None,
        "conversion": None,
        "query_table": None,
    }
    description = description_value()
    description |= {"DeliveryStreamName": "ApacheLogs"}
    description["Destinations"] = [
        {
            "ExtendedS3DestinationDescription": {
                "RoleARN": ROLE,
                "BucketARN": "arn:aws:s3:::logs",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
                "CompressionFormat": "UNCOMPRESSED",
            }
        }
    ]
    return Evidence(
        declared=declaration_of(outputs, source="outputs.json"),
        stream=stream_of(description),
        conversion_table=None,
        query_table=None,
        bucket=MemoryBucket("logs", objects),
        bucket_answers=True,
        manifests=(manifest_of(manifest, "manifest.json"),),
        now=NOW,
    )


@pytest.fixture(scope="session")
def store_delivery() -> Evidence:
    return store_evidence()


@pytest.fixture(scope="session")
def log_delivery(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return log_evidence(tmp_path_factory.mktemp("logs") / "access.log")


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """What the deliveries are made of, for tests that make their own."""
    return SimpleNamespace(
        columns=COLUMNS, description=description_value, error_line=error_line, event=event, first_hour=FIRST_HOUR,
        keys=KEYS, manifest=manifest_value, now=NOW, object_name=object_name, outputs=outputs_value, parquet=parquet,
        prefix=PREFIX, query=QUERY, stored=stored, table=table_value,
    )  # fmt: skip
