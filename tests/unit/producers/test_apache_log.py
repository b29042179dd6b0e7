import json

import pytest

from producers.apache_log import LineParser
from producers.errors import ConfigError

COMBINED = (
    rb'203.0.113.7 - j\xc3\xb6rg [22/Nov/2026:08:00:01 +0800] "GET /a?b=\"x HTTP/1.1" 200 - "-" "Mozilla/5.0 (X11)"'
)


@pytest.mark.parametrize(
    ("log_format", "line", "fields"),
    [
        pytest.param(None, COMBINED + b"\n", {
            "remote_host": "203.0.113.7", "remote_logname": None, "remote_user": "jörg", "request_line": 'GET /a?b="x HTTP/1.1',
            "final_status": 200, "bytes_sent": None, "referer": None, "user_agent": "Mozilla/5.0 (X11)",
            "request_time": "2026-11-22T00:00:01.000Z", "method": "GET", "path": '/a?b="x', "protocol": "HTTP/1.1",
        }, id="combined"),
        pytest.param(None, b'example.com:443 ::1 - - [22/Nov/2026:00:00:00 +0000] "-" 408 0 "-" "-"\r\n', {
            "virtual_host": "example.com", "server_port": 443, "remote_host": "::1", "remote_logname": None,
            "remote_user": None, "request_line": None, "final_status": 408, "bytes_out": 0, "referer": None,
            "user_agent": None, "request_time": "2026-11-22T00:00:00.000Z",
        }, id="vhost-combined-and-no-request"),
        pytest.param('%h %D %{X-Id}i %{Set-Cookie}o %{u}t'.replace("%{u}t", "%{sec}t"), b"::1 17 a b 1795305600", {
            "remote_host": "::1", "request_duration_microseconds": 17, "x_id": "a", "headers_out_set_cookie": "b",
            "request_time": "2026-11-22T00:00:00.000Z",
        }, id="custom"),
        pytest.param("common", b"\xff nonsense\n", {"unparsed": "\\xff nonsense"}, id="unparsed-line-is-kept"),
        pytest.param(None, b"\n", {"unparsed": ""}, id="empty-line-is-kept"),
    ],
)  # fmt: skip
def test_line_becomes_one_json_object(log_format: str | None, line: bytes, fields: dict[str, object]) -> None:
    record = LineParser(log_format).to_json(line)
    assert record.endswith(b"\n")
    assert record.count(b"\n") == 1
    assert json.loads(record) == fields


@pytest.mark.parametrize("log_format", ["%h %Z", "%h %{x"], ids=["unknown-directive", "unclosed"])
def test_log_format_that_httpd_does_not_know_is_refused(log_format: str) -> None:
    with pytest.raises(
        ConfigError, match=r"log format '%h .*give common, combined, vhost_common, vhost_combined or a LogFormat"
    ):
        LineParser(log_format)
