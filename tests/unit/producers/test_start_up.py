"""What a command loads before it does anything: start-up is what a user of `--help`, and cron, waits for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("arguments", "not_loaded"),
    [
        pytest.param(["--help"], {"boto3", "numpy", "rich", "apachelogs", "sqlite3"}, id="help"),
        pytest.param(["store-inventory", "--records", "x"], {"boto3", "numpy", "rich"}, id="wrong-argument"),
        pytest.param(
            ["sample-log", "--lines", "1", "--out", "-"], {"boto3", "numpy", "rich", "apachelogs"}, id="sample-log"
        ),
        pytest.param(
            ["apache-logs", "--stream", "s", "--log-file", "log", "--dry-run"], {"rich", "apachelogs"}, id="raw-lines"
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--dry-run"],
            {"rich", "apachelogs", "sqlite3", "zstandard"},
            id="store-inventory",
        ),
    ],
)
def test_command_loads_only_what_it_needs(arguments: list[str], not_loaded: set[str], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"line\n")
    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('producers', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "producers" in loaded
    assert not_loaded & loaded == set()
