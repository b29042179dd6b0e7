"""When an Apache access log line says its request came in.

Pure. Source: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html, %t
"""

import re
from datetime import UTC, datetime

_TIME = re.compile(rb"\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def line_time(line: bytes) -> datetime | None:
    """Return the time in a common or combined line, or None when there is none.

    >>> line_time(b'::1 - - [22/Nov/2026:08:00:01 +0800] "GET / HTTP/1.1" 200 5')
    datetime.datetime(2026, 11, 22, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    match = _TIME.search(line)
    if match is None:
        return None
    day, month, rest = match[1].decode("ascii").split("/")
    if month not in _MONTHS:
        return None
    try:  # %b would depend on the locale
        moment = datetime.strptime(f"{day}/{_MONTHS.index(month) + 1:02}/{rest}", "%d/%m/%Y:%H:%M:%S %z")
    except ValueError:
        return None
    return moment.astimezone(UTC)
