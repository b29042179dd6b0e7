"""Put aside what belonged to a cloud that is gone: its streams, journal, state, outputs and runs.

Talks to: disk. Nothing is deleted but the oldest of what was put aside before.
"""

import shutil
from pathlib import Path

from deployment.folders import TargetFolders

KEPT = 5


def park_instance(folders: TargetFolders, name: str) -> bool:
    """Move everything that an earlier instance of the cloud left to ``parked/<name>``; return whether there was anything."""
    states = sorted(folders.terraform.glob("stacks/*/terraform.tfstate*"))
    sources = [folders.firehose, *(folders.base / kind for kind in ("outputs", "runs", "reports", "samples")), *states]
    found = [path for path in sources if path.exists()]
    for path in found:
        _move(path, folders.parked(name) / path.relative_to(folders.base))
    _drop_oldest(folders)
    return bool(found)


def park_runs(folders: TargetFolders, pipeline: str, name: str) -> bool:
    """Move the manifests and reports of `pipeline` aside: they tell of a bucket that is gone. Return whether there were any."""
    found = [path for path in (folders.runs(pipeline), folders.reports(pipeline)) if path.exists()]
    for path in found:
        _move(path, folders.parked(name) / path.relative_to(folders.base))
    _drop_oldest(folders)
    return bool(found)


def _move(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.exists():
        shutil.rmtree(destination) if destination.is_dir() else destination.unlink()
    shutil.move(source, destination)


def _drop_oldest(folders: TargetFolders) -> None:
    parked = folders.base / "parked"
    if parked.exists():
        for folder in sorted(parked.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(folder)
