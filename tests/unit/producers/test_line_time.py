from datetime import UTC, datetime

import pytest

from producers.line_time import line_time

COMBINED = (
    rb'203.0.113.7 - j\xc3\xb6rg [22/Nov/2026:08:00:01 +0800] "GET /a?b=\"x HTTP/1.1" 200 - "-" "Mozilla/5.0 (X11)"'
)


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        pytest.param(COMBINED, datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC), id="combined"),
        pytest.param(b'x "[22/Nov/2026" [29/Feb/2028:23:59:60 +0000]', None, id="leap-second-is-no-datetime"),
        pytest.param(b"[22/Nov/2026:08:00:01 -0530]", datetime(2026, 11, 22, 13, 30, 1, tzinfo=UTC), id="other-zone"),
        pytest.param(b"[31/Feb/2026:00:00:00 +0000]", None, id="no-such-day"),
        pytest.param(b"[22/Okt/2026:00:00:00 +0000]", None, id="no-such-month"),
        pytest.param(b"", None, id="empty"),
    ],
)
def test_time_of_a_line(line: bytes, moment: datetime | None) -> None:
    assert line_time(line) == moment
