"""One process that runs libjq, so that no program can stall, crash or exhaust the server.

Talks to: its parent, over the socket whose descriptor is the first argument; a shared page whose descriptor is the second says which
record is at work, so that the parent knows whom to blame when this process dies. The kernel ends the process when one record takes more
CPU time than its deadline (ITIMER_PROF, whose default is to end the process: libjq never returns to Python in between) or more memory
than the limit (libjq aborts). Start: ``python -m local_firehose.jq_worker SOCKET PROGRESS MEMORY_MIB`` with an empty environment.
"""

import contextlib
import gc
import mmap
import os
import resource
import signal
import socket
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jq
import msgspec

from local_firehose.jq_dialect import IS_JQ_16, ODD_NUMBER, is_refused_by_16, may_nest_too_deep
from local_firehose.jq_text import as_text
from local_firehose.jq_values import NOT_JSON, KeyFailure, key_values
from local_firehose.jq_wire import (
    NO_RECORD,
    CompileReply,
    CompileRequest,
    KeysReply,
    KeysRequest,
    Reply,
    Request,
    receive_request,
    send,
)

_MAX_PROGRAMS = 64
_RECORDS_A_TIMER = 16
_set_timer = signal.setitimer


class _AnyObject(msgspec.Struct):
    """Takes any JSON object and keeps nothing of it."""


_OBJECT = msgspec.json.Decoder(_AnyObject)


def main(arguments: list[str]) -> None:
    """Serve requests until the parent closes the socket."""
    os.environ.clear()  # also of what Python itself put there
    os.environ["TZ"] = "UTC"
    connection = socket.socket(fileno=int(arguments[0]))
    progress = mmap.mmap(int(arguments[1]), mmap.PAGESIZE)
    _limit(int(arguments[2]))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes the socket
    gc.disable()  # results hold no cycles
    worker = Worker(progress)
    while (request := receive_request(connection)) is not None:
        send(connection, worker.answer(request))


def _limit(memory_mib: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))


class Worker:
    """Compiled programs by their text, and the answer to each request."""

    def __init__(self, progress: mmap.mmap) -> None:
        self._progress = memoryview(progress).cast("i")
        self._programs: dict[str, Callable[[str], Iterator[Any]]] = {}

    def answer(self, request: Request) -> Reply:
        """Return the reply to `request`."""
        if isinstance(request, CompileRequest):
            return self._compile(request)
        return self._keys(request)

    def _compile(self, request: CompileRequest) -> CompileReply:
        self._at(NO_RECORD, request.deadline_seconds)
        try:
            jq.compile(request.program)
        except ValueError as error:
            return CompileReply(str(error))
        finally:
            _disarm()
        return CompileReply("")

    def _keys(self, request: KeysRequest) -> KeysReply:
        outcomes = self._outcomes(request)
        distinct: dict[tuple[str, ...], int] = {}
        failures: list[tuple[int, str]] = []
        codes = array("i", bytes(4 * len(outcomes)))
        for at, outcome in enumerate(outcomes):
            if isinstance(outcome, KeyFailure):
                failures.append((at, outcome.message))
                codes[at] = -1
            else:
                codes[at] = distinct.setdefault(outcome, len(distinct))
        return KeysReply(codes.tobytes(), list(distinct), failures)

    def _outcomes(self, request: KeysRequest) -> list[tuple[str, ...] | KeyFailure]:
        records = request.records()
        is_odd = request.normalising and ODD_NUMBER.search(request.blob)
        run = self._program(request.normalising if is_odd else request.program, request.deadline_seconds)
        try:
            outcomes = self._together(run, records, request)
        except ValueError:
            outcomes = None
        return self._singly(run, records, request) if outcomes is None else outcomes

    def _together(
        self, run: Callable[[str], Iterator[Any]], records: list[bytes], request: KeysRequest
    ) -> list[tuple[str, ...] | KeyFailure] | None:
        """Evaluate all documents in one call of libjq; None unless it gave one result for each record."""
        outcomes: list[tuple[str, ...] | KeyFailure] = []
        places: Sequence[int]
        if request.are_projected:
            places, text = range(len(records)), request.blob.decode()
        else:
            places = [at for at, record in enumerate(records) if _is_one_object(record)]
            text = as_text(b"\n".join([records[at] for at in places]))
        results = run(text)
        progress, timer, deadline_seconds, keys = (
            self._progress,
            signal.ITIMER_PROF,
            request.deadline_seconds,
            request.keys,
        )
        for count, place in enumerate(places):
            progress[0] = place
            if request.is_careful or count % _RECORDS_A_TIMER == 0:
                _set_timer(timer, deadline_seconds)
            result = next(results, None)
            if result is None:
                return None
            outcomes.append(key_values(result, keys))
        _disarm()
        if next(results, None) is not None:
            return None
        if len(places) == len(records):
            return outcomes
        evaluated = dict(zip(places, outcomes, strict=True))
        return [
            evaluated[at] if at in evaluated else self._one(run, at, record, request)
            for at, record in enumerate(records)
        ]

    def _singly(
        self, run: Callable[[str], Iterator[Any]], records: list[bytes], request: KeysRequest
    ) -> list[tuple[str, ...] | KeyFailure]:
        return [self._one(run, at, record, request) for at, record in enumerate(records)]

    def _one(
        self, run: Callable[[str], Iterator[Any]], at: int, record: bytes, request: KeysRequest
    ) -> tuple[str, ...] | KeyFailure:
        if not IS_JQ_16 and is_refused_by_16(record):
            return NOT_JSON
        self._at(at, request.deadline_seconds)
        try:
            results = list(run(as_text(record)))
        except ValueError:  # the program catches its own errors, so this one is the parser's
            return NOT_JSON
        finally:
            _disarm()
        return key_values(results[0], request.keys) if len(results) == 1 else NOT_JSON

    def _program(self, text: str, deadline_seconds: float) -> Callable[[str], Iterator[Any]]:
        run = self._programs.get(text)
        if run is None:
            if len(self._programs) >= _MAX_PROGRAMS:
                self._programs.clear()
            self._at(NO_RECORD, deadline_seconds)
            program = jq.compile(text)
            start = program.input_text if hasattr(program, "input_text") else None
            run = (lambda given: iter(start(given))) if start else (lambda given: iter(program.input(text=given)))
            self._programs[text] = run
        return run

    def _at(self, place: int, deadline_seconds: float) -> None:
        self._progress[0] = place
        _set_timer(signal.ITIMER_PROF, deadline_seconds)


def _disarm() -> None:
    _set_timer(signal.ITIMER_PROF, 0)


def _is_one_object(record: bytes) -> bool:
    try:
        _OBJECT.decode(record)
    except (msgspec.DecodeError, RecursionError):
        return False
    return not may_nest_too_deep(record)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        main(sys.argv[1:])
    os._exit(0)
