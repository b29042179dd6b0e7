"""Which files a log went on in after it was rotated, by rename or by copy and truncate.

Talks to: the folder of the log. Rotated files lie beside it and carry its name: `access.log.1`, `access.log-20261122`,
`access-20261122.log`, each perhaps compressed. Names can change while one looks, so files are told apart once they are open.
"""

import re
from collections.abc import Callable
from pathlib import Path

from producers.errors import SourceError
from producers.log_files import FileIdentity
from producers.log_prefix import Position
from producers.tailed_file import TailedFile, identity_of

_MOST_LOOKS = 5
# A number, a date, a time, or a word that rotation tools add; anything else beside a log (`access-ssl.log`) is another file.
_ROTATED = r"(?:[.\-_]\d[\d.\-_T:]*|[.\-_](?:old|prev))"
_COMPRESSED = r"(?:\.(?:gz|bz2|zst))?"


def carries_name(name: str, path: Path) -> bool:
    """Return whether `name` is what a rotated `path` would be called.

    >>> [carries_name(name, Path("a.log")) for name in ("a.log.1", "a-20261122.log.gz", "a-ssl.log", "a.log.offset")]
    [True, True, False, False]
    """
    behind = re.escape(path.name) + _ROTATED
    before_suffix = re.escape(path.stem) + _ROTATED + re.escape(path.suffix)
    return re.fullmatch(f"(?:{behind}|{before_suffix}){_COMPRESSED}", name) is not None


def rotated_files(path: Path) -> list[Path]:
    """Return the files beside `path` that carry its name, those changed longest ago first."""
    previous: dict[Path, FileIdentity | None] = {}
    for _ in range(_MOST_LOOKS):  # a listing taken while files are renamed can miss one: it must be the same twice
        listing = {each: identity_of(each) for each in _beside(path)}
        if listing == previous:
            break
        previous = listing
    return sorted(previous, key=lambda each: (_modified_ns(each), each.name))


def open_continuation(position: Position) -> TailedFile | None:
    """Open the file that holds what `position` says was read, where that ends: the same file under any name, else a copy of it."""
    for look in range(_MOST_LOOKS):
        candidates = [position.followed, *reversed(rotated_files(position.followed))]
        same = [each for each in candidates if identity_of(each) == position.identity]
        copies = [each for each in candidates[1:] if each not in same] if position.offset else []
        for candidate in [*same, *copies]:
            file = _open(position.followed, candidate, position.offset)
            if file is None:
                continue
            if file.prefix.digest == position.digest and (position.offset or file.identity == position.identity):
                if file.identity == position.identity:
                    file.generation = position.generation
                return file
            file.close()
        if not same and look:  # else it may have been renamed between listing and opening
            return None
    return None


def open_missed(
    followed: Path, *, since_ns: int, is_known: Callable[[TailedFile], bool], compressed_too: bool
) -> list[TailedFile]:
    """Open the rotated files that were never read though they changed at or after `since_ns`, oldest first.

    There are some when a log was rotated more than once between two looks at it. A compressed file counts only with `compressed_too`,
    which is for the first look: later it is one that was read before and is just being compressed.
    """
    missed: list[TailedFile] = []
    for candidate in rotated_files(followed):
        if _modified_ns(candidate) < since_ns:
            continue
        file = _open(followed, candidate, 0)
        if file is None:
            continue
        is_in_the_making = file.is_compressed and (not compressed_too or candidate.with_suffix("").exists())
        try:
            is_missed = not is_in_the_making and not is_known(file)
        except SourceError:  # damaged, or half compressed
            is_missed = False
        if is_missed and file.identity not in {other.identity for other in missed}:
            missed.append(file)
        else:
            file.close()
    return missed


def _beside(path: Path) -> list[Path]:
    try:
        return [each for each in path.parent.iterdir() if carries_name(each.name, path) and each != path]
    except OSError:
        return []


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns if path.is_file() else -1
    except OSError:
        return -1


def _open(followed: Path, path: Path, offset: int) -> TailedFile | None:
    try:
        return TailedFile(followed, path, offset=offset)
    except SourceError:  # gone, unreadable or shorter: not the one
        return None
