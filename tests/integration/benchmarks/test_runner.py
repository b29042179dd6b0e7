"""One benchmark run for real, small: local_firehose behind its HTTP API, and what it delivers held to what was sent."""

import json
from pathlib import Path

import pytest

import benchmarks.__main__ as runner
from benchmarks.benchmark import Benchmark, Goal, Setting

GOAL = Goal("g", "title", 1.0, "at most", "s", "reference")


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "benchmarks" / "results.json"
    path.parent.mkdir()
    monkeypatch.setattr(runner, "RESULTS", path)
    return path


def test_a_small_flush_is_measured_verified_and_written(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["small_flush", "--records", "1000", "--rounds", "1"]) == 0
    entry = json.loads(results.read_text())["small_flush"]
    assert entry["ratio"] == pytest.approx(entry["ours"] / entry["theirs"], rel=1e-3)
    assert (entry["rounds"], entry["records"], entry["unit"]) == (1, 1000, "s")
    assert entry["peak_memory_mib"] > 0
    assert "small_flush" in capsys.readouterr().out


def test_what_cannot_be_measured_is_told_and_the_rest_goes_on(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_setting: Setting) -> dict[str, object]:
        raise OSError("no disk")

    monkeypatch.setattr(runner, "benchmarks_found", lambda: [Benchmark("broken", (GOAL,), fail)])  # type: ignore[arg-type]
    assert runner.main([]) == 1
    assert json.loads(results.read_text())["g"]["error"] == "OSError: no disk"
    assert "NOT MEASURED: OSError: no disk" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [pytest.param(["nothing"], "no benchmark 'nothing'; there are: ", id="unknown-name")],
)
def test_usage_errors_are_exit_code_two(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(arguments) == 2
    assert message in capsys.readouterr().err
