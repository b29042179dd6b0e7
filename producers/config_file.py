"""config.json of the Apache log producer: stream, Region, log files; checked, then typed.

Talks to: one file. Keys may be written as people and tools write them (`stream_name`, `DeliveryStreamName`, `log-file`). Credentials in it
are warned about, never printed, and used only where AWS's own credentials chain finds none.
"""

import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from producers.errors import ConfigError

_ALIASES = {
    "stream": "stream",
    "streamname": "stream",
    "deliverystream": "stream",
    "deliverystreamname": "stream",
    "firehosestream": "stream",
    "region": "region",
    "regionname": "region",
    "awsregion": "region",
    "endpointurl": "endpoint_url",
    "profile": "profile",
    "awsprofile": "profile",
    "logfile": "log_files",
    "logfiles": "log_files",
    "logfilepath": "log_files",
    "logpath": "log_files",
    "logformat": "log_format",
    "accesskeyid": "access_key_id",
    "awsaccesskeyid": "access_key_id",
    "accesskey": "access_key_id",
    "awsaccesskey": "access_key_id",
    "secretaccesskey": "secret_access_key",
    "awssecretaccesskey": "secret_access_key",
    "secretkey": "secret_access_key",
    "awssecretkey": "secret_access_key",
    "sessiontoken": "session_token",
    "awssessiontoken": "session_token",
}
_ALLOWED = "stream, region, log_file (a path, a glob, or a list of them), log_format, endpoint_url, profile"
_SECRETS = frozenset({"access_key_id", "secret_access_key", "session_token"})


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What config.json said; None where it said nothing. `warnings` are for the user's eyes."""

    stream: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    log_files: tuple[str, ...] = ()
    log_format: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()


def read_config(path: Path) -> LogConfig:
    """Read and check the file; relative log files are relative to its folder.

    Raises:
        ConfigError: no such file, not a JSON object, an unknown or doubled key, a wrong type; it names the key, never a value of a secret.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}; give --config the path of your config.json") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text; save it as UTF-8") from error
    try:
        document = json.loads(text, object_pairs_hook=lambda pairs: pairs)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from error
    if not isinstance(document, list) or text.lstrip()[:1] != "{":
        raise ConfigError(f"{path}: holds {_type_name(document)}; it must be one JSON object with {_ALLOWED}")
    return _checked(path, document)


def _checked(path: Path, pairs: list[tuple[str, Any]]) -> LogConfig:
    values: dict[str, Any] = {}
    written: dict[str, str] = {}
    for key, value in pairs:
        name = _ALIASES.get(key.replace("_", "").replace("-", "").replace(" ", "").lower())
        if name is None:
            near = get_close_matches(
                key.lower(), ["stream", "region", "log_file", "log_format", "endpoint_url", "profile"], 1
            )
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{path}: unknown key {key!r}{hint} Allowed: {_ALLOWED}")
        if name in values:
            raise ConfigError(f"{path}: {key!r} says the same as {written[name]!r}; keep one of them")
        written[name] = key
        values[name] = _value(path, key, name, value)
    found = [written[name] for name in written if name in _SECRETS and values[name]]
    warning = (
        f"{path} holds credentials ({', '.join(found)}); remove them and use AWS_PROFILE, environment variables or a role. "
        "They are used only where AWS's own chain finds none."
    )
    folder = path.parent
    files = tuple(str(folder / Path(name).expanduser()) for name in values.pop("log_files", ()))
    return LogConfig(
        **{name: value or None for name, value in values.items()}, log_files=files, warnings=(warning,) if found else ()
    )


def _value(path: Path, key: str, name: str, value: Any) -> Any:
    if name == "log_files":
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items or not all(isinstance(item, str) and item for item in items):
            raise ConfigError(f"{path}: {key!r} is {_type_name(value)}; it must be a path, a glob, or a list of them")
        return items
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {key!r} is {_type_name(value)}; it must be a string")
    return value.strip()


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "an empty string" if not value else "a string"
    is_object = isinstance(value, list) and all(isinstance(item, tuple) for item in value) and bool(value)
    return "an object" if is_object else "a list"
