"""What `verify` is doing, on a terminal only: one line that changes; elsewhere nothing.

Pure but for the console that is passed in.
"""

from typing import Self

from rich.console import Console
from rich.status import Status


class Progress:
    """A spinner with a text; silent where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self._status: Status | None = console.status("") if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """Show `text` in place of the text before."""
        if self._status is not None:
            self._status.update(text)
