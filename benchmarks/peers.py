"""The same records through other emulators: moto, LocalStack, MiniStack. Environments are made on demand."""

from collections.abc import Callable


def compare_peers(*, records: int | None, say: Callable[[str], None]) -> int:
    """Later."""
    del records, say
    return 0
