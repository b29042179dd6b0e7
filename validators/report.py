"""report.json: what one run of `verify` concluded, as data for people, CI and other tools.

Pure, but for `write_file`. Contract: firehose_spec/schemas/report.json.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from validators.errors import InputFileError
from validators.suite import Verdict


def report_of(verdict: Verdict) -> dict[str, Any]:
    """Return the report as JSON values."""
    evidence = verdict.evidence
    runs = [manifest.run_id for manifest in evidence.manifests]
    return {
        "report_version": 1,
        "pipeline": evidence.declared.pipeline,
        "target": evidence.declared.target,
        "stream": evidence.declared.stream_name,
        "region": evidence.declared.region,
        "bucket": evidence.bucket.name,
        "run_id": runs[0] if len(runs) == 1 else None,
        "verified_at": evidence.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "passed": verdict.passed,
        "reconciliation": verdict.numbers.as_json(),
        "checks": [
            {
                "check": result.check,
                "status": result.status.value,
                "title": result.title,
                "expected": result.expected,
                "found": result.found,
                "example": result.example,
                "findings": result.findings,
            }
            for result in verdict.results
        ],
        "findings": [finding.as_json() for finding in verdict.findings],
        "statistics": {
            **verdict.statistics,
            "runs": [{"run_id": account.manifest.run_id, **account.numbers.as_json()} for account in verdict.runs]
            or [{"run_id": run} for run in runs],
        },
    }


def write_file(path: Path, text: str) -> None:
    """Replace `path` atomically.

    Raises:
        InputFileError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as exc:
        raise InputFileError(
            str(path), f"cannot be written ({exc.strerror})", "name a folder with --report-dir"
        ) from exc
