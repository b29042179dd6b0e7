"""How a run is going: a bar with rate and failures on a terminal, one JSON line every few seconds otherwise.

Talks to: standard error, from a thread of its own.
"""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from producers.outbox import Counts

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_BAR_SECONDS = 0.2
_LINE_SECONDS = 5.0


class ProgressReporter:
    """Reports `counts()` until it is left; use as a context manager. `total` is the number of records, if known."""

    def __init__(
        self,
        label: str,
        counts: Callable[[], Counts],
        *,
        total: int | None,
        stream: IO[str] | None = None,
        is_quiet: bool = False,
    ) -> None:
        self._label, self._counts, self._total = label, counts, total
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._samples = deque([(time.monotonic(), 0)])
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._is_quiet:
            return self
        task = None
        if self._stream.isatty():
            self._bar = _bar(self._stream)
            task = self._bar.add_task(self._label, total=self._total, note="")
            self._bar.start()
        self._thread = threading.Thread(target=self._work, args=(task,), name="progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        if self._bar is not None:
            self._bar.stop()

    def _work(self, task: "TaskID | None") -> None:
        while not self._done.wait(_LINE_SECONDS if task is None else _BAR_SECONDS):
            counts = self._counts()
            rate = self._rate(counts)
            if self._bar is not None and task is not None:
                self._bar.update(task, completed=counts.accepted, note=_note(counts, rate))
            else:
                print(json.dumps(progress_line(self._label, counts, rate)), file=self._stream, flush=True)

    def _rate(self, counts: Counts) -> float:
        """Return accepted records a second over the last few seconds."""
        now = time.monotonic()
        self._samples.append((now, counts.accepted))
        while now - self._samples[0][0] > _LINE_SECONDS and len(self._samples) > 2:
            self._samples.popleft()
        since, accepted = self._samples[0]
        return (counts.accepted - accepted) / max(now - since, _BAR_SECONDS)


def progress_line(label: str, counts: Counts, rate: float) -> dict[str, object]:
    """Return one JSON line of progress; `rate` is accepted records a second since the last line."""
    line: dict[str, object] = {
        "event": "progress",
        "run": label,
        "submitted": counts.submitted,
        "accepted": counts.accepted,
        "given_up": counts.given_up,
        "in_hand": counts.submitted - counts.accepted - counts.given_up,
        "retried": counts.retried,
        "records_per_second": round(rate),
    }
    if counts.last_error:
        line["last_error"] = counts.last_error
    return line


def _note(counts: Counts, rate: float) -> str:
    note = f"{rate:,.0f}/s"
    if counts.given_up:
        note += f" · [red]{counts.given_up:,} given up[/red]"
    if counts.retried:
        note += f" · {counts.retried:,} sent again"
    if counts.last_error:
        note += f" · {counts.last_error.partition(':')[0]}"
    return note


def _bar(stream: IO[str]) -> "Progress":
    from rich.console import Console  # noqa: PLC0415 -- it takes time, and only a terminal needs it
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.table import Column  # noqa: PLC0415

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        console=Console(file=stream),
        expand=True,
        transient=True,
    )
