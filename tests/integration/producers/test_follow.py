"""`apache-logs --follow` as a process that is killed: every line arrives, only the call under way is sent twice."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firehose_spec.digest import digest
from producers.checkpoint import Checkpoint
from producers.errors import SourceError

# Kills in the test run; a longer hunt: PRODUCER_KILLS=100 pytest tests/integration/producers/test_follow.py
KILLS = int(os.environ.get("PRODUCER_KILLS", "3"))


class Server:
    """Writes numbered lines and rotates its log."""

    def __init__(self, log: Path, random: Random, *, by_copy: bool) -> None:
        self.log, self.random, self.by_copy = log, random, by_copy
        self.written = self.rotations = 0

    def write(self, lines: int) -> None:
        with self.log.open("ab") as file:
            for _ in range(lines):
                file.write(
                    f'{self.written}- - [22/Nov/2026:00:00:00 +0000] "GET /{self.written} HTTP/1.1" 200 5\n'.encode()
                )
                self.written += 1

    def rotate(self) -> None:
        self.rotations += 1
        rotated = self.log.with_name(f"access.log-{self.rotations:08}")
        if self.by_copy:
            rotated.write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)
        else:
            self.log.rename(rotated)

    def live(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.write(self.random.randrange(1, 400))
            if self.random.random() < 0.2:
                self.rotate()
            time.sleep(self.random.uniform(0.0, 0.03))


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nothing came of it in time"
        time.sleep(0.05)


@pytest.fixture
def follow(start_producer, tmp_path) -> Callable[..., subprocess.Popen[str]]:
    def start(*arguments: object) -> subprocess.Popen[str]:
        return start_producer("apache-logs", "--stream", "lines", "--log-file", "access.log", "--follow",
                              "--checkpoint", "lines.checkpoint", "--linger-seconds", "0.05", *arguments)  # fmt: skip

    return start


@pytest.mark.parametrize("by_copy", [False, True], ids=["rename", "copy-truncate"])
def test_killed_at_random_under_rotation_loses_nothing(firehose, follow, tmp_path, by_copy) -> None:
    random = Random(7)
    server = Server(tmp_path / "access.log", random, by_copy=by_copy)
    server.write(10)
    for _ in range(KILLS):
        process = follow("--quiet")
        before = firehose.summary["calls"]
        until(lambda before=before: firehose.summary["calls"] > before or server.written == 0)
        server.live(random.uniform(0.0, 0.4))
        process.kill()
        process.wait()
        server.live(random.uniform(0.0, 0.1))
    process = follow("--manifest", "m.json")
    until(lambda: firehose.summary["distinct"] == server.written)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err

    counts = Counter(int(record.split(b"-")[0]) for record in firehose.records)
    assert set(counts) == set(range(server.written))
    assert "is gone" not in err
    # What a kill repeats was sent in one call before it: at most 500 lines.
    assert sum(counts.values()) - len(counts) <= 500 * KILLS
    assert json.loads((tmp_path / "m.json").read_text("utf-8"))["complete"] is False


def test_failing_entries_do_not_widen_what_a_kill_repeats(firehose, follow, tmp_path) -> None:
    firehose.script(entry=0.5)
    server = Server(tmp_path / "access.log", Random(1), by_copy=False)
    server.write(1500)
    process = follow("--quiet")
    until(lambda: firehose.summary["distinct"] > 700)
    process.kill()
    process.wait()
    firehose_before = {int(record.split(b"-")[0]) for record in firehose.records}
    database = sqlite3.connect(tmp_path / "lines.checkpoint")
    ((sent_bytes,),) = database.execute("SELECT sent_bytes FROM positions").fetchall()
    database.close()
    settled = (tmp_path / "access.log").read_bytes()[:sent_bytes].count(b"\n")
    assert set(range(settled)) <= firehose_before
    assert len([number for number in firehose_before if number >= settled]) <= 500


def test_following_goes_on_from_the_checkpoint_and_stops_with_zero(firehose, follow, tmp_path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"1\n2\n")
    for number in range(3, 6):
        process = follow()
        until(lambda number=number: firehose.summary["stored"] == number - 1)
        process.terminate()
        assert process.wait(20) == 0
        with log.open("ab") as file:
            file.write(f"{number}\n".encode())
    assert firehose.records == [b"1\n", b"2\n", b"3\n", b"4\n"]


def test_one_shot_from_the_checkpoint_sends_only_what_is_new(firehose, producer, tmp_path) -> None:
    log = tmp_path / "access.log"
    arguments = ("apache-logs", "--stream", "lines", "--log-file", "access.log", "--checkpoint", "c", "--quiet")
    log.write_bytes(b"1\n2")
    assert producer(*arguments)[0] == 0
    with log.open("ab") as file:
        file.write(b"b\n3\n")
    assert producer(*arguments)[0] == 0
    assert producer(*arguments)[0] == 0
    assert firehose.records == [b"1\n", b"2", b"b\n", b"3\n"]


def test_start_at_the_end_sends_what_comes_later(firehose, follow, tmp_path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"old\n")
    process = follow("--from", "end")
    deadline = time.monotonic() + 30
    while firehose.summary["stored"] == 0 and time.monotonic() < deadline:  # it is not told when the file was opened
        with log.open("ab") as file:
            file.write(b"new\n")
        time.sleep(0.1)
    process.terminate()
    assert process.wait(20) == 0
    assert set(firehose.records) == {b"new\n"}


def test_given_up_lines_do_not_hold_the_checkpoint_back(firehose, producer, tmp_path) -> None:
    firehose.script("fail:0")
    (tmp_path / "access.log").write_bytes(b"1\n2\n")
    arguments = ("apache-logs", "--stream", "lines", "--log-file", "access.log", "--checkpoint", "c", "--quiet")
    assert producer(*arguments, "--retry-seconds", 0, "--dead-letter", "dead")[0] == 1
    assert producer(*arguments)[0] == 0
    assert firehose.records == [b"2\n"]
    assert producer("replay", "dead", "--quiet")[0] == 0
    assert firehose.records == [b"2\n", b"1\n"]


def test_checkpoint_has_one_user_at_a_time(tmp_path) -> None:
    first = Checkpoint(tmp_path / "c")
    with pytest.raises(
        SourceError, match="another producer has it open; stop that one, or give this one its own --checkpoint"
    ):
        Checkpoint(tmp_path / "c")
    first.close()
    Checkpoint(tmp_path / "c").close()


def test_file_that_is_no_checkpoint_is_refused(tmp_path) -> None:
    (tmp_path / "c").write_text("something else entirely, and long enough to be taken for a header of SQLite, or not")
    with pytest.raises(SourceError, match="file is not a database; give --checkpoint another path"):
        Checkpoint(tmp_path / "c")


def test_killed_run_leaves_a_manifest_that_says_so(firehose, follow, tmp_path) -> None:
    manifest = tmp_path / "m.json"

    def said() -> dict[str, Any]:
        return json.loads(manifest.read_text("utf-8")) if manifest.exists() else {}

    Server(tmp_path / "access.log", Random(1), by_copy=False).write(1200)
    process = follow("--manifest", "m.json", "--manifest-seconds", "0.3", "--run-id", "first")
    until(lambda: said().get("accepted") == 1200)
    with (tmp_path / "access.log").open("ab") as file:
        file.write(b"one more\n")
    until(lambda: said()["accepted"] == 1201)
    process.kill()
    process.wait()
    left = said()
    assert (left["in_progress"], left["complete"], left["records"], left["given_up"]) == (True, False, 1201, 0)
    assert left["accepted_sequences"] == [[0, 1200]]
    assert left["digest"]["value"] == str(digest(firehose.records))
    assert left["sources"][0]["end_byte"] == (tmp_path / "access.log").stat().st_size

    again = follow("--manifest", "m.json", "--manifest-seconds", "0.3", "--run-id", "second")
    with (tmp_path / "access.log").open("ab") as file:
        file.write(b"after the kill\n")
    until(lambda: said().get("run_id") == "second")
    again.send_signal(signal.SIGTERM)
    _, err = again.communicate(timeout=30)
    assert again.returncode == 0, err
    assert json.loads((tmp_path / "m.first.json").read_text("utf-8")) == left
    assert (said()["run_id"], said()["in_progress"]) == ("second", False)
    assert set(firehose.records) == set((tmp_path / "access.log").read_bytes().splitlines(keepends=True))
