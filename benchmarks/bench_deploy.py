"""What deployment adds to Terraform's own time: a first deploy of both stacks, from nothing, local cloud included.

Talks to: Terraform, through a wrapper that notes when it runs, and a local cloud that it starts and stops. It works in a copy of the
project, so that nothing that is deployed from the checkout is touched. Terraform's time is the time in which at least one terraform runs.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting
from benchmarks.children import ROOT
from benchmarks.failures import BenchmarkError

GOAL = Goal("deploy_overhead", "first deploy, both stacks", 1.1, "at most", "s", "the time in which a terraform runs")
_COPIED = ("deployment", "firehose_spec", "local_firehose", "producers", "terraform", "validators", "pyproject.toml")
_ROUNDS_A_DEPLOY = 5  # a deploy takes a minute: one for five rounds of the others
_WRAPPER = """\
#!{python} -IS
import os, subprocess, sys, time
started = time.time()
code = subprocess.call([{terraform!r}, *sys.argv[1:]])
with open({log!r}, "a") as log:
    log.write(f"{{started}} {{time.time()}} {{' '.join(sys.argv[1:2])}}\\n")
sys.exit(code if code >= 0 else 128 - code)
"""


def measure(setting: Setting) -> dict[str, Measurement]:
    """Deploy into a fresh copy, once for every five rounds."""
    terraform = shutil.which("terraform")
    if terraform is None:
        raise BenchmarkError("no terraform on PATH; install it to measure what deployment adds to it")
    totals: list[float] = []
    inside: list[float] = []
    for number in range(max(setting.rounds // _ROUNDS_A_DEPLOY, 1)):
        total, busy = _deploy(setting.folder / str(number), terraform)
        totals.append(total)
        inside.append(busy)
    return {GOAL.id: Measurement(tuple(totals), tuple(inside))}


def _deploy(project: Path, terraform: str) -> tuple[float, float]:
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform"))
        else:
            shutil.copy(source, project / name)
    log = project / "terraform.log"
    wrapper = project / "bin" / "terraform"
    wrapper.parent.mkdir()
    wrapper.write_text(_WRAPPER.format(python=sys.executable, terraform=terraform, log=str(log)), "utf-8")
    wrapper.chmod(0o755)
    environment = {**os.environ, "PATH": f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}"}
    try:
        started = time.time()
        done = _deployment(project, environment, "deploy")
        seconds = time.time() - started
        if done.returncode != 0:
            raise BenchmarkError(f"deploy exited with {done.returncode}: {done.stderr[-800:]}")
    finally:
        _deployment(project, environment, "down")
    intervals = [tuple(map(float, line.split()[:2])) for line in log.read_text("utf-8").splitlines()]
    return seconds, covered((start, stop) for start, stop in intervals)


def _deployment(project: Path, environment: dict[str, str], verb: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deployment", verb, "--target", "local"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def covered(intervals: Iterable[tuple[float, float]]) -> float:
    """Return how much time at least one interval covers.

    >>> covered([(0, 2), (1, 3), (5, 6)])
    4
    """
    total, end = 0.0, float("-inf")
    for start, stop in sorted(intervals):
        total += max(stop - max(start, end), 0)
        end = max(end, stop)
    return total


BENCHMARKS = (Benchmark(GOAL.id, (GOAL,), measure),)
