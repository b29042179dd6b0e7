"""Breaking what surrounds a delivery: the stream's description and the Glue tables.

Pure, see `mutations`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from validators.evidence import Evidence
from validators.mutations import Broken, Mutation, Specimen, mutation
from validators.stream_description import Table


def _described(evidence: Evidence, changes: Mapping[str, Any]) -> Broken | None:
    """Change members of the destination's description."""
    if evidence.stream is None:
        return None
    destination = {**evidence.stream.destination, **changes}
    return Broken(evidence=replace(evidence, stream=replace(evidence.stream, destination=destination)))


@mutation("stream-gone", "the stream deleted", "configuration.stream")
def _stream_gone(specimen: Specimen) -> Broken | None:
    return Broken(evidence=replace(specimen.evidence, stream=None))


@mutation("stream-creating", "the stream not ACTIVE", "configuration.stream")
def _stream_creating(specimen: Specimen) -> Broken | None:
    stream = specimen.evidence.stream
    if stream is None:
        return None
    return Broken(evidence=replace(specimen.evidence, stream=replace(stream, status="CREATING")))


@mutation("role", "another role", "configuration.destination")
def _role(specimen: Specimen) -> Broken | None:
    return _described(specimen.evidence, {"RoleARN": "arn:aws:iam::123456789012:role/another"})


@mutation("prefix", "another prefix", "configuration.prefix")
def _prefix(specimen: Specimen) -> Broken | None:
    return _described(specimen.evidence, {"Prefix": f"new-{specimen.evidence.declared.prefix}"})


@mutation("error-prefix", "another error output prefix", "configuration.error_prefix")
def _error_prefix(specimen: Specimen) -> Broken | None:
    return _described(specimen.evidence, {"ErrorOutputPrefix": "failed/"})


@mutation("buffering", "other buffering hints", "configuration.buffering")
def _buffering(specimen: Specimen) -> Broken | None:
    return _described(specimen.evidence, {"BufferingHints": {"SizeInMBs": 77, "IntervalInSeconds": 61}})


@mutation("compression", "another compression format", "configuration.buffering")
def _compression(specimen: Specimen) -> Broken | None:
    return _described(specimen.evidence, {"CompressionFormat": "GZIP"})


@mutation(
    "conversion-off",
    "record format conversion switched off",
    "configuration.conversion",
    consequences=("key.extension",),
)
def _conversion_off(specimen: Specimen) -> Broken | None:
    if specimen.evidence.declared.conversion is None:
        return None
    return _described(specimen.evidence, {"DataFormatConversionConfiguration": {"Enabled": False}})


@mutation("retry", "another retry duration", "configuration.partitioning")
def _retry(specimen: Specimen) -> Broken | None:
    if specimen.evidence.declared.partitioning is None:
        return None
    options = {"Enabled": True, "RetryOptions": {"DurationInSeconds": 301}}
    return _described(specimen.evidence, {"DynamicPartitioningConfiguration": options})


@mutation("query", "another jq query", "configuration.partitioning")
def _query(specimen: Specimen) -> Broken | None:
    partitioning = specimen.evidence.declared.partitioning
    if partitioning is None:
        return None
    query = partitioning.query.replace("%H", "%M")
    parameters = [
        {"ParameterName": "MetadataExtractionQuery", "ParameterValue": query},
        {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
    ]
    processors = [{"Type": "MetadataExtraction", "Parameters": parameters}]
    return _described(specimen.evidence, {"ProcessingConfiguration": {"Enabled": True, "Processors": processors}})


@mutation("backup", "source backup switched on", "configuration.rest")
def _backup(specimen: Specimen) -> Broken | None:
    return _described(specimen.evidence, {"S3BackupMode": "Enabled"})


@mutation("query-table", "a query table that lacks a column", "configuration.query_table")
def _query_table(specimen: Specimen) -> Broken | None:
    table = specimen.evidence.query_table
    if not isinstance(table, Table):
        return None
    return Broken(evidence=replace(specimen.evidence, query_table=replace(table, columns=table.columns[1:])))


@mutation("projection", "a projection that ends before the data begins", "projection.covers")
def _projection(specimen: Specimen) -> Broken | None:
    table = specimen.evidence.query_table
    if not isinstance(table, Table) or "projection.year.range" not in table.parameters:
        return None
    parameters = {**table.parameters, "projection.year.range": "1990,1991"}
    return Broken(evidence=replace(specimen.evidence, query_table=replace(table, parameters=parameters)))


MUTATIONS: tuple[Mutation, ...] = (
    _stream_gone, _stream_creating, _role, _prefix, _error_prefix, _buffering, _compression, _conversion_off, _retry, _query,
    _backup, _query_table, _projection,
)  # fmt: skip
