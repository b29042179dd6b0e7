"""The columns of the Glue table that a stream converts to.

Talks to: Glue (GetTable, GetTableVersion) through clients that are passed in. LATEST follows table updates after at most
`refresh_seconds`; a numbered version stays what it was. Source:
https://docs.aws.amazon.com/firehose/latest/APIReference/API_SchemaConfiguration.html
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError

from firehose_spec.glue_types import Array, Column, GlueType, GlueTypeError, Map, Struct, Text, parse
from local_firehose.errors import LocalFirehoseError
from local_firehose.hive_types import hive_fault
from local_firehose.stream_config import SchemaReference

LATEST = "LATEST"
REFRESH_SECONDS = 5.0  # decided: AWS does not say how soon an update of the table is followed

ENTITY_NOT_FOUND_MESSAGE = (
    "The specified table/database could not be found. Please ensure that the table/database exists and that the values"
    " provided in the schema configuration are correct, especially with regards to casing."
)
ACCESS_DENIED_MESSAGE = (  # observed: terraform-provider-aws delivery_stream.go
    "Access was denied when calling Glue. Please ensure that the role specified in the data format conversion configuration"
    " has the necessary permissions."
)
_MAX_LENGTH = {"char": 255, "varchar": 65535}
_NOT_FOUND_CODES = frozenset({"EntityNotFoundException"})
_DENIED_CODES = frozenset({"AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId"})


class GlueClient(Protocol):
    """The two calls of a boto3 Glue client."""

    def get_table(self, **request: str) -> Mapping[str, Any]: ...

    def get_table_version(self, **request: str) -> Mapping[str, Any]: ...


class SchemaError(LocalFirehoseError):
    """The columns cannot be had; `code` and `message` are what error lines say.

    `is_transient`: trying again may help (Glue is away, throttles, or denies access, which operators repair); otherwise the table
    or its columns are at fault and the records that wait for it fail.
    """

    def __init__(self, code: str, message: str, *, is_transient: bool) -> None:
        self.code, self.message, self.is_transient = code, message, is_transient
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True, slots=True)
class _Entry:
    columns: tuple[Column, ...]
    read_ms: int


class SchemaCatalog:
    """Reads and remembers columns; safe to share between threads."""

    def __init__(
        self,
        glue_client: Callable[[str], GlueClient],
        *,
        now_ms: Callable[[], int],
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        """`glue_client` returns the client of a Region; `now_ms` the time in epoch milliseconds."""
        self._glue_client = glue_client
        self._now_ms = now_ms
        self._refresh_ms = refresh_seconds * 1000
        self._entries: dict[SchemaReference, _Entry] = {}
        self._lock = threading.Lock()

    def columns(self, reference: SchemaReference) -> tuple[Column, ...]:
        """Return StorageDescriptor.Columns in order, names in lower case; partition keys are not among them.

        When a refresh fails for a transient reason, the columns last read are kept.

        Raises:
            SchemaError: never read and cannot be read now, or the table is gone or has a column that cannot be converted.
        """
        with self._lock:
            entry = self._entries.get(reference)
            now_ms = self._now_ms()
            if entry and now_ms - entry.read_ms < self._refresh_ms:
                return entry.columns
            try:
                columns = self._read(reference)
            except SchemaError as error:
                if entry and error.is_transient:
                    return entry.columns
                self._entries.pop(reference, None)
                raise
            if entry and entry.columns == columns:
                columns = entry.columns  # the same object, so that callers can compare by identity
            self._entries[reference] = _Entry(columns, now_ms)
            return columns

    def _read(self, reference: SchemaReference) -> tuple[Column, ...]:
        request = {"DatabaseName": reference.database_name}
        if reference.catalog_id:
            request["CatalogId"] = reference.catalog_id
        try:
            client = self._glue_client(reference.region)
            if reference.version_id in {"", LATEST}:
                table = client.get_table(Name=reference.table_name, **request)["Table"]
            else:
                version = client.get_table_version(
                    TableName=reference.table_name, VersionId=reference.version_id, **request
                )
                table = version["TableVersion"]["Table"]
        except ClientError as exc:
            raise _from_glue(exc) from exc
        except BotoCoreError as exc:
            raise SchemaError("DataFormatConversion.GlueUnavailable", str(exc), is_transient=True) from exc
        return _columns(cast("Mapping[str, Any]", table))


def _from_glue(exc: ClientError) -> SchemaError:
    error = exc.response.get("Error", {})
    code, message = error.get("Code", ""), error.get("Message", "")
    if code in _NOT_FOUND_CODES:
        return SchemaError("DataFormatConversion.EntityNotFound", ENTITY_NOT_FOUND_MESSAGE, is_transient=False)
    if code in _DENIED_CODES:
        return SchemaError(
            "DataFormatConversion.AccessDenied", f"{ACCESS_DENIED_MESSAGE} {message}".strip(), is_transient=True
        )
    return SchemaError(f"DataFormatConversion.{code}", message, is_transient=True)


def _columns(table: Mapping[str, Any]) -> tuple[Column, ...]:
    columns = []
    for column in (table.get("StorageDescriptor") or {}).get("Columns") or []:
        try:
            kind = parse(column.get("Type") or "")
        except GlueTypeError as exc:
            raise _invalid_schema(f"Column {column['Name']}: {exc}") from exc
        # observed that it refuses; decided: docs/fidelity/conversion.md#schema-text, the words
        if fault := hive_fault(column["Type"]):
            raise _invalid_schema(f"Column {column['Name']}: {fault}")
        if fault := _fault(kind):
            raise _invalid_schema(f"Column {column['Name']}, {kind}: {fault}")
        columns.append(Column(column["Name"].lower(), kind))
    names = [column.name for column in columns]
    if not columns:
        raise _invalid_schema(f"Table {table.get('Name')} has no columns.")
    if len(set(names)) != len(names):
        raise _invalid_schema(f"Table {table.get('Name')} has two columns of one name: {', '.join(names)}.")
    return tuple(columns)


def _fault(kind: GlueType) -> str | None:
    """What Hive refuses in a type that is otherwise well-formed. # documented: LanguageManual Types."""
    match kind:
        case Text(name, length) if not 1 <= length <= _MAX_LENGTH[name]:
            return f"{name} takes a length of 1 to {_MAX_LENGTH[name]}"
        case Array(element):
            return _fault(element)
        case Map(key, value):
            if isinstance(key, Array | Map | Struct):
                return "a map's key must be a primitive type"
            return _fault(key) or _fault(value)
        case Struct(members):
            names = [name for name, _ in members]
            if len(set(names)) != len(names):
                return f"struct members repeat a name: {', '.join(names)}"
            return next(filter(None, (_fault(member) for _, member in members)), None)
        case _:
            return None


def _invalid_schema(reason: str) -> SchemaError:
    # observed: code and lead of an error object; the reason after it is ours
    return SchemaError("DataFormatConversion.InvalidSchema", f"The schema is invalid. {reason}", is_transient=False)
