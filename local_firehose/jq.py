"""Run jq programs in processes of their own, with a deadline for each record and a bound on memory.

Talks to: `local_firehose.jq_worker` child processes, started when first needed. A record that kills its worker (endless loop, memory,
a failed assertion in libjq) fails alone: the worker's shared page says which one it was, and the others are evaluated again without it.
"""

import contextlib
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from local_firehose.jq_dialect import IS_JQ_16, adapted, normalising
from local_firehose.jq_errors import JqCompileError
from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_values import guarded
from local_firehose.jq_wire import (
    NO_RECORD,
    CompileReply,
    CompileRequest,
    KeysReply,
    KeysRequest,
    Reply,
    Request,
    receive_reply,
    send,
)

_PACKAGE_PARENT = Path(__file__).resolve().parents[1]
_CHUNK_RECORDS = 1024
_CHUNK_BYTES = 4 << 20
_PATIENCE = 4  # so many records of one call may use the whole deadline; later ones get a shorter one
_SHORT_DEADLINE_SECONDS = 0.1
_WALL_CLOCK_SECONDS = 120.0  # a worker that neither answers nor uses CPU

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class JqLimits:
    """What one record may cost: CPU seconds, and MiB of address space for the whole process."""

    deadline_seconds: float = 2.0
    memory_mib: int = 1024


@dataclass(frozen=True, slots=True)
class JqKeys:
    """Key values of a batch: `codes` holds for each record its place in `distinct`, or -1 where `failures` has its message."""

    codes: Codes
    distinct: list[tuple[str, ...]]
    failures: dict[int, str]


class JqPool:
    """A few libjq processes that share the work; safe to use from several threads.

    >>> with JqPool(workers=1) as jq:
    ...     jq.keys("{store: .s}", ("store",), [b'{"s":"S001"}']).distinct
    [('S001',)]
    """

    def __init__(self, *, workers: int = 2, limits: JqLimits | None = None) -> None:
        self._limits = limits or JqLimits()
        self._idle = [_Worker(self._limits.memory_mib) for _ in range(workers)]
        self._free = threading.Condition()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="jq")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes; those at work are waited for."""
        self._threads.shutdown()
        for worker in self._idle:
            worker.stop()

    def check(self, query: str) -> None:
        """Compile `query`.

        Raises:
            JqCompileError: it does not compile; the message is jq's.
        """
        try:
            programs = [guarded(adapted(query))]
        except JqSyntaxError as error:
            message = self._complaint(query)
            is_jqs_own = message.startswith("jq: ") and "module not found" not in message
            raise JqCompileError(query, message if is_jqs_own else str(error)) from error
        if IS_JQ_16:
            programs.insert(0, query)  # its complaint then quotes the query as written
        for program in programs:
            if message := self._complaint(program):
                raise JqCompileError(query, message)

    def _complaint(self, program: str) -> str:
        with self._worker() as worker:
            return worker.compile(CompileRequest(program, self._limits.deadline_seconds))

    def keys(
        self, query: str, keys: tuple[str, ...], records: Sequence[bytes], *, are_projected: bool = False
    ) -> JqKeys:
        """Evaluate `query` on each record and return the values of `keys`.

        `are_projected` says that each record is one JSON object in UTF-8 with a newline at its end and no other.

        Raises:
            JqCompileError: `query` does not compile (`check` it first).
        """
        try:
            program = adapted(query)
        except JqSyntaxError as error:
            raise JqCompileError(query, str(error)) from error
        question = partial(
            KeysRequest.of,
            program=guarded(program),
            normalising="" if IS_JQ_16 else guarded(normalising(program)),
            keys=keys,
            are_projected=are_projected,
        )
        chunks = list(_chunks(records))
        if len(chunks) == 1:
            return self._chunk(question, chunks[0])
        return _merge(list(self._threads.map(partial(self._chunk, question), chunks)))

    def _chunk(self, question: Callable[..., KeysRequest], records: Sequence[bytes]) -> JqKeys:
        kept = list(range(len(records)))
        killed: dict[int, str] = {}
        reply = KeysReply(b"", [], [])
        is_second_try = is_careful = False
        with self._worker() as worker:
            while kept:
                deadline = self._limits.deadline_seconds
                if len(killed) >= _PATIENCE:
                    deadline = min(deadline, _SHORT_DEADLINE_SECONDS)
                try:
                    asked = [records[at] for at in kept] if killed else records
                    reply = worker.keys(question(asked, deadline_seconds=deadline, is_careful=is_careful))
                    break
                except _WorkerDiedError as death:
                    reason = death.reason(deadline, self._limits.memory_mib)
                    if death.is_out_of_time and death.place is not None and not is_careful:
                        is_careful = True  # it may have been those before it that took the time
                    elif death.place is not None:
                        killed[kept.pop(death.place)] = reason
                    elif is_second_try:  # the program itself, not a record, is what libjq cannot stand
                        killed |= dict.fromkeys(kept, reason)
                        kept = []
                    else:
                        is_second_try = True
        codes = np.full(len(records), -1, np.int32)
        codes[kept] = np.frombuffer(reply.codes, np.int32)
        return JqKeys(codes, reply.distinct, killed | {kept[place]: message for place, message in reply.failures})

    @contextlib.contextmanager
    def _worker(self) -> Iterator["_Worker"]:
        with self._free:
            while not self._idle:
                self._free.wait()
            worker = self._idle.pop()
        try:
            yield worker
        finally:
            with self._free:
                self._idle.append(worker)
                self._free.notify()


class _WorkerDiedError(Exception):
    """The process ended; `place` is the record at work, None if it was at none."""

    def __init__(self, place: int | None, status: int) -> None:
        self.place, self.status = place, status
        super().__init__(place, status)

    @property
    def is_out_of_time(self) -> bool:
        """Whether the kernel ended it at its deadline."""
        return self.status == -signal.SIGPROF

    def reason(self, deadline_seconds: float, memory_mib: int) -> str:
        # decided: docs/fidelity/processing.md#jq-limits
        if self.is_out_of_time:
            return f"the query used more than {deadline_seconds:g} seconds of CPU time on this record"
        return f"the query broke off on this record: it needs more than {memory_mib} MiB, or libjq failed (status {self.status})"


class _Worker:
    """One child process, started when needed and again when it has died."""

    def __init__(self, memory_mib: int) -> None:
        self._memory_mib = memory_mib
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._progress: mmap.mmap | None = None

    def compile(self, request: CompileRequest) -> str:
        """Return jq's complaint about a program, empty if it has none."""
        try:
            reply = self._ask(request)
        except _WorkerDiedError as death:
            return f"libjq broke off while it compiled the program (status {death.status})"
        return reply.message if isinstance(reply, CompileReply) else ""

    def keys(self, request: KeysRequest) -> KeysReply:
        """Return the key values of one chunk.

        Raises:
            _WorkerDiedError: the process ended; `place` is the record that was at work.
        """
        reply = self._ask(request)
        if not isinstance(reply, KeysReply):
            raise TypeError(f"a jq process answered {type(reply).__name__} to a request for keys")
        return reply

    def stop(self) -> None:
        """End the process, if one runs."""
        if self._process is None or self._connection is None or self._progress is None:
            return
        self._connection.close()
        self._process.kill()
        self._process.wait()
        self._progress.close()
        self._process = self._connection = self._progress = None

    def _ask(self, request: Request) -> Reply:
        connection, progress, process = self._started()
        struct.pack_into("i", progress, 0, NO_RECORD)
        try:
            send(connection, request)
            reply = receive_reply(connection)
        except OSError:  # the process is gone, or silent for too long
            reply = None
        if reply is not None:
            return reply
        (place,) = struct.unpack_from("i", progress, 0)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)  # its own status says more than that of our kill
        process.kill()
        status = process.wait()
        self.stop()
        raise _WorkerDiedError(None if place == NO_RECORD else place, status)

    def _started(self) -> tuple[socket.socket, mmap.mmap, subprocess.Popen[bytes]]:
        if self._process is None or self._connection is None or self._progress is None:
            self._connection, theirs = socket.socketpair()
            self._connection.settimeout(_WALL_CLOCK_SECONDS)
            with theirs, tempfile.TemporaryFile() as page:
                os.ftruncate(page.fileno(), mmap.PAGESIZE)
                self._progress = mmap.mmap(page.fileno(), mmap.PAGESIZE)
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-B", "-m", "local_firehose.jq_worker"),
                        *(str(theirs.fileno()), str(page.fileno()), str(self._memory_mib)),
                    ],
                    cwd=_PACKAGE_PARENT,  # so that -m finds the package, installed or not
                    env={
                        "TZ": "UTC"
                    },  # decided: a program sees nothing else of the environment ($ENV, env) and no ~/.jq
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # `debug` and `stderr` write there
                    pass_fds=(theirs.fileno(), page.fileno()),
                )
        return self._connection, self._progress, self._process


def _chunks(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = size = 0
    for at, record in enumerate(records):
        if at > start and (at - start >= _CHUNK_RECORDS or size + len(record) > _CHUNK_BYTES):
            yield records[start:at]
            start, size = at, 0
        size += len(record)
    if start < len(records):
        yield records[start:]


def _merge(parts: Sequence[JqKeys]) -> JqKeys:
    places: dict[tuple[str, ...], int] = {}
    codes, failures, start = [], {}, 0
    for part in parts:
        translation = np.array([places.setdefault(values, len(places)) for values in part.distinct] + [-1], np.int32)
        codes.append(translation[part.codes])  # -1 picks the last entry, which is -1
        failures.update({start + at: message for at, message in part.failures.items()})
        start += len(part.codes)
    return JqKeys(np.concatenate(codes) if codes else np.empty(0, np.int32), list(places), failures)
