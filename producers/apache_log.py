"""What an Apache access log line says.

Pure. Lines are parsed by the apachelogs library, which knows every LogFormat directive.
Source: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apachelogs import COMBINED, COMMON, VHOST_COMBINED, VHOST_COMMON, LogParser

from producers.errors import ConfigError
from producers.source import utc_text

_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>.*?)(?: (?P<protocol>HTTP/[\d.]+))?")

FORMATS = {
    "common": COMMON,
    "combined": COMBINED,
    "vhost_common": VHOST_COMMON,
    "vhost_combined": VHOST_COMBINED,
}


class LineParser:
    """Access log lines to JSON objects. Without a format, vhost_combined, combined and common are tried.

    In this order: a user name may hold spaces, so combined would also take a line with a virtual host, but not the other way round.
    """

    def __init__(self, log_format: str | None = None) -> None:
        """Take a name of `FORMATS` or the text of a LogFormat directive.

        Raises:
            ConfigError: the text is not a LogFormat that httpd knows.
        """
        texts = [FORMATS.get(log_format, log_format)] if log_format else [VHOST_COMBINED, COMBINED, COMMON]
        try:
            self._parsers = [LogParser(text, encoding="utf-8", errors="backslashreplace") for text in texts]
        except ValueError as error:
            raise ConfigError(
                f"log format {log_format!r}: {error}; give {', '.join(FORMATS)} or a LogFormat such as '%h %t \"%r\" %>s'"
            ) from error

    def to_json(self, line: bytes) -> bytes:
        """Return one JSON object and a newline. A line that does not fit goes into `unparsed`, so that none is dropped."""
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        fields = self._fields(text)
        return json.dumps(fields or {"unparsed": text}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _fields(self, text: str) -> dict[str, Any] | None:
        for parser in self._parsers:
            try:
                entry = parser.parse(text)
            except (ValueError, OverflowError):
                continue
            return _flat(vars(entry))
        return None


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if name in {"entry", "format", "directives", "request_time_fields"}:
            continue
        if isinstance(value, Mapping):  # headers, cookies, environment variables
            lead = "" if name == "headers_in" else f"{name}_"
            fields.update({lead + key.lower().replace("-", "_"): text for key, text in value.items()})
        elif isinstance(value, datetime):
            fields[name] = utc_text(value) if value.tzinfo else value.isoformat()
        elif isinstance(value, str | int | float | bool) or value is None:
            fields[name] = value
        else:
            fields[name] = str(value)
    request = _REQUEST.fullmatch(fields.get("request_line") or "")
    if request:
        fields.update(request.groupdict())
    return fields
