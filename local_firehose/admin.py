"""Requests below /_local_firehose/: health, status, flush, clock and faults. AWS has none of them.

Talks to: the control plane and the delivery engine. Contract: docs/architecture.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from local_firehose.clock import MAX_ADVANCE_SECONDS, MAX_SPEED, Clock
from local_firehose.control_plane import ControlPlane
from local_firehose.engine_port import DeliveryCounters, Engine
from local_firehose.errors import AdminRequestError
from local_firehose.stream_config import StreamId
from local_firehose.stream_record import StreamRecord

Document = dict[str, Any]

PATH = "/_local_firehose/"
_DEFAULT_FLUSH_SECONDS = 60.0
_MAX_FLUSH_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status and JSON body."""

    status: int
    body: object


class Admin:
    """Answers admin requests; it exists only while puts are accepted, so being asked is being ready."""

    def __init__(
        self,
        *,
        instance: str,
        control_plane: ControlPlane,
        engine: Engine,
        clock: Clock,
    ) -> None:
        self._instance, self._control_plane, self._engine, self._clock = instance, control_plane, engine, clock

    async def answer(self, method: str, name: str, body: bytes) -> Answer:
        """Carry out ``<method> /_local_firehose/<name>``; a refusal is an answer too."""
        routes = {
            ("GET", "health"): self._health,
            ("GET", "status"): self._status,
            ("POST", "flush"): self._flush,
            ("POST", "clock"): self._move_clock,
            ("GET", "clock"): self._show_clock,
            ("POST", "faults"): self._set_faults,
            ("GET", "faults"): self._show_faults,
            ("DELETE", "faults"): self._clear_faults,
        }
        route = routes.get((method, name))
        if route is None:
            known = ", ".join(f"{verb} {PATH}{path}" for verb, path in routes)
            return Answer(404, {"error": f"{method} {PATH}{name} is not known; known: {known}"})
        try:
            return await route(body)
        except AdminRequestError as error:
            return Answer(error.status, {"error": str(error)})

    async def _health(self, _: bytes) -> Answer:
        return Answer(200, {"status": "ready", "instance": self._instance})

    async def _status(self, _: bytes) -> Answer:
        counters = {counter.stream: counter for counter in await self._engine.counters()}
        streams = [_stream_status(record, counters.get(record.stream)) for record in self._control_plane.records()]
        return Answer(
            200,
            {
                "instance": self._instance,
                "now": _iso(self._clock.now()),
                "clock": {"speed": self._clock.speed, "offset_seconds": self._clock.offset_seconds},
                "streams": streams,
            },
        )

    async def _flush(self, body: bytes) -> Answer:
        request = _object(body, allowed={"streams", "timeout_seconds"})
        streams = self._named(request["streams"]) if request.get("streams") is not None else None
        timeout = _number(request, "timeout_seconds", default=_DEFAULT_FLUSH_SECONDS, most=_MAX_FLUSH_SECONDS)
        result = await self._engine.flush(streams, timeout_seconds=timeout)
        failed = [
            {
                "stream": failure.stream.name,
                "region": failure.stream.region,
                "records": failure.records,
                "error": failure.error,
            }
            for failure in result.failed
        ]
        return Answer(504 if failed else 200, {"objects": result.objects, "records": result.records, "failed": failed})

    async def _move_clock(self, body: bytes) -> Answer:
        request = _object(body, allowed={"advance_seconds", "speed"})
        if not request:
            raise AdminRequestError('give {"advance_seconds": n}, {"speed": x} or both')
        before = self._clock.setting
        try:
            if "speed" in request:
                self._clock.set_speed(_number(request, "speed", default=1, most=MAX_SPEED))
            if "advance_seconds" in request:
                self._clock.advance(_number(request, "advance_seconds", default=0, most=MAX_ADVANCE_SECONDS))
        except ValueError as error:
            self._clock.apply(before)
            raise AdminRequestError(str(error)) from error
        await self._engine.set_clock(self._clock.setting)
        await self._control_plane.settle()
        return await self._show_clock(b"")

    async def _show_clock(self, _: bytes) -> Answer:
        return Answer(200, {"now": _iso(self._clock.now()), "speed": self._clock.speed})

    async def _set_faults(self, body: bytes) -> Answer:
        try:
            document = yaml.safe_load(body)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise AdminRequestError(f"the body is neither JSON nor YAML: {' '.join(str(error).split())}") from error
        except RecursionError as error:
            raise AdminRequestError("the body is nested too deep for a fault script") from error
        return Answer(200, await self._engine.set_faults(document))

    async def _show_faults(self, _: bytes) -> Answer:
        return Answer(200, await self._engine.faults())

    async def _clear_faults(self, _: bytes) -> Answer:
        return Answer(200, await self._engine.set_faults(None))

    def _named(self, names: object) -> list[StreamId]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise AdminRequestError(f"streams is {json.dumps(names)}; give a list of names")
        known = [record.stream for record in self._control_plane.records()]
        missing = [name for name in names if name not in {stream.name for stream in known}]
        if missing:
            shown = ", ".join(sorted({stream.name for stream in known})) or "none"
            raise AdminRequestError(f"no such stream: {', '.join(missing)}; known: {shown}", status=404)
        return [stream for stream in known if stream.name in set(names)]


def _object(body: bytes, *, allowed: set[str]) -> Document:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise AdminRequestError(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise AdminRequestError("the body is not a JSON object")
    unknown = sorted(set(document) - allowed)
    if unknown:
        raise AdminRequestError(f"unknown: {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}")
    return document


def _number(request: Mapping[str, Any], name: str, *, default: float, most: float) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:  # NaN is in no range
        raise AdminRequestError(f"{name} is {json.dumps(value)[:40]}; give a number from 0 to {most:.0f}")
    return float(value)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stream_status(record: StreamRecord, counters: DeliveryCounters | None) -> Document:
    counters = counters or DeliveryCounters(record.stream)
    last = counters.last_error
    return {
        "name": record.name,
        "region": record.region,
        "account_id": record.account_id,
        "arn": record.stream.arn,
        "status": record.status,
        "version_id": str(record.version),
        "accepted_records": counters.accepted_records,
        "buffered_records": counters.buffered_records,
        "buffered_bytes": counters.buffered_bytes,
        "oldest_age_seconds": counters.oldest_age_seconds,
        "active_partitions": counters.active_partitions,
        "delivered_records": counters.delivered_records,
        "delivered_objects": counters.delivered_objects,
        "quarantined_records": counters.quarantined_records,
        "last_delivered_at": _iso(counters.last_delivered_at) if counters.last_delivered_at else None,
        "last_error": {"at": _iso(last.at), "code": last.code, "message": last.message} if last else None,
    }
