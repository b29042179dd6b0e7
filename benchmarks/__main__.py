"""Run benchmarks, print a table, write results.json: ``python -m benchmarks [NAME …] [--rounds N] [--records N]``.

Talks to: this machine only. Exit code 0: measured (goals met or not); 1: something could not be measured; 2: usage.
With ``--strict`` a missed goal is a 1 as well.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.benchmark import Benchmark, Setting
from benchmarks.catalogue import UnknownBenchmarkError, benchmarks_found, chosen
from benchmarks.failures import BenchmarkError
from benchmarks.results import Result, as_table, merged, unmet

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return the exit code."""
    options = _options(arguments)
    if options.names == ["peers"]:
        from benchmarks.peers import compare_peers  # noqa: PLC0415 -- needs nothing of the rest

        return compare_peers(records=options.records, say=_say)
    try:
        asked = chosen(benchmarks_found(), options.names)
    except UnknownBenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    results: list[Result] = []
    started = time.monotonic()
    for benchmark in asked:
        results += _run(benchmark, rounds=options.rounds, records=options.records, parent=options.folder)
        _write(results)
    print(as_table(results))
    print(f"\n{time.monotonic() - started:.0f} s; written to {RESULTS.relative_to(RESULTS.parents[1])}")
    if any(result.measurement is None for result in results):
        return 1
    return 1 if options.strict and unmet(results) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Ratios against a reference in the same run."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="benchmarks or goal ids; default: all. peers: other emulators"
    )
    parser.add_argument("--rounds", type=_positive, default=5, help="how often each side runs (default 5)")
    parser.add_argument("--records", type=_positive, help="records a round (default: each benchmark's own)")
    parser.add_argument(
        "--folder", type=Path, help="where journals and objects go while it runs (default: a temporary folder)"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    value = int(text.replace("_", ""))
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is given; a whole number from 1 on is needed")
    return value


def _run(benchmark: Benchmark, *, rounds: int, records: int | None, parent: Path | None) -> list[Result]:
    _say(f"{benchmark.name} …")
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{benchmark.name}-", dir=parent))
    try:
        measured = benchmark.measure(Setting(rounds=rounds, records=records, folder=folder, say=_say))
        return [Result(goal, measured[goal.id]) for goal in benchmark.goals]
    except BenchmarkError as error:
        _say(f"  {error}")
        return [Result(goal, None, str(error)) for goal in benchmark.goals]
    except Exception as error:  # the others are worth measuring all the same
        traceback.print_exc()
        return [Result(goal, None, f"{type(error).__name__}: {error}") for goal in benchmark.goals]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _say(f"  {time.monotonic() - started:.1f} s")


def _write(results: Sequence[Result]) -> None:
    text = merged(RESULTS.read_text("utf-8") if RESULTS.exists() else None, results)
    partial = RESULTS.with_suffix(".json.partial")
    partial.write_text(text, "utf-8")
    partial.replace(RESULTS)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
