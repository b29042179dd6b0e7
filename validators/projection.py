"""Athena's partition projection, read from a Glue table: which folder holds which partition, and which folders a query never sees.

Pure. Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from firehose_spec.glue_types import Column
from validators.stream_description import Table
from validators.time_patterns import pattern_regex

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_RANGE = re.compile(r"\s*-?\d+\s*,\s*-?\d+\s*")
_DATE_FIELD = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


class ProjectionError(ValueError):
    """A table that Athena could not project."""


@dataclass(frozen=True, slots=True)
class ProjectedColumn:
    """One partition column: its Glue column, its projection type and settings (``range``, ``values``, ``digits``, ``format`` …)."""

    column: Column
    kind: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Projection:
    """How a table's partitions map to folders of a bucket."""

    bucket: str
    root: str
    columns: tuple[ProjectedColumn, ...]
    _pattern: re.Pattern[str]

    def values(self, key: str) -> Mapping[str, str] | None:
        """Return partition column to value (text as in the path) for an object's key; None when no template gives its folder."""
        match = self._pattern.fullmatch(key)
        return None if match is None else {column.column.name: match[f"c{i}"] for i, column in enumerate(self.columns)}

    def refusal(self, values: Mapping[str, str], *, now: datetime) -> str | None:
        """Return why Athena would never look into the folder of these values, or None when it would."""
        for projected in self.columns:
            reason = _refusal(projected, values[projected.column.name], now)
            if reason is not None:
                return f"{projected.column.name}={values[projected.column.name]}: {reason}"
        return None


def read_projection(table: Table) -> Projection | None:
    """Read a table's projection; None when the table has none.

    Raises:
        ProjectionError: enabled, but a partition column has no type or the template leaves one out.
    """
    if table.parameters.get("projection.enabled", "").lower() != "true":
        return None
    columns = []
    for column in table.partition_columns:
        lead = f"projection.{column.name}."
        settings = {name[len(lead) :]: value for name, value in table.parameters.items() if name.startswith(lead)}
        if settings.get("type") not in {"enum", "integer", "date", "injected"}:
            raise ProjectionError(f"{lead}type is {settings.get('type')!r}; enum, integer, date or injected is needed")
        if settings["type"] == "integer" and not _RANGE.fullmatch(settings.get("range", "")):
            raise ProjectionError(
                f"{lead}range is {settings.get('range')!r}; two whole numbers are needed, such as 1,12"
            )
        columns.append(ProjectedColumn(column, settings["type"], settings))
    template = table.parameters.get("storage.location.template") or _hive_template(table)
    bucket, _, path = template.removeprefix("s3://").partition("/")
    missing = [column.column.name for column in columns if f"${{{column.column.name}}}" not in path]
    if missing:
        raise ProjectionError(f"storage.location.template {template!r} leaves out {', '.join(missing)}")
    path = path if path.endswith("/") else f"{path}/"
    return Projection(bucket, path.partition("${")[0], tuple(columns), _pattern(path, columns))


def _hive_template(table: Table) -> str:
    folders = "".join(f"{column.name}=${{{column.name}}}/" for column in table.partition_columns)
    return f"{table.location.rstrip('/')}/{folders}"


def _pattern(path: str, columns: list[ProjectedColumn]) -> re.Pattern[str]:
    index = {projected.column.name: i for i, projected in enumerate(columns)}
    parts: list[str] = []
    seen: set[str] = set()
    position = 0
    for match in _PLACEHOLDER.finditer(path):
        name = match[1]
        if name not in index:
            raise ProjectionError(f"storage.location.template names {name!r}, which is no partition column")
        parts.append(re.escape(path[position : match.start()]))
        # A date's format may hold slashes: yyyy/MM/dd/HH is four folders.
        deep = columns[index[name]].settings.get("format", "").count("/")
        folder = "/".join(["[^/]+"] * (deep + 1))
        parts.append(f"(?P=c{index[name]})" if name in seen else f"(?P<c{index[name]}>{folder})")
        seen.add(name)
        position = match.end()
    # documented: Athena reads files below the folder too, and skips those whose name starts with _ or .
    return re.compile("".join(parts) + re.escape(path[position:]) + r"(?:[^/]+/)*[^/_.][^/]*")


def _refusal(projected: ProjectedColumn, text: str, now: datetime) -> str | None:
    settings = projected.settings
    match projected.kind:
        case "enum":
            values = [value.strip() for value in settings.get("values", "").split(",")]
            return None if text in values else f"not one of the enum's {len(values)} values"
        case "integer":
            low, high = (int(part) for part in settings.get("range", "0,0").split(","))
            digits = int(settings.get("digits", "1"))
            if not text.isdigit() or not low <= int(text) <= high:
                return f"outside range {low},{high}"
            if text != str(int(text)).zfill(digits):
                return f"not written with {digits} digits"
        case "date":
            return _date_refusal(settings, text, now)
    return None


def _date_refusal(settings: Mapping[str, str], text: str, now: datetime) -> str | None:
    pattern = settings.get("format", "")
    code = re.sub("|".join(_DATE_FIELD), lambda match: _DATE_FIELD[match[0]], pattern)
    try:
        at = datetime.strptime(text, code)  # noqa: DTZ007 - a partition is a wall-clock text
    except ValueError:
        return f"not of the format {pattern}"
    if not re.fullmatch(pattern_regex(pattern, at), text):
        return f"not of the format {pattern}"
    low, _, high = settings.get("range", "").partition(",")
    for bound, is_low in ((low.strip(), True), (high.strip(), False)):
        if bound and not bound.upper().startswith("NOW"):
            limit = datetime.strptime(bound, code)  # noqa: DTZ007 - as above
            if at < limit if is_low else at > limit:
                return f"outside range {settings['range']}"
        elif bound.upper() == "NOW" and not is_low and at > now.replace(tzinfo=None):
            return f"after NOW of range {settings['range']}"
    return None
