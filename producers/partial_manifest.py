"""The manifest of a run that goes on: when it is due, and what becomes of the one that a killed run left.

Talks to: the manifest file, standard error.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from producers.errors import ConfigError
from producers.manifest import write_manifest


class PartialManifest:
    """Writes `document()` to `path` every `every_seconds` while something happens; 0, or no path, for never."""

    def __init__(
        self, path: Path | None, document: Callable[[], Mapping[str, Any]], *, every_seconds: float, now: float
    ) -> None:
        self._path, self._document, self._every = path, document, every_seconds
        self._due_at = now + every_seconds
        self._submitted = 0
        self._warned = False

    def is_due(self, now: float, submitted: int) -> bool:
        """Say whether one is to be written now; `submitted` counts the records handed over so far."""
        return bool(self._path and self._every) and now >= self._due_at and submitted != self._submitted

    def write(self, now: float, is_settled: bool) -> None:
        """Write one if all that was handed over is settled; else come back soon: facts hold for settled records only."""
        if self._path is None:
            return
        self._due_at = now + (self._every if is_settled else min(self._every, 10.0))
        if not is_settled:
            return
        document = self._document()
        try:
            keep_manifest_of_another_run(self._path, str(document["run_id"]))
            write_manifest(self._path, document)
        except (
            ConfigError
        ) as error:  # the run is worth more than its interim report; the one at the end must be written
            if not self._warned:
                print(f"producers: warning: {error}", file=sys.stderr)
            self._warned = True
            return
        self._submitted = int(document["records"])


def keep_manifest_of_another_run(path: Path, run_id: str) -> None:
    """Put a partial manifest that a killed run left at `path` aside as ``<name>.<its run id>.json``: it is all that is known of that run.

    Raises:
        ConfigError: it cannot be renamed.
    """
    if not path.is_file():
        return
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # none, or not a manifest
        return
    if isinstance(found, dict) and found.get("in_progress") and found.get("run_id") != run_id:
        try:
            path.rename(path.with_name(f"{path.stem}.{found['run_id']}{path.suffix}"))
        except OSError as error:
            raise ConfigError(f"manifest {path} of the killed run {found['run_id']}: {error.strerror or error}; "
                              "move it away yourself") from error  # fmt: skip
