"""The time zones that Firehose takes as CustomTimeZone.

Talks to: the package's own list and the time zone database. The list is the published one: older IANA names, so ``Asia/Calcutta`` is
taken and ``Asia/Kolkata`` is not. Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
"""

from datetime import UTC, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

UTC_NAME = "UTC"


@cache
def accepted_names() -> frozenset[str]:
    """Return every name that CreateDeliveryStream takes."""
    # documented + observed (2026-09-10): UTC and the published names; EST, Asia/Kolkata, Europe/Kyiv are refused
    text = files("local_firehose").joinpath("data/time_zones.txt").read_text("utf-8")
    return frozenset(text.split())


def is_accepted(name: str) -> bool:
    """Say whether Firehose takes the name; an empty one means UTC."""
    return name in accepted_names() or not name


@cache
def time_zone(name: str) -> tzinfo:
    """Return the zone of an accepted name; UTC for an empty one.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone in the time zone database.
    """
    return UTC if name in {"", UTC_NAME} else ZoneInfo(name)
