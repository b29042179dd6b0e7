"""Follow log files: new lines as they come, across rotation by rename and by copy and truncate, from where a checkpoint ends.

Talks to: the log files and their folders; polls, so that network file systems work too.

A rotated file is read on until nothing came for `rotate_wait_seconds`, because a server may write to it for some time. Files that were
rotated away unseen are found by name and time of change and read as well; a file whose beginning was already sent under another name
(a copy, a compressed one) is recognised by content and not sent again.
"""

import glob
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from producers.errors import SourceError
from producers.log_files import FileIdentity
from producers.log_prefix import Position
from producers.log_rotation import carries_name, open_continuation, open_missed, rotated_files
from producers.tailed_file import TailedFile, identity_of

Start = Literal["start", "end", "checkpoint"]
_LOOK_SECONDS = 0.2


class LogTailer:
    """The lines of all files that `patterns` (paths and globs) name, now and later."""

    def __init__(
        self,
        patterns: Sequence[str],
        *,
        start: Start = "start",
        positions: Sequence[Position] = (),
        rotate_wait_seconds: float = 30.0,
        warn: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Open what is there.

        Args:
            patterns: paths and globs; a file that does not exist yet is waited for.
            start: where to begin in files that are there now; later ones are read from their start.
            positions: how far files were sent, used with `start` = "checkpoint"; files without one are read from their start.
            rotate_wait_seconds: how long nothing must come in a rotated file before it is closed.
            warn: called with a sentence when lines cannot be found any more.
            clock: monotonic seconds.
            now_ns: the wall clock, to compare with files' times.
        """
        self._patterns = [str(Path(pattern).expanduser()) for pattern in patterns]
        self._rotate_wait, self._warn, self._clock = rotate_wait_seconds, warn, clock
        self._now_ns = now_ns
        self._known = list(positions) if start == "checkpoint" else []
        self.gone: list[Position] = []  # positions that need not be kept once they are settled
        self._generations: dict[FileIdentity, int] = {}  # of the next one that is opened
        for position in self._known:
            self._new_generation(position)
        self._current: dict[Path, TailedFile] = {}
        self._draining: list[TailedFile] = []
        self._last_data_at: dict[int, float] = {}
        self._looked_at = float("-inf")
        self._left_at: dict[Path, int] = {}  # when what was last read under this path had changed, in ns
        self._folder_ns: dict[Path, tuple[int, int]] = {}
        self._same_as_another: set[tuple[FileIdentity, int, int]] = set()
        self._unreadable: set[Path] = set()
        self._is_restoring = True
        self._restore()
        self._open_new(at_end=start == "end")
        self._is_restoring = False

    def files(self) -> list[TailedFile]:
        """Return the open files, rotated ones first."""
        return [*self._draining, *self._current.values()]

    def read(self, *, look_now: bool = False) -> Iterator[tuple[TailedFile, list[bytes]]]:
        """Yield lines, rotated files before the ones that follow them; nothing when nothing is new."""
        for path, file in self._current.items():
            if file.prefix.offset == 0:
                # Was it copied and truncated before a line of it was read? Only a copy that has appeared tells.
                self._drain_missed(path, file.start_ns)
        for file in self.files():
            is_untouched = file.prefix.offset == 0 and file not in self._draining
            while lines := file.lines():
                self._last_data_at[id(file)] = self._clock()
                if is_untouched:  # it may have been copied and truncated just before these lines were written
                    self._drain_missed(file.followed, file.start_ns)
                    is_untouched = False
                yield file, lines
                if file not in self._draining:  # the end of a rotated file comes before what was written after it
                    break
        if look_now or self._clock() - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = self._clock()
            yield from self._look()

    def finish(self) -> Iterator[tuple[TailedFile, list[bytes]]]:
        """Yield what follows the last newline of every file; used when nothing more is awaited."""
        for file in self.files():
            if rest := file.rest():
                yield file, rest

    def close(self) -> None:
        """Close all files."""
        for file in self.files():
            file.close()

    def _look(self) -> Iterator[tuple[TailedFile, list[bytes]]]:
        """Notice new, rotated and truncated files; close rotated ones that are done."""
        for path, file in list(self._current.items()):
            if identity_of(path) != file.identity:
                self._rotated(path, file)
            elif file.was_truncated():
                yield from self._truncated(path, file)
        for path in [path for path in self._left_at if path not in self._current]:
            self._open(path)
        self._open_new()
        for file in list(self._draining):
            if self._clock() - self._last_data_at.setdefault(id(file), self._clock()) >= self._wait_for(file):
                if lines := file.lines():  # came at the last moment
                    self._last_data_at[id(file)] = self._clock()
                    yield file, lines
                    continue
                if rest := file.rest():
                    yield file, rest
                self._retire(file)

    def _rotated(self, path: Path, file: TailedFile) -> None:
        """The path names another file now, or none: read the old one to its end, then those in between, then the new one."""
        del self._current[path]
        self._drain(file)
        self._left_at[path] = file.modified_ns
        self._open(path)

    def _truncated(self, path: Path, file: TailedFile) -> Iterator[tuple[TailedFile, list[bytes]]]:
        """The file begins anew; what was written to it before that, and not read, is in its copy."""
        del self._current[path]
        position = file.position(file.prefix)
        copy = open_continuation(position)
        if copy is not None and copy.identity == file.identity:
            copy.close()
            copy = None
        if copy is not None:
            copy.continues = file
            self._drain(copy)
        elif rest := file.rest():
            yield file, rest
        self._known.append(position)
        self.gone.append(position)
        self._new_generation(position)
        self._left_at[path] = file.modified_ns
        file.is_finished = file.is_superseded = True
        file.close()
        self._open(path)

    def _restore(self) -> None:
        """Open every file of the checkpoint where it was left, and those that came after it."""
        for path in dict.fromkeys(position.followed for position in self._known):
            if not self._is_followed(path):
                continue
            mine = [position for position in self._known if position.followed == path]
            present = {identity_of(each) for each in (path, *rotated_files(path))}
            for position in mine:
                self._resume(path, position, is_present=position.identity in present)
            unfinished = [position.modified_ns for position in mine if not position.is_finished]
            since_ns = min(unfinished, default=max(position.modified_ns for position in mine))
            if path in self._current:
                self._drain_missed(path, since_ns)
            else:
                self._left_at[path] = since_ns
                self._open(path)

    def _resume(self, path: Path, position: Position, *, is_present: bool) -> None:
        if position.is_finished and identity_of(path) != position.identity:
            if not is_present:
                self.gone.append(position)
            return
        file = open_continuation(position)
        if file is None:
            self.gone.append(position)
            if not position.is_finished:
                self._warn(
                    f"log file {path}: what followed byte {position.offset:,} before a rotation is gone; "
                    "keep rotated files until they are sent"
                )
            return
        if file.identity != position.identity:
            self.gone.append(position)  # from now on it has the position of the copy
        twin = next((other for other in self.files() if other.identity == file.identity), None)
        if twin is not None and twin.first_byte <= file.first_byte:
            file.close()
        elif twin is None and file.path == path and path not in self._current:
            self._current[path] = file
        else:
            if twin in self._draining:
                self._draining.remove(twin)
                twin.close()
            self._drain(file)
            idle_seconds = max(0, self._now_ns() - file.modified_ns) / 1e9
            self._last_data_at[id(file)] -= idle_seconds  # it was rotated away before this run

    def _open_new(self, *, at_end: bool = False) -> None:
        for path in self._paths():
            if path not in self._current and not self._is_rotated_name_of_another(path):
                self._open(path, at_end=at_end)

    def _open(self, path: Path, *, at_end: bool = False) -> None:
        """Follow what `path` names now, after what came between that and what it named before."""
        since_ns = self._left_at.get(path)
        identity = identity_of(path)
        if identity is not None and all(file.identity != identity for file in self.files()):
            try:
                offset = _end_of_last_line(path) if at_end else 0
                generation = self._generations.get(identity, 0)
                self._current[path] = TailedFile(path, path, offset=offset, generation=generation)
                self._left_at.pop(path, None)
            except (SourceError, OSError) as error:
                if self._is_restoring and path.exists():
                    raise
                if path.exists() and path not in self._unreadable:
                    self._unreadable.add(path)
                    self._warn(str(error))
        if since_ns is not None:
            # Only now: what was rotated between a look for missed files and the opening would be missed for good.
            self._drain_missed(path, since_ns)

    def _drain_missed(self, path: Path, since_ns: int) -> None:
        """Read rotated files that were never seen, unless nothing in the folder changed since the last look at it."""
        try:
            folder_ns = path.parent.stat().st_mtime_ns
        except OSError:
            return
        if self._folder_ns.get(path) == (folder_ns, since_ns):
            return
        self._folder_ns[path] = (folder_ns, since_ns)
        self._drain(*open_missed(path, since_ns=since_ns, is_known=self._is_known, compressed_too=self._is_restoring))

    def _new_generation(self, position: Position) -> None:
        known = self._generations.get(position.identity, 0)
        self._generations[position.identity] = max(known, position.generation + 1)

    def _drain(self, *files: TailedFile) -> None:
        for file in files:
            self._draining.append(file)
            self._last_data_at[id(file)] = self._clock()

    def _retire(self, file: TailedFile) -> None:
        file.is_finished = True
        self._draining.remove(file)
        del self._last_data_at[id(file)]
        self._known.append(file.position(file.prefix))
        file.close()

    def _wait_for(self, file: TailedFile) -> float:
        return 0.0 if file.is_compressed else self._rotate_wait  # nobody appends to a compressed file

    def _is_known(self, file: TailedFile) -> bool:
        """Whether a file is open already, was read before, or is a copy of such a one."""
        for other in self.files():
            if other.identity == file.identity or (other.prefix.offset and other.prefix.matches(file.read_at)):
                return True
        return any(
            position.matches(file.read_at) and (position.offset or position.identity == file.identity)
            for position in self._known
        )

    def _is_rotated_name_of_another(self, path: Path) -> bool:
        """Whether a glob also names what a followed file was rotated or copied to; that is read as the followed file's."""
        try:
            status = path.stat()
        except OSError:
            return True
        identity = FileIdentity(status.st_dev, status.st_ino)
        if any(file.identity == identity for file in self.files()):
            return True
        followed = {*self._current, *self._left_at, *(position.followed for position in self._known)}
        if not any(carries_name(path.name, other) and path.parent == other.parent for other in followed):
            return False
        if (identity, status.st_size, status.st_mtime_ns) in self._same_as_another:
            return True
        try:
            with TailedFile(path, path) as file:
                if not file.read_at(0, 1):
                    return True  # nothing to tell it by yet
                if any(other.prefix.offset and other.prefix.starts(file.read_at) for other in self.files()):
                    return True  # a copy that is perhaps still being made
                is_known = self._is_known(file)
        except SourceError:  # gone, or half compressed
            return True
        if is_known:
            self._same_as_another.add((identity, status.st_size, status.st_mtime_ns))
        return is_known

    def _paths(self) -> list[Path]:
        paths: dict[Path, None] = {}
        for pattern in self._patterns:
            is_glob = glob.has_magic(pattern) and not Path(pattern).exists()
            names = sorted(glob.glob(pattern, recursive=True)) if is_glob else [pattern]  # noqa: PTH207
            paths.update(dict.fromkeys(map(Path, names)))
        return [path for path in paths if path.is_file()]

    def _is_followed(self, path: Path) -> bool:
        return any(str(path) == pattern or path.match(pattern) for pattern in self._patterns)


def _end_of_last_line(path: Path) -> int:
    """Return the byte after the last newline, so that a line that is just being written is read whole."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
