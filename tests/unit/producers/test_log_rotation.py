from pathlib import Path

import pytest

from producers.log_rotation import carries_name


@pytest.mark.parametrize(
    ("name", "is_rotated"),
    [
        pytest.param("access.log.1", True, id="number"),
        pytest.param("access.log.12.gz", True, id="number-gzip"),
        pytest.param("access.log-20261122", True, id="date"),
        pytest.param("access.log-20261122-1300.zst", True, id="date-and-hour-zstd"),
        pytest.param("access.log.2026-11-22T13:00:00.bz2", True, id="iso-time-bz2"),
        pytest.param("access.log.1795305600", True, id="rotatelogs-epoch"),
        pytest.param("access-20261122.log", True, id="date-before-suffix"),
        pytest.param("access.1.log.gz", True, id="number-before-suffix"),
        pytest.param("access.log.old", True, id="old"),
        pytest.param("access.log", False, id="the-log-itself"),
        pytest.param("access-ssl.log", False, id="another-log"),
        pytest.param("access2.log", False, id="another-number"),
        pytest.param("access.log.offset", False, id="a-tools-file"),
        pytest.param("accessXlog.1", False, id="dot-is-a-dot"),
        pytest.param("error.log.1", False, id="another-name"),
    ],
)
def test_rotated_names_are_told_from_other_logs(name: str, is_rotated: bool) -> None:
    assert carries_name(name, Path("access.log")) is is_rotated
