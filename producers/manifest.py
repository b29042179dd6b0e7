"""The manifest of one run: what was sent, accepted, given up and may be duplicated, as firehose_spec/schemas/manifest.json has it.

Talks to: one file, replaced atomically.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from producers.errors import ConfigError
from producers.outbox import Counts
from producers.source import Facts, utc_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as it ended, or as it stands while it is `in_progress`."""

    run_id: str
    pipeline: str
    stream: str
    region: str
    started_at: datetime
    ended_at: datetime
    first_accepted_at: datetime | None
    last_accepted_at: datetime | None
    is_complete: bool
    in_progress: bool
    counts: Counts
    dead_letter: Path | None


def manifest(run: Run, facts: Facts) -> dict[str, Any]:
    """Return the manifest as JSON values."""
    counts = run.counts
    return {
        "manifest_version": 1,
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "stream": run.stream,
        "region": run.region,
        "started_at": utc_text(run.started_at),
        "ended_at": utc_text(run.ended_at),
        "complete": run.is_complete,
        "in_progress": run.in_progress,
        "records": counts.submitted,
        "accepted": counts.accepted,
        "given_up": counts.given_up,
        "retried": counts.retried,
        "possible_duplicates": counts.possible_duplicates,
        "bytes": {
            "submitted": counts.submitted_bytes,
            "accepted": counts.accepted_bytes,
            "billed": counts.billed_bytes,
        },
        "accepted_sequences": facts.accepted_sequences,
        "first_accepted_at": utc_text(run.first_accepted_at),
        "last_accepted_at": utc_text(run.last_accepted_at),
        "first_event_at": utc_text(facts.first_event_at),
        "last_event_at": utc_text(facts.last_event_at),
        "partitions": dict(facts.partitions),
        "partition_digests": {path: str(value) for path, value in facts.partition_digests.items()},
        "expected_quarantine": list(facts.expected_quarantine),
        "digest": facts.digest,
        "sources": list(facts.sources),
        "generator": facts.generator,
        "events_per_record": facts.events_per_record,
        "events": counts.submitted if facts.events is None else facts.events,
        "dead_letter": str(run.dead_letter) if counts.given_up and run.dead_letter else None,
    }


def write_manifest(path: Path, document: Mapping[str, Any]) -> None:
    """Replace `path` with the manifest, so that a reader sees the old one or the new one.

    Raises:
        ConfigError: the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise ConfigError(
            f"manifest {path}: {error.strerror or error}; give --manifest a path that can be written"
        ) from error
