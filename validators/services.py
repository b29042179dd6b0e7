"""Gather the evidence: read files, ask Firehose, Glue and S3.

Talks to: Firehose, Glue, S3 at the endpoints of AWS's own configuration, through one boto3 session.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.exceptions

from validators.bucket import S3Bucket
from validators.errors import UnreachableError, UsageError
from validators.evidence import Evidence, Scope
from validators.manifests import Manifest, read_manifest
from validators.stack_outputs import Declaration, TableName, read_outputs
from validators.stream_description import Stream, Table, declaration_from, describe_stream, get_table

_CONFIG = botocore.config.Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 3, "mode": "standard"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asked to verify."""

    outputs: Path | None
    manifests: tuple[Path, ...]
    bucket: str | None
    stream: str | None
    region: str | None
    query_table: TableName | None


class Services:
    """Clients of one Region, made when first needed."""

    def __init__(self, session: boto3.session.Session, region: str) -> None:
        self.session, self.region = session, region
        self._clients: dict[str, Any] = {}

    def client(self, name: str, region: str | None = None) -> Any:
        """Return the boto3 client of a service."""
        where = region or self.region
        key = f"{name} {where}"
        if key not in self._clients:
            try:
                self._clients[key] = self.session.client(name, region_name=where, config=_CONFIG)
            except (botocore.exceptions.BotoCoreError, ValueError) as exc:
                raise UnreachableError(name, str(exc), "check AWS_ENDPOINT_URL, region and credentials") from exc
        return self._clients[key]

    def stream(self, name: str) -> Stream:
        """Describe a stream."""
        return describe_stream(self.client("firehose"), name)

    def table(self, name: TableName, region: str | None = None) -> Table | str:
        """Return a Glue table, or why it cannot be read."""
        try:
            return get_table(self.client("glue", region), name)
        except UnreachableError as exc:
            return str(exc)

    def query_table_of(self, bucket: str, database: str) -> TableName | None:
        """Return the first table of the database that projects partitions onto the bucket."""
        try:
            pages = self.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
            for page in pages:
                for table in page["TableList"]:
                    parameters = table.get("Parameters") or {}
                    template = parameters.get("storage.location.template", "")
                    if parameters.get("projection.enabled") == "true" and template.startswith(f"s3://{bucket}/"):
                        return TableName(database, table["Name"])
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            return None
        return None


def gather(
    wanted: Wanted, *, session: boto3.session.Session, now: datetime, scope: Scope, strict_freshness: bool
) -> Evidence:
    """Return the evidence for what the caller asked.

    Raises:
        InputFileError: an outputs file or manifest is missing or wrong.
        UsageError: nothing names a stream.
        UnreachableError: an endpoint does not answer, or (without outputs) the stream does not exist.
    """
    declared = read_outputs(wanted.outputs) if wanted.outputs else None
    manifests = tuple(read_manifest(path) for path in wanted.manifests)
    name, region = _stream_name(wanted, declared, manifests), _region(wanted, declared, manifests, session)
    services = Services(session, region)
    stream: Stream | None = None
    try:
        stream = services.stream(name)
    except UnreachableError:
        if declared is None or not _is_missing_stream(services, name):
            raise
    if declared is None:
        declared = _described(services, stream, wanted, region)
        declared = replace(declared, pipeline=manifests[0].pipeline) if manifests else declared
    if wanted.bucket is not None:
        declared = replace(declared, bucket=wanted.bucket)
    conversion = declared.conversion
    bucket = S3Bucket(declared.bucket, session, region)
    return Evidence(
        declared=declared,
        stream=stream,
        conversion_table=services.table(TableName(conversion.database, conversion.table), conversion.region)
        if conversion
        else None,
        query_table=services.table(declared.query_table) if declared.query_table else None,
        bucket=bucket,
        bucket_answers=bucket.answers(),
        manifests=_unique(manifests),
        now=now,
        scope=scope,
        strict_freshness=strict_freshness,
    )


def _stream_name(wanted: Wanted, declared: Declaration | None, manifests: Sequence[Manifest]) -> str:
    names = {manifest.stream for manifest in manifests}
    name = wanted.stream or (declared.stream_name if declared else None) or (next(iter(names)) if names else None)
    if name is None:
        raise UsageError(
            "nothing names a stream; give --outputs FILE, --manifest FILE, or --stream NAME with --region REGION"
        )
    if names - {name}:
        raise UsageError(
            f"the manifests name {', '.join(sorted(names))}, verified is {name}; give manifests of one stream"
        )
    return name


def _region(
    wanted: Wanted, declared: Declaration | None, manifests: Sequence[Manifest], session: boto3.session.Session
) -> str:
    region = wanted.region or (declared.region if declared else None)
    region = region or (manifests[0].region if manifests else None) or session.region_name
    if not region:
        raise UsageError("nothing names a Region; give --region or set AWS_REGION")
    return region


def _is_missing_stream(services: Services, name: str) -> bool:
    """Return whether Firehose answers and merely does not know the stream: that is a finding, not an outage."""
    client = services.client("firehose")
    try:
        client.describe_delivery_stream(DeliveryStreamName=name)
    except client.exceptions.ResourceNotFoundException:
        return True
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        return False
    return False


def _described(services: Services, stream: Stream | None, wanted: Wanted, region: str) -> Declaration:
    if stream is None:
        raise UsageError("the stream has no description; give --outputs FILE")
    declared = declaration_from(stream, region=region, query_table=wanted.query_table)
    if declared.query_table is None and declared.conversion is not None:
        found = services.query_table_of(declared.bucket, declared.conversion.database)
        declared = replace(declared, query_table=found)
    return declared


def _unique(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Return one manifest a run: the same file may be named twice."""
    return tuple({manifest.run_id: manifest for manifest in manifests}.values())


def session_from_environment() -> boto3.session.Session:
    """Return the session that AWS's own environment asks for.

    Objects are read through a library that knows a bundle of certificates by OpenSSL's variable only: behind a proxy that looks into TLS,
    AWS's variable says what that one must say.

    Raises:
        UnreachableError: the profile or the configuration file can't be read.
    """
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        os.environ.setdefault("SSL_CERT_FILE", bundle)
    try:
        return boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
    except botocore.exceptions.BotoCoreError as exc:
        raise UnreachableError(
            "AWS configuration", str(exc), "check AWS_PROFILE and the AWS configuration file"
        ) from exc
