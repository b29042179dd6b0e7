"""The journal on a real disk: what was acknowledged is read back, whatever tore."""

import asyncio
import errno
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_firehose import journal as journal_module
from local_firehose.journal import CommittedEnd, Journal
from local_firehose.journal_block import Piece
from local_firehose.journal_reader import JournalReader
from local_firehose.journal_segment import segments, write_durably

ARRIVED_MS = 1_715_915_045_000


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def read_all(
    folder: Path, end: CommittedEnd, *, start: int = 0, max_records: int = 7, max_bytes: int = 1 << 20
) -> tuple[list[bytes], list[tuple[int, int]]]:
    lost: list[tuple[int, int]] = []
    reader = JournalReader(folder, on_damage=lambda first, count: lost.append((first, count)))
    reader.seek(start)
    records: list[bytes] = []
    while (chunk := reader.read(end, max_records=max_records, max_bytes=max_bytes)) is not None:
        records.extend(chunk.data.to_pylist())
    reader.close()
    return records, lost


def write(folder: Path, executor: ThreadPoolExecutor, puts: Sequence[Sequence[bytes]]) -> CommittedEnd:
    async def run() -> CommittedEnd:
        journal = Journal(folder, executor=executor)
        for put in puts:
            await journal.append(put, arrived_ms=ARRIVED_MS)
        await journal.close()
        return journal.end

    return asyncio.run(run())


def test_records_are_read_back_in_order_with_their_sequences(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    puts = [[b"a", b"", b"\x00\xff" * 9], [b"b" * 100_000], [b"c"] * 500]
    end = write(tmp_path, executor, puts)
    assert end.next_sequence == 504
    assert read_all(tmp_path, end) == ([record for put in puts for record in put], [])


@pytest.mark.parametrize(
    "start", [pytest.param(0, id="first"), pytest.param(2, id="mid-block"), pytest.param(503, id="last")]
)
def test_reading_begins_at_any_sequence(tmp_path: Path, executor: ThreadPoolExecutor, start: int) -> None:
    records = [b"%d" % number for number in range(504)]
    end = write(tmp_path, executor, [records[:3], records[3:4], records[4:]])
    assert read_all(tmp_path, end, start=start) == (records[start:], [])


def test_puts_that_wait_together_share_one_sync(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    writes: list[int] = []

    def counted(descriptor: int, pieces: Sequence[Piece], offset: int) -> None:
        writes.append(offset)
        write_durably(descriptor, pieces, offset)

    async def run() -> list[int]:
        journal = Journal(tmp_path, executor=executor, write_durably=counted)
        firsts = await asyncio.gather(*(journal.append([b"x"] * 3, arrived_ms=ARRIVED_MS) for _ in range(64)))
        await journal.close()
        return firsts

    assert asyncio.run(run()) == list(range(0, 192, 3))
    assert len(writes) <= 2


PIECES: list[Piece] = [b"head", array("I", [1, 2, 3]), b"", b"data" * 500, bytes(3)]


def not_supported(*_: object) -> int:
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def five_bytes(descriptor: int, pieces: Sequence[Piece], offset: int, _flags: int = 0) -> int:
    return os.pwrite(descriptor, b"".join(pieces)[:5], offset)


@pytest.mark.parametrize(
    "pwritev",
    [
        pytest.param(None, id="as-it-is-here"),
        pytest.param(not_supported, id="a-kernel-without-durable-writes"),
        pytest.param(five_bytes, id="a-short-write"),
    ],
)
@pytest.mark.parametrize("pieces", [PIECES, PIECES * 300], ids=["few", "more-than-one-call-takes"])
def test_pieces_are_written_one_behind_another(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pwritev: Callable[..., int] | None,
    pieces: Sequence[Piece],
) -> None:
    if pwritev is not None:
        monkeypatch.setattr(os, "pwritev", pwritev, raising=False)
    path = tmp_path / "segment"
    path.write_bytes(b"before..")
    descriptor = os.open(path, os.O_RDWR)
    write_durably(descriptor, pieces, 8)
    os.close(descriptor)
    assert path.read_bytes() == b"before.." + b"".join(pieces)


def test_a_write_that_fails_is_not_tried_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pwritev", broken, raising=False)
    monkeypatch.setattr(os, "pwrite", broken)
    (tmp_path / "segment").touch()
    descriptor = os.open(tmp_path / "segment", os.O_RDWR)
    with pytest.raises(OSError, match="Input/output error"):
        write_durably(descriptor, PIECES, 0)
    os.close(descriptor)


def test_small_windows_and_large_records_lose_nothing(
    tmp_path: Path, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_firehose.journal_reader._WINDOW_BYTES", 64)
    puts = [[b"r%d-%d" % (put, number) * (1 + 50 * (number % 3)) for number in range(9)] for put in range(20)]
    end = write(tmp_path, executor, puts)
    flat = [record for put in puts for record in put]
    assert read_all(tmp_path, end, max_records=1, max_bytes=10) == (flat, [])


def test_a_torn_tail_is_not_taken_for_accepted_and_later_puts_follow_it(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    end = write(tmp_path, executor, [[b"kept"], [b"torn" * 100]])
    segment = segments(tmp_path)[0]
    with segment.path.open("r+b") as file:
        file.seek(end.offset - 50)
        file.write(bytes(50))
    end = write(tmp_path, executor, [[b"after"]])
    assert read_all(tmp_path, end) == ([b"kept", b"after"], [])


def test_damage_before_the_end_costs_its_own_block_only(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    end = write(tmp_path, executor, [[b"one"], [b"two-a", b"two-b"], [b"three"]])
    segment = segments(tmp_path)[0]
    data = bytearray(segment.path.read_bytes())
    at = data.index(b"two-a")
    data[at] ^= 1
    segment.path.write_bytes(data)
    assert read_all(tmp_path, end) == ([b"one", b"three"], [(1, 2)])


def test_a_full_disk_refuses_the_put_and_keeps_what_was_acknowledged(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    def full(descriptor: int, pieces: Sequence[Piece], offset: int) -> None:
        write_durably(descriptor, pieces, offset)
        if filled:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    filled: list[bool] = []

    async def run() -> CommittedEnd:
        journal = Journal(tmp_path, executor=executor, write_durably=full)
        await journal.append([b"before"], arrived_ms=ARRIVED_MS)
        filled.append(True)
        with pytest.raises(OSError, match="No space left"):
            await journal.append([b"refused"], arrived_ms=ARRIVED_MS)
        filled.clear()
        await journal.append([b"after"], arrived_ms=ARRIVED_MS)
        await journal.close()
        return journal.end

    end = asyncio.run(run())
    assert end.next_sequence == 2
    assert read_all(tmp_path, end) == ([b"before", b"after"], [])


def test_segments_roll_are_released_and_recycled(
    tmp_path: Path, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FIRST_SEGMENT_BYTES", 4096)
    monkeypatch.setattr(journal_module, "MAX_SEGMENT_BYTES", 4096)
    records = [bytes([number % 251]) * 1000 for number in range(60)]

    async def run() -> tuple[CommittedEnd, int]:
        journal = Journal(tmp_path, executor=executor)
        for record in records[:20]:
            await journal.append([record], arrived_ms=ARRIVED_MS)
        released = len(journal.release(10))
        for record in records[20:]:
            await journal.append([record], arrived_ms=ARRIVED_MS)
        await journal.close()
        return journal.end, released

    end, released = asyncio.run(run())
    assert released == 3
    assert len(list(tmp_path.glob("spare-*"))) <= 1  # both were written over again; one may be ready for what comes
    found, lost = read_all(tmp_path, end, start=10)
    assert (found, lost) == (records[10:], [])


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system takes no advice on cached pages")
def test_a_long_backlog_does_not_stay_in_the_page_cache(
    tmp_path: Path, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FIRST_SEGMENT_BYTES", 4096)
    monkeypatch.setattr(journal_module, "MAX_SEGMENT_BYTES", 4096)
    let_go: list[int] = []

    def advised(descriptor: int, _offset: int, _length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_DONTNEED
        let_go.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "posix_fadvise", advised)
    records = [b"%04d" % number * 700 for number in range(9)]  # one a segment
    end = write(tmp_path, executor, [[record] for record in records])
    assert read_all(tmp_path, end) == (records, [])
    # the first ones are written over again when they are released, and the last one is still written to
    assert let_go == [segment.path.stat().st_ino for segment in segments(tmp_path)[4:8]]


def test_the_next_segment_is_ready_before_it_is_needed(tmp_path: Path) -> None:
    (tmp_path / "unfinished-0000000007").write_bytes(b"left by a crash")

    async def run(executor: ThreadPoolExecutor) -> tuple[list[int], int, int]:
        journal = Journal(tmp_path, executor=executor)
        await journal.append([bytes(400_000)], arrived_ms=ARRIVED_MS)
        early = list(tmp_path.glob("spare-*"))
        await journal.append([bytes(400_000)], arrived_ms=ARRIVED_MS)
        executor.submit(int).result()  # its one thread is past what was begun
        (spare,) = tmp_path.glob("spare-*")
        prepared = spare.stat()
        await journal.append([bytes(400_000)], arrived_ms=ARRIVED_MS)
        await journal.close()
        return [len(early), prepared.st_size], prepared.st_ino, journal.end.serial

    with ThreadPoolExecutor(1) as alone:
        sizes, number, serial = asyncio.run(run(alone))
    assert (sizes, serial) == ([0, 2 * journal_module.FIRST_SEGMENT_BYTES], 2)
    assert segments(tmp_path)[-1].path.stat().st_ino == number
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".segment")] == []
