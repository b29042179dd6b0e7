"""Every line once, in order, whatever happens to the files between two looks."""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from producers.log_prefix import Position
from producers.log_tailer import LogTailer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Reader:
    """A tailer that can be killed and started again; `seen` is everything it ever gave out."""

    def __init__(self, *patterns: Path | str, start: str = "start") -> None:
        self.patterns, self.clock = [str(pattern) for pattern in patterns], Clock()
        self.seen: list[bytes] = []
        self.warnings: list[str] = []
        self.tailer = self._tailer(start, [])

    def _tailer(self, start, positions) -> LogTailer:
        return LogTailer(self.patterns, start=start, positions=positions, rotate_wait_seconds=30.0,
                         warn=self.warnings.append, clock=self.clock)  # fmt: skip

    def read(self) -> list[bytes]:
        got = []
        for _ in range(9):
            self.clock.now += 1.0
            group = [line for _, lines in self.tailer.read() for line in lines]
            if not group and got:
                break
            got += group
        self.seen += got
        return got

    def positions(self) -> list[Position]:
        """As the checkpoint keeps them: one a file, the newest."""
        files = [file.position(file.prefix) for file in self.tailer.files()]
        rows = {(at.followed, at.identity, at.generation): at for at in [*self.tailer._known, *files]}
        for at in self.tailer.gone:
            del rows[at.followed, at.identity, at.generation]
        return sorted(rows.values(), key=lambda position: position.modified_ns)

    def restart(self) -> None:
        positions = self.positions()
        self.tailer.close()
        self.tailer = self._tailer("checkpoint", positions)


@pytest.fixture
def reader() -> Iterator[Callable[..., Reader]]:
    made: list[Reader] = []

    def make(*patterns, **options) -> Reader:
        made.append(Reader(*patterns, **options))
        return made[-1]

    yield make
    for one in made:
        one.tailer.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


def append(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("ab") as file:
        file.write("".join(f"[22/Nov/2026:00:00:00 +0000] {line} {'.' * 30}{end}" for line in lines).encode())


def numbers(lines: list[bytes]) -> list[str]:
    return [line.split()[2].decode() for line in lines]


def rotate_by_rename(path: Path, *, keep: int = 9) -> None:
    for number in range(keep, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))


def rotate_by_copy(path: Path, *, keep: int = 9) -> None:
    for number in range(keep, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copy(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def test_new_lines_come_as_they_are_written(log, reader) -> None:
    append(log, "1", "2")
    one = reader(log)
    assert numbers(one.read()) == ["1", "2"]
    assert one.read() == []
    append(log, "3")
    assert numbers(one.read()) == ["3"]


def test_line_is_given_out_when_its_newline_has_come(log, reader) -> None:
    append(log, "1", end="")
    one = reader(log)
    assert one.read() == []
    append(log, "rest")
    assert numbers(one.read()) == ["1"]


def test_file_that_does_not_exist_yet_is_waited_for(log, reader) -> None:
    one = reader(log)
    assert one.read() == []
    append(log, "1")
    assert numbers(one.read()) == ["1"]


def test_start_at_the_end_skips_what_is_there_but_no_line_in_the_making(log, reader) -> None:
    append(log, "old")
    append(log, "begun", end="")
    one = reader(log, start="end")
    append(log, "end-of-line")
    append(log, "new")
    assert numbers(one.read()) == ["begun", "new"]


def test_rotation_by_rename_loses_and_repeats_nothing(log, reader) -> None:
    append(log, "1", "2")
    one = reader(log)
    one.read()
    append(log, "3")
    rotate_by_rename(log)
    append(log, "4")
    append(log.with_name("access.log.1"), "3b")  # the server has not reopened its log yet
    one.read()
    assert numbers(one.seen) == ["1", "2", "3", "3b", "4"]


def test_rotated_file_is_closed_when_nothing_came_for_a_while_and_its_last_line_sent(log, reader) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    append(log, "2", end="")
    rotate_by_rename(log)
    append(log, "3")
    one.read()
    one.clock.now += 31
    one.read()
    assert numbers(one.seen) == ["1", "3", "2"]
    assert [file.path for file in one.tailer.files()] == [log]


def test_two_rotations_between_two_looks(log, reader) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    append(log, "2")
    rotate_by_rename(log)
    append(log, "3")
    rotate_by_rename(log)
    append(log, "4")
    one.read()
    assert numbers(one.seen) == ["1", "2", "3", "4"]


def test_rotation_seen_before_the_new_file_exists(log, reader) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    rotate_by_rename(log)
    one.read()
    append(log, "2")
    rotate_by_rename(log)
    append(log, "3")
    one.read()
    assert numbers(one.seen) == ["1", "2", "3"]


def test_older_rotated_files_are_left_alone(log, reader) -> None:
    append(log.with_name("access.log.1"), "ancient")
    os.utime(log.with_name("access.log.1"), (1, 1))
    append(log, "1")
    one = reader(log)
    one.read()
    rotate_by_rename(log)
    append(log, "2")
    one.read()
    assert numbers(one.seen) == ["1", "2"]


def test_copy_and_truncate_loses_and_repeats_nothing(log, reader) -> None:
    append(log, "1", "2")
    one = reader(log)
    one.read()
    append(log, "3")  # not read before the rotation: only the copy has it
    rotate_by_copy(log)
    append(log, "4")
    one.read()
    assert sorted(numbers(one.seen)) == ["1", "2", "3", "4"]


def test_truncated_file_that_has_grown_beyond_its_old_size_is_noticed(log, reader) -> None:
    append(log, "1", "2")
    one = reader(log)
    one.read()
    rotate_by_copy(log)
    append(log, "3", "4", "5", "6")
    one.read()
    assert numbers(one.seen) == ["1", "2", "3", "4", "5", "6"]


def test_truncation_without_a_copy_still_sends_the_line_that_was_begun(log, reader) -> None:
    append(log, "1")
    append(log, "begun", end="")
    one = reader(log)
    one.read()
    os.truncate(log, 0)
    append(log, "2")
    one.read()
    assert numbers(one.seen) == ["1", "begun", "2"]


@pytest.mark.parametrize("rotate", [rotate_by_rename, rotate_by_copy], ids=["rename", "copy-truncate"])
def test_glob_that_also_matches_rotated_names_sends_nothing_twice(log, reader, rotate) -> None:
    append(log, "0")
    one = reader(f"{log}*")
    one.read()
    for number in range(1, 5):
        append(log, str(number))
        one.read()
        rotate(log)
        one.read()
    append(log, "5")
    one.read()
    one.clock.now += 31
    one.read()
    one.read()
    assert numbers(one.seen) == ["0", "1", "2", "3", "4", "5"]


def test_several_files_are_followed_each_under_its_name(tmp_path, reader) -> None:
    append(tmp_path / "a.log", "a1")
    append(tmp_path / "b.log", "a1")  # the same content is still another file
    one = reader(tmp_path / "*.log")
    assert numbers(one.read()) == ["a1", "a1"]
    append(tmp_path / "c.log", "c1")
    assert numbers(one.read()) == ["c1"]


def test_restart_goes_on_where_it_was(log, reader) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    append(log, "2")
    one.restart()
    one.read()
    assert numbers(one.seen) == ["1", "2"]


@pytest.mark.parametrize("rotate", [rotate_by_rename, rotate_by_copy], ids=["rename", "copy-truncate"])
@pytest.mark.parametrize("rotations", [1, 2, 3])
def test_rotations_while_the_producer_was_down(log, reader, rotate, rotations) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    append(log, "2")
    expected = ["1", "2"]
    for number in range(rotations):
        rotate(log)
        append(log, str(number + 3))
        expected.append(str(number + 3))
    one.restart()
    one.read()
    assert sorted(numbers(one.seen)) == expected
    assert one.warnings == []


def test_rotated_and_compressed_while_the_producer_was_down(log, reader) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    append(log, "2")
    rotate_by_rename(log)
    rotated = log.with_name("access.log.1")
    compressed = log.with_name("access.log.1.gz")
    compressed.write_bytes(gzip.compress(rotated.read_bytes()))
    rotated.unlink()
    append(log, "3")
    one.restart()
    one.read()
    assert numbers(one.seen) == ["1", "2", "3"]


def test_finished_file_is_not_read_again_when_it_is_compressed_later(log, reader) -> None:
    append(log, "1")
    one = reader(f"{log}*")
    one.read()
    rotate_by_rename(log)
    append(log, "2")
    one.read()
    one.clock.now += 31
    one.read()
    rotated = log.with_name("access.log.1")
    log.with_name("access.log.1.gz").write_bytes(gzip.compress(rotated.read_bytes()))
    one.read()
    rotated.unlink()
    one.read()
    one.restart()
    one.read()
    assert numbers(one.seen) == ["1", "2"]


def test_lines_that_are_gone_for_good_are_named(log, reader) -> None:
    append(log, "1")
    one = reader(log)
    one.read()
    append(log, "2")
    positions = one.positions()
    log.unlink()
    append(log, "3")
    one.tailer.close()
    one.tailer = one._tailer("checkpoint", positions)
    one.read()
    assert numbers(one.seen) == ["1", "3"]
    lost = f"log file {log}: what followed byte {positions[0].offset:,} before a rotation is gone"
    assert one.warnings == [f"{lost}; keep rotated files until they are sent"]
    assert one.tailer.gone == positions  # and is said once only


def test_reused_inode_with_other_content_is_a_new_file(log, reader) -> None:
    append(log, "1", "2")
    one = reader(log)
    one.read()
    inode = log.stat().st_ino
    with log.open("r+b") as file:  # what a reused inode looks like
        file.truncate()
    append(log, "3", "4", "5")
    assert log.stat().st_ino == inode
    one.restart()
    one.read()
    assert numbers(one.seen) == ["1", "2", "3", "4", "5"]


def test_endless_line_does_not_fill_the_memory(log, reader) -> None:
    with log.open("wb") as file:
        file.write(b"x" * (40 * 1024 * 1024))
    one = reader(log)
    pieces = one.read()
    assert [len(piece) for piece in pieces] == [16 * 1024 * 1024] * 2


@pytest.mark.parametrize("seed", range(12))
def test_random_histories_lose_and_repeat_nothing(tmp_path, reader, seed) -> None:
    """Writes, rotations of either kind, reads and restarts in random order; rotation by copy may lose what no copy holds."""
    random = Random(seed)
    log = tmp_path / "access.log"
    append(log, "first")
    one = reader(log)
    one.read()
    written = ["first"]
    rotate = random.choice([rotate_by_rename, rotate_by_copy])
    for step in range(60):
        action = random.random()
        if action < 0.5:
            append(log, str(step))
            written.append(str(step))
        elif action < 0.65 and log.exists() and log.stat().st_size:
            rotate(log, keep=150)
        elif action < 0.75:
            one.restart()
        else:
            one.clock.now += random.choice([0.1, 40.0])
            one.read()
    one.read()
    one.clock.now += 31
    one.read()
    one.read()
    assert sorted(numbers(one.seen)) == sorted(written)
    assert one.warnings == []
