"""Log files that grow, as a source: lines as they come, and a checkpoint that never runs ahead of what is settled.

Talks to: the log files and the checkpoint. A line counts as sent once it is accepted or in the dead-letter file; after kill -9 the lines
after the checkpoint are sent again, at most those of the one call that was under way.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from firehose_spec.quotas import MAX_BATCH_RECORDS
from producers.checkpoint import Checkpoint
from producers.log_prefix import Prefix
from producers.log_source import FileFacts, LogTally, chunk_of
from producers.log_tailer import LogTailer
from producers.outbox import GivenUp
from producers.source import Chunk, Facts
from producers.tailed_file import TailedFile


@dataclass(slots=True)
class _Sent:
    """One open file and how much of it is settled."""

    file: TailedFile
    settled: Prefix
    facts: FileFacts
    after: "_Sent | None" = (
        None  # a copy has no position of its own before all that was read of its original is settled
    )

    @property
    def is_all_settled(self) -> bool:
        return self.settled.offset == self.file.prefix.offset


@dataclass(slots=True)
class _Lines:
    """Lines that were handed over and are not all settled; `first` is the first one's sequence."""

    sent: _Sent
    first: int
    lines: Sequence[bytes]


class FollowSource:
    """Lines of a tailer's files; ends when `follow` is False and all is read."""

    def __init__(
        self,
        tailer: LogTailer,
        *,
        checkpoint: Checkpoint | None,
        follow: bool,
        to_record: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._tailer, self._checkpoint, self._follow, self._to_record = tailer, checkpoint, follow, to_record
        self.total_records: int | None = None
        self.has_checkpoint = checkpoint is not None
        self._tally = LogTally()
        self._lock = threading.Lock()
        self._sent: dict[int, _Sent] = {}
        self._unsettled: deque[_Lines] = deque()
        self._next_sequence = 0
        self._settled_below = 0
        with self._lock:
            self._note_files()
        if checkpoint is not None:
            checkpoint.forget(tailer.gone)

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks of up to 500 lines; an empty one when nothing is new."""
        while True:
            has_read = False
            for file, lines in self._tailer.read(look_now=not self._follow):
                has_read = True
                yield from self._chunks_of(file, lines)
            with self._lock:
                self._note_files()
            if has_read:
                continue
            if not self._follow:
                break
            yield Chunk(())
        for file, rest in self._tailer.finish():
            yield from self._chunks_of(file, rest)

    def handed_over(self, chunk: Chunk) -> None:
        self._tally.add(chunk.details)
        with self._lock:
            if self.has_checkpoint:
                sent = next(sent for sent in self._sent.values() if sent.facts is chunk.details.file)
                self._unsettled.append(_Lines(sent, self._next_sequence, chunk.details.lines))
            self._next_sequence += len(chunk.records)
            self._save_settled()  # `settled` may have come first

    def given_up(self, entries: Sequence[GivenUp]) -> None:
        self._tally.remove(entries)

    def settled(self, below: int) -> None:
        with self._lock:
            self._settled_below = max(self._settled_below, below)
            self._save_settled()

    def facts(self) -> Facts:
        return self._tally.facts()

    def close(self) -> None:
        """Close files and checkpoint, once all is settled."""
        self._tailer.close()
        if self._checkpoint is not None:
            self._checkpoint.close()

    def _chunks_of(self, file: TailedFile, lines: list[bytes]) -> Iterator[Chunk]:
        with self._lock:
            if id(file) not in self._sent:
                self._note_files()
            sent = self._sent.get(id(file)) or self._note(file)
        for start in range(0, len(lines), MAX_BATCH_RECORDS):
            yield chunk_of(sent.facts, lines[start : start + MAX_BATCH_RECORDS], self._to_record)

    def _note(self, file: TailedFile) -> _Sent:
        facts = FileFacts(file.path, file.identity, file.first_byte, file.first_byte)
        original = self._sent.get(id(file.continues)) if file.continues else None
        sent = _Sent(file, file.start, facts, original)
        self._sent[id(file)] = sent
        return sent

    def _note_files(self) -> None:
        """Put files into the checkpoint before their first line is sent, so that their rotation is noticed after a crash."""
        new = [self._note(file) for file in self._tailer.files() if id(file) not in self._sent]
        due = [sent for sent in new if sent.after is None]
        for sent in self._sent.values():
            if sent.after is not None and sent.after.is_all_settled:
                sent.after = None
                due.append(sent)
        done = [
            sent for sent in self._sent.values() if sent.file.is_finished and sent.is_all_settled and not sent.after
        ]
        if self._checkpoint is not None and (due or done):
            self._checkpoint.save([sent.file.position(sent.settled) for sent in (*due, *done)])
            self._checkpoint.forget([sent.file.position(sent.settled) for sent in done if sent.file.is_superseded])
        for sent in done:
            del self._sent[id(sent.file)]
            sent.file.continues = None  # or every file would keep all before it

    def _save_settled(self) -> None:
        touched: dict[int, _Sent] = {}
        while self._unsettled and self._unsettled[0].first < self._settled_below:
            group = self._unsettled[0]
            count = min(len(group.lines), self._settled_below - group.first)
            group.sent.settled.extend(group.lines[:count])
            touched[id(group.sent)] = group.sent
            if count == len(group.lines):
                self._unsettled.popleft()
            else:
                group.first, group.lines = group.first + count, group.lines[count:]
        if self._checkpoint is not None and touched:
            self._checkpoint.save([sent.file.position(sent.settled) for sent in touched.values()])
