"""The seven points of a delivery stream's configuration, and the rest of its description, held against the declaration.

Pure. Each function answers one line of the checklist: expected and found, in words that a reader of the console knows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from firehose_spec import quotas
from validators.key_expressions import bare_expression, parse_query
from validators.object_key import prefix_pieces
from validators.stack_outputs import Declaration
from validators.stream_description import Stream, Table


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the checklist; it holds when `problems` is empty. `skip` says why it could not be looked at."""

    check: str
    expected: str
    found: str
    problems: tuple[str, ...] = ()
    skip: str | None = None


def seven_points(
    declared: Declaration, stream: Stream | None, *, conversion_table: Table | str | None, bucket_answers: bool
) -> Iterator[Point]:
    """Yield the seven lines in the console's order. `conversion_table` is the Glue table, or why it could not be read."""
    if stream is None:
        yield Point(
            "configuration.stream", f"{declared.stream_name} ACTIVE, Direct PUT", "no such stream", ("no such stream",)
        )
        return
    yield _stream(declared, stream)
    yield _destination(declared, stream, bucket_answers=bucket_answers)
    yield _conversion(declared, stream, conversion_table)
    yield _partitioning(declared, stream)
    yield _equal("configuration.prefix", declared.prefix or "none", stream.prefix or "none")
    yield _equal(
        "configuration.error_prefix", declared.error_output_prefix or "none", stream.error_output_prefix or "none"
    )
    yield _buffering(declared, stream)


def _stream(declared: Declaration, stream: Stream) -> Point:
    found = f"{stream.name} {stream.status}, source {stream.source}"
    right = stream.name == declared.stream_name and stream.status == "ACTIVE" and stream.source == "DirectPut"
    return Point(
        "configuration.stream",
        f"{declared.stream_name} ACTIVE, source DirectPut in {declared.region}",
        found,
        () if right else (found,),
    )


def _destination(declared: Declaration, stream: Stream, *, bucket_answers: bool) -> Point:
    role = str(stream.destination.get("RoleARN", ""))
    problems = []
    if stream.bucket != declared.bucket:
        problems.append(f"bucket {stream.bucket}")
    if role != declared.role_arn:
        problems.append(f"role {role or 'none'}")
    if not bucket_answers:
        problems.append(f"bucket {stream.bucket} does not answer")
    return Point(
        "configuration.destination",
        f"s3://{declared.bucket}, role {declared.role_arn}",
        f"s3://{stream.bucket}, role {role or 'none'}",
        tuple(problems),
    )


def _conversion(declared: Declaration, stream: Stream, table: Table | str | None) -> Point:
    wanted, conversion = declared.conversion, stream.conversion
    if wanted is None:
        found = "off" if conversion is None else "on"
        return Point("configuration.conversion", "off", found, () if conversion is None else ("conversion is on",))
    expected = (
        f"{wanted.serializer} {wanted.compression} by {wanted.deserializer}, "
        f"Glue {wanted.database}.{wanted.table} in {wanted.region}"
    )
    if conversion is None:
        return Point("configuration.conversion", expected, "off", ("conversion is off",))
    schema = conversion["SchemaConfiguration"]
    serializer, options = stream.serializer
    codec = options.get("Compression") or "SNAPPY"
    found = (
        f"{serializer} {codec} by {stream.deserializer[0]}, "
        f"Glue {schema.get('DatabaseName')}.{schema.get('TableName')} in {schema.get('Region') or declared.region}"
    )
    problems = [] if found == expected else [found]
    if isinstance(table, str):
        problems.append(table)
    return Point("configuration.conversion", expected, found, tuple(problems))


def _partitioning(declared: Declaration, stream: Stream) -> Point:
    wanted, retry = declared.partitioning, stream.partitioning_retry_seconds
    if wanted is None:
        return Point(
            "configuration.partitioning", "off", "off" if retry is None else "on", () if retry is None else ("on",)
        )
    parameters = stream.processors.get("MetadataExtraction", {})
    query = parameters.get("MetadataExtractionQuery", "")
    expected = f"on, retry {wanted.retry_seconds} s, {wanted.query}"
    found = "off" if retry is None else f"on, retry {retry} s, {query}"
    problems = []
    if retry is None:
        problems.append("dynamic partitioning is off")
    elif retry != wanted.retry_seconds:
        problems.append(f"retry {retry} s")
    if query != wanted.query:
        problems.append(f"query {query}")
    parsed = parse_query(query)
    if parsed is not None and wanted.keys:
        declared_keys = {name: bare_expression(text) for name, text in wanted.keys.items()}
        if {name: bare_expression(text) for name, text in parsed.expressions.items()} != declared_keys:
            problems.append(f"keys {', '.join(f'{name}={text}' for name, text in parsed.expressions.items())}")
    in_prefix = {piece.text for piece in prefix_pieces(stream.prefix) if piece.kind == "key"}
    if retry is not None and parsed is not None and in_prefix != set(parsed.expressions):
        problems.append(f"keys in the prefix: {', '.join(sorted(in_prefix)) or 'none'}")
    engine = parameters.get("JsonParsingEngine", "JQ-1.6")
    if engine != "JQ-1.6":
        problems.append(f"JsonParsingEngine {engine}")
    return Point("configuration.partitioning", expected, found, tuple(problems))


def _buffering(declared: Declaration, stream: Stream) -> Point:
    size_mib, seconds = stream.buffering
    expected = f"{declared.buffer_mib} MiB or {declared.buffer_seconds} s, {declared.compression_format}"
    found = f"{size_mib} MiB or {seconds} s, {stream.compression_format}"
    problems = [] if found == expected else [found]
    partitioned = stream.partitioning_retry_seconds is not None
    least = quotas.MIN_BUFFER_MIB_CONVERTED if partitioned or stream.conversion else quotas.MIN_BUFFER_MIB
    if not least <= size_mib <= quotas.MAX_BUFFER_MIB:
        problems.append(f"{size_mib} MiB, where AWS takes {least} to {quotas.MAX_BUFFER_MIB}")
    if partitioned and seconds < quotas.MIN_BUFFER_SECONDS_PARTITIONED:
        problems.append(
            f"{seconds} s, where AWS takes {quotas.MIN_BUFFER_SECONDS_PARTITIONED} or more with partitioning"
        )
    return Point("configuration.buffering", expected, found, tuple(problems))


def _equal(check: str, expected: str, found: str) -> Point:
    return Point(check, expected, found, () if expected == found else (found,))


def _processors(declared: Declaration) -> str:
    if declared.partitioning is None:
        return "none"
    return "MetadataExtraction" + (", RecordDeAggregation" if declared.partitioning.record_deaggregation else "")


def rest_of_description(declared: Declaration, stream: Stream) -> Point:
    """Return the line for everything that the seven points leave out."""
    wanted = {
        "log group": declared.log_group or "off",
        "processors": _processors(declared),
        "backup": "Disabled",
        "extension": "default",
        "time zone": "UTC",
    }
    found = {
        "log group": stream.log_group or "off",
        "processors": ", ".join(sorted(stream.processors)) or "none",
        "backup": str(stream.destination.get("S3BackupMode") or "Disabled"),
        "extension": str(stream.destination.get("FileExtension") or "default"),
        "time zone": str(stream.destination.get("CustomTimeZone") or "UTC"),
    }
    return Point(
        "configuration.rest",
        _listed(wanted),
        _listed(found),
        tuple(f"{name} {found[name]}" for name in wanted if wanted[name] != found[name]),
    )


def _listed(facts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def query_table_point(conversion_table: Table, query_table: Table, *, problem: str | None) -> Point:
    """Compare the two tables over one bucket; `problem` is what is wrong with the query table's projection, if anything."""
    wanted, found = _columns(conversion_table), _columns(query_table)
    problems = [] if wanted == found else [f"{query_table.name}: {', '.join(found)}"]
    if problem is not None:
        problems.append(problem)
    return Point(
        "configuration.query_table",
        f"{len(wanted)} columns of {conversion_table.name}, projection enabled",
        f"{len(found)} columns in {query_table.name}" + (f"; {problem}" if problem else ", projection complete"),
        tuple(problems),
    )


def _columns(table: Table) -> Sequence[str]:
    return [f"{column.name} {column.type}" for column in table.columns]
