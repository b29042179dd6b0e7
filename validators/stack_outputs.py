"""What the stack declares, as validators read it: the outputs file, or the same facts read from the stream's own description.

Pure, but for `read_outputs`, which reads one file. Contract: firehose_spec/schemas/stack_outputs.json.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from firehose_spec import schemas
from validators.errors import InputFileError


@dataclass(frozen=True, slots=True)
class Partitioning:
    """Dynamic partitioning: key name to jq expression in order, the whole jq program, the retry duration in seconds.

    `record_deaggregation`: records that hold several JSON objects are split first.
    """

    keys: Mapping[str, str]
    query: str
    retry_seconds: int
    record_deaggregation: bool = False


@dataclass(frozen=True, slots=True)
class ConversionDeclaration:
    """Record format conversion: which Glue table, which SerDes, which codec."""

    database: str
    table: str
    region: str
    deserializer: str
    serializer: str
    compression: str


@dataclass(frozen=True, slots=True)
class TableName:
    """A Glue table by database and name."""

    database: str
    table: str

    def __str__(self) -> str:
        return f"{self.database}.{self.table}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One pipeline as declared. `source` says from where: the outputs file's path, or ``DescribeDeliveryStream``."""

    source: str
    pipeline: str
    target: str
    account_id: str
    region: str
    stream_name: str
    role_arn: str
    bucket: str
    prefix: str
    error_output_prefix: str
    buffer_mib: int
    buffer_seconds: int
    compression_format: str
    log_group: str | None
    partitioning: Partitioning | None
    conversion: ConversionDeclaration | None
    query_table: TableName | None


def read_outputs(path: Path) -> Declaration:
    """Read the outputs file that deployment wrote.

    Raises:
        InputFileError: the file is missing, is not JSON, or does not follow the schema.
    """
    return declaration_of(read_json(path, "stack_outputs", advice="run `make deploy` to write it"), source=str(path))


def declaration_of(outputs: Mapping[str, Any], *, source: str) -> Declaration:
    """Return the typed form of outputs that follow the schema."""
    partitioning, conversion, table = outputs["partitioning"], outputs["conversion"], outputs["query_table"]
    return Declaration(
        source=source,
        pipeline=outputs["pipeline"],
        target=outputs["target"],
        account_id=outputs["account_id"],
        region=outputs["region"],
        stream_name=outputs["stream_name"],
        role_arn=outputs["role_arn"],
        bucket=outputs["bucket"],
        prefix=outputs["prefix"],
        error_output_prefix=outputs["error_output_prefix"],
        buffer_mib=outputs["buffering"]["size_mib"],
        buffer_seconds=outputs["buffering"]["interval_seconds"],
        compression_format=outputs["compression_format"],
        log_group=outputs["log_group"],
        partitioning=partitioning
        and Partitioning(
            keys=dict(partitioning["keys"]),
            query=partitioning["query"],
            retry_seconds=partitioning["retry_seconds"],
            record_deaggregation=partitioning.get("record_deaggregation", False),
        ),
        conversion=conversion
        and ConversionDeclaration(
            database=conversion["database"],
            table=conversion["table"],
            region=conversion["region"],
            deserializer=conversion["deserializer"],
            serializer=conversion["serializer"],
            compression=conversion["compression"],
        ),
        query_table=table and TableName(table["database"], table["table"]),
    )


def read_json(path: Path, schema: str, *, advice: str) -> dict[str, Any]:
    """Read one JSON file and hold it to the schema named.

    Raises:
        InputFileError: missing, not JSON, or against the schema; the message names the first place that is wrong.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as exc:
        raise InputFileError(str(path), f"cannot be read ({exc.strerror})", advice) from exc
    except ValueError as exc:
        raise InputFileError(str(path), f"is not JSON ({exc})", advice) from exc
    validator = jsonschema.Draft202012Validator(schemas.load(schema))
    problem = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if problem is not None:
        where = problem.json_path
        raise InputFileError(str(path), f"does not follow the {schema} schema at {where}: {problem.message}", advice)
    return dict(value)
