"""Java's DateTimeFormatter patterns, such as ``yyyy/MM/dd'T'HH``: compiled once, formatted often.

Pure. Firehose evaluates ``!{timestamp:…}`` with them; a pattern is taken or refused as ``DateTimeFormatter.ofPattern`` of Java 17 does.
Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from local_firehose import java_time_fields as fields
from local_firehose.java_time_errors import PatternError

Formatter = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class TimePattern:
    """A compiled pattern; `letters` are the pattern letters in it, in order and without repetition."""

    pattern: str
    letters: str
    _parts: tuple[Formatter | str, ...]

    def format(self, moment: datetime) -> str:
        """Return `moment` (aware, in the zone to be shown) in this pattern, as Java does in the US English locale.

        >>> from datetime import UTC
        >>> compile_pattern("yyyy/MM/dd'T'HH").format(datetime(2024, 5, 17, 3, tzinfo=UTC))
        '2024/05/17T03'

        Raises:
            PatternError: a padded field (``pp…``) is wider than its pad.
        """
        return "".join([part if isinstance(part, str) else part(moment) for part in self._parts])


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> TimePattern:
    """Compile a pattern.

    Raises:
        PatternError: Java would refuse it; the message says where.
    """
    scanner = _Scanner(pattern)
    return TimePattern(pattern, "".join(dict.fromkeys(scanner.letters)), tuple(scanner.parts))


class _Scanner:
    """DateTimeFormatterBuilder.appendPattern: letters in runs, quoted text, optional sections, everything else literal."""

    def __init__(self, pattern: str) -> None:
        self.parts: list[Formatter | str] = []
        self.letters: list[str] = []
        self._pattern, self._at, self._depth = pattern, 0, 0
        while self._at < len(pattern):
            self._next()

    def _next(self) -> None:
        character = self._pattern[self._at]
        if character.isascii() and character.isalpha():
            self.parts.append(self._field())
        elif character == "'":
            self.parts.append(self._quoted())
        elif character == "[":  # an optional section: always there, for an instant in a zone has every field
            self._depth += 1
            self._at += 1
        elif character == "]":
            if not self._depth:
                raise PatternError(self._pattern, "']' without a '[' before it")
            self._depth -= 1
            self._at += 1
        elif character in "{}#":
            raise PatternError(self._pattern, f"{character!r} is reserved")
        else:
            self.parts.append(character)
            self._at += 1

    def _run(self) -> tuple[str, int]:
        start, letter = self._at, self._pattern[self._at]
        while self._at < len(self._pattern) and self._pattern[self._at] == letter:
            self._at += 1
        self.letters.append(letter)
        return letter, self._at - start

    def _field(self) -> Formatter:
        letter, count = self._run()
        if letter != "p":
            return self._formatter(letter, count)
        following = self._pattern[self._at : self._at + 1]
        if not (following.isascii() and following.isalpha()):
            raise PatternError(self._pattern, "the pad letter 'p' must be followed by a pattern letter")
        return fields.padded(self._formatter(*self._run()), count, self._pattern)

    def _formatter(self, letter: str, count: int) -> Formatter:
        try:
            return fields.formatter(letter, count)
        except PatternError as error:
            raise PatternError(self._pattern, error.reason) from None

    def _quoted(self) -> str:
        start = self._at = self._at + 1
        while True:
            end = self._pattern.find("'", self._at)
            if end < 0:
                raise PatternError(self._pattern, "a quotation mark is not closed")
            if self._pattern[end + 1 : end + 2] != "'":
                break
            self._at = end + 2
        self._at = end + 1
        return self._pattern[start:end].replace("''", "'") or "'"
