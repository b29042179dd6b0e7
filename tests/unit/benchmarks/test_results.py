import json

from benchmarks.benchmark import Goal, Measurement
from benchmarks.results import Result, as_table, merged, unmet

FAST = Goal("fast", "a rate", 0.5, "at least", "records/s", "reference")
SLOW = Goal("slow", "a time", 1.5, "at most", "s", "reference")

MET = Result(
    FAST, Measurement((60_000.0, 70_000.0), (100_000.0, 100_000.0), peak_memory_mib=12.34, details={"extra": 1})
)
MISSED = Result(SLOW, Measurement((3.0,), (1.0,)))
BROKEN = Result(SLOW, None, "no server")


def test_document_has_an_entry_a_goal() -> None:
    assert json.loads(merged(None, [MET, BROKEN])) == {
        "fast": {
            "title": "a rate",
            "theirs_is": "reference",
            "goal": 0.5,
            "sense": "at least",
            "unit": "records/s",
            "ratio": 0.65,
            "ours": 65_000.0,
            "theirs": 100_000.0,
            "met": True,
            "rounds": 2,
            "ratio_low": 0.6,
            "ratio_high": 0.7,
            "ours_each": [60_000.0, 70_000.0],
            "theirs_each": [100_000.0, 100_000.0],
            "peak_memory_mib": 12.3,
            "extra": 1,
        },
        "slow": {
            "title": "a time",
            "theirs_is": "reference",
            "goal": 1.5,
            "sense": "at most",
            "unit": "s",
            "ratio": None,
            "ours": None,
            "theirs": None,
            "met": False,
            "error": "no server",
        },
    }


def test_earlier_results_of_other_goals_are_kept() -> None:
    text = merged('{"other": {"ratio": 1}, "fast": {"ratio": 9}}', [MET])
    assert list(json.loads(text)) == ["other", "fast"]
    assert json.loads(text)["fast"]["ratio"] == 0.65


def test_unreadable_earlier_results_are_replaced() -> None:
    assert list(json.loads(merged("[not json", [MISSED]))) == ["slow"]


def test_table_names_what_was_met_missed_and_not_measured() -> None:
    assert as_table([MET, MISSED, BROKEN]).splitlines() == [
        "goal  ratio  wanted              ours             theirs      spread  peak MiB",
        "----  -----  ------  ----------------  -----------------  ----------  --------  -----------------------",
        "fast   0.65   ≥ 0.5  65,000 records/s  100,000 records/s  0.60..0.70        12  met",
        "slow   3.00   ≤ 1.5               3 s                1 s  3.00..3.00         -  missed",
        "slow      -   ≤ 1.5                 -                  -           -         -  NOT MEASURED: no server",
    ]


def test_unmet_goals_are_those_missed_and_those_not_measured() -> None:
    assert list(unmet([MET, MISSED])) == ["slow"]
    assert list(unmet([MET, BROKEN])) == ["slow"]
