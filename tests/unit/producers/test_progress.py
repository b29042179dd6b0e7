import io
import time

from producers.outbox import Counts
from producers.progress import ProgressReporter, progress_line


def test_line_tells_what_is_where() -> None:
    counts = Counts(
        submitted=10, accepted=6, given_up=1, retried=2, last_error="ServiceUnavailableException: Slow down."
    )
    assert progress_line("events", counts, 123.4) == {
        "event": "progress", "run": "events", "submitted": 10, "accepted": 6, "given_up": 1, "in_hand": 3, "retried": 2,
        "records_per_second": 123, "last_error": "ServiceUnavailableException: Slow down.",
    }  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_shows_a_bar_with_rate_and_failures() -> None:
    terminal = Terminal()
    counts = Counts(
        submitted=1000, accepted=400, retried=7, given_up=3, last_error="ServiceUnavailableException: Slow down."
    )
    with ProgressReporter("events", lambda: counts, total=1000, stream=terminal):
        deadline = time.monotonic() + 5
        while "given up" not in terminal.getvalue() and time.monotonic() < deadline:
            time.sleep(0.02)
    shown = terminal.getvalue()
    assert "400/1000" in shown
    assert "3 given up" in shown
    assert "7 sent" in shown


def test_quiet_run_writes_nothing() -> None:
    stream = Terminal()
    with ProgressReporter("events", Counts, total=None, stream=stream, is_quiet=True):
        pass
    assert stream.getvalue() == ""
