"""The streams that benchmarks deliver through, as CreateDeliveryStream takes them, and how DuckDB says the same.

Pure.
"""

from dataclasses import dataclass
from typing import Any

from benchmarks.events import EventPlan
from benchmarks.local_server import BUCKET, DATABASE, ROLE

FIRST_KEY = ".store_id"
# Definitions and reduce, over a value that comes again and again: an answer can be remembered.
DEFINED_FIRST_KEY = '(def pick: reduce . as $id (""; . + $id); .store_id | pick)'
# The same, and the event's number decides, which no other record has: libjq must look at each record.
FIRST_KEY_FOR_LIBJQ = (
    '(def pick: reduce . as $id (""; . + $id); '
    'if (.event_id | split("-") | .[1] | tonumber) >= 0 then .store_id | pick else "none" end)'
)


@dataclass(frozen=True, slots=True)
class StoreStream:
    """Dynamic partitioning by store and hour, conversion to Parquet: the store-inventory pipeline."""

    plan: EventPlan
    first_key: str = FIRST_KEY

    @property
    def query(self) -> str:
        """The jq program of the partition keys."""
        dates = ", ".join(
            f'{name}: .event_timestamp|strftime("{code}")'
            for name, code in (("year", "%Y"), ("month", "%m"), ("day", "%d"), ("hour", "%H"))
        )
        return f"{{store_id: {self.first_key}, {dates}}}"

    @property
    def table(self) -> str:
        return "nested_events" if self.plan.is_nested else "events"

    def destination(self) -> dict[str, Any]:
        """ExtendedS3DestinationConfiguration: one object a partition, as long as no buffer fills."""
        folders = "".join(f"!{{partitionKeyFromQuery:{key}}}/" for key in ("year", "month", "day", "hour"))
        return {
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": f"store-data/store_id=!{{partitionKeyFromQuery:store_id}}/{folders}",
            "ErrorOutputPrefix": "error/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 900},
            "DynamicPartitioningConfiguration": {"Enabled": True, "RetryOptions": {"DurationInSeconds": 60}},
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [
                    {
                        "Type": "MetadataExtraction",
                        "Parameters": [
                            {"ParameterName": "MetadataExtractionQuery", "ParameterValue": self.query},
                            {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
                        ],
                    }
                ],
            },
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
                "SchemaConfiguration": {
                    "RoleARN": ROLE,
                    "DatabaseName": DATABASE,
                    "TableName": self.table,
                    "Region": "us-east-1",
                },
            },
        }


def raw_destination() -> dict[str, Any]:
    """ExtendedS3DestinationConfiguration of the apache-logs pipeline: lines as they stand."""
    return {
        "RoleARN": ROLE,
        "BucketARN": f"arn:aws:s3:::{BUCKET}",
        "Prefix": "logs/!{timestamp:yyyy/MM/dd/HH}/",
        "ErrorOutputPrefix": "error/!{firehose:error-output-type}/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
        "CompressionFormat": "UNCOMPRESSED",
    }
