"""What a run is called.

Pure, but for the randomness of a fresh name.
"""

import re
import secrets
from datetime import datetime

ALLOWED = "1 to 100 letters, digits, dots, hyphens and underscores"
_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


def is_run_id(text: str) -> bool:
    """Say whether `text` can be part of every event id and of file names.

    >>> is_run_id("night-7"), is_run_id('say "no"')
    (True, False)
    """
    return _RUN_ID.fullmatch(text) is not None


def fresh_run_id(now: datetime) -> str:
    """Return a name that no other run has."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
