"""One run from its source to its manifest: hand over, flush, account, and say how it ended.

Talks to: Firehose through a sender, the dead-letter file, the manifest file.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from producers.dead_letter import DeadLetterFile
from producers.errors import SendRefusedError
from producers.manifest import Run, manifest, write_manifest
from producers.outbox import Counts, GivenUp
from producers.partial_manifest import PartialManifest, keep_manifest_of_another_run
from producers.progress import ProgressReporter
from producers.put_client import PutClient
from producers.sender import Sender, SenderSettings
from producers.source import Facts, Source
from producers.stop_signal import StopSignal

_IDLE_SECONDS = 0.2  # between two looks at a source that had nothing new
_SETTLE_SECONDS = 10.0  # how long a partial manifest waits for the records in hand


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a run is called and where its papers go. `grace_seconds` is how long a stopped run still sends what is in hand,
    `manifest_seconds` how old a manifest may be while it runs (0: it is written at the end only).
    """

    run_id: str
    pipeline: str
    manifest_path: Path | None
    dead_letter_path: Path
    settings: SenderSettings = field(default_factory=SenderSettings)
    grace_seconds: float = 20.0
    manifest_seconds: float = 60.0
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; `document` is its manifest."""

    document: dict[str, Any]
    counts: Counts
    facts: Facts
    seconds: float
    refusal: SendRefusedError | None

    @property
    def all_accepted(self) -> bool:
        return self.refusal is None and self.counts.accepted == self.counts.submitted


def run(
    source: Source,
    client: PutClient,
    options: RunOptions,
    *,
    stop: StopSignal,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Send everything that `source` has, or until `stop`; then flush, close, and write the manifest. On the way a partial manifest is
    written now and then, so that a killed run leaves what it knew.
    """
    started_at, started = now(), clock()
    with DeadLetterFile(
        options.dead_letter_path, stream=client.stream, region=client.region, run_id=options.run_id, now=now
    ) as dead_letters:

        def give_up(entries: list[GivenUp]) -> None:
            dead_letters.write(entries)
            source.given_up(entries)

        sender = Sender(
            client.stream,
            client.put,
            on_given_up=give_up,
            on_settled=source.settled if source.has_checkpoint else None,
            settings=options.settings,
            clock=clock,
            now=now,
        )

        def document(facts: Facts, *, is_complete: bool, in_progress: bool) -> dict[str, Any]:
            return manifest(
                Run(
                    run_id=options.run_id,
                    pipeline=options.pipeline,
                    stream=client.stream,
                    region=client.region,
                    started_at=started_at,
                    ended_at=now(),
                    first_accepted_at=sender.first_accepted_at,
                    last_accepted_at=sender.last_accepted_at,
                    is_complete=is_complete,
                    in_progress=in_progress,
                    counts=sender.counts,
                    dead_letter=options.dead_letter_path,
                ),
                facts,
            )

        partial = PartialManifest(
            options.manifest_path,
            lambda: document(source.facts(), is_complete=False, in_progress=True),
            every_seconds=options.manifest_seconds,
            now=clock(),
        )

        def between_chunks() -> None:
            # Once nothing is in hand, the facts are about accepted records only.
            if partial.is_due(clock(), sender.counts.submitted):
                partial.write(clock(), sender.flush(timeout_seconds=_SETTLE_SECONDS, abandoned=lambda: stop.requested))

        with ProgressReporter(
            client.stream, lambda: sender.counts, total=source.total_records, is_quiet=options.is_quiet
        ):
            try:
                is_complete = _hand_over(source, sender, stop, between_chunks)
            finally:
                counts = _close(sender, stop, options.grace_seconds)
        facts = source.facts()
        ended = document(facts, is_complete=is_complete, in_progress=False)
    if options.manifest_path is not None:
        keep_manifest_of_another_run(options.manifest_path, options.run_id)
        write_manifest(options.manifest_path, ended)
    return Outcome(ended, counts, facts, clock() - started, sender.refusal)


def _hand_over(source: Source, sender: Sender, stop: StopSignal, between_chunks: Callable[[], None]) -> bool:
    """Return whether the source came to its end."""
    try:
        for chunk in source.chunks():
            if stop.requested:
                return False
            between_chunks()
            if not chunk.records:
                time.sleep(_IDLE_SECONDS)
                continue
            if not sender.put_many(chunk.records, stopped=lambda: stop.requested):
                return False
            source.handed_over(chunk)
    except SendRefusedError:
        return False
    return not stop.requested


def _close(sender: Sender, stop: StopSignal, grace_seconds: float) -> Counts:
    """A run that ends by itself retries within the budget; a stopped one has `grace_seconds` from the signal on."""
    deadline: list[float] = []

    def is_over() -> bool:
        if stop.requested and not deadline:
            deadline.append(time.monotonic() + grace_seconds)
        return stop.insisted or bool(deadline and time.monotonic() >= deadline[0])

    return sender.close(abandoned=is_over)
