"""Which port a server takes when it is started again, and what is left of one that was not waited for."""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployment import processes
from deployment.servers import Server, free_port, start_server


def listening() -> socket.socket:
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.bind(("127.0.0.1", 0))
    held.listen()
    return held


def test_a_port_that_is_let_go_in_time_is_taken_again() -> None:
    with listening() as held:
        port = held.getsockname()[1]
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            held.close()

        assert free_port(port, sleep=sleep, monotonic=lambda: 0.0) == port
    assert len(waits) == 1


def test_a_port_that_another_program_keeps_is_left_to_it() -> None:
    with listening() as held:
        moment = iter([0.0, 0.5, 1.0])
        assert free_port(held.getsockname()[1], sleep=lambda _: None, monotonic=lambda: next(moment)) not in {
            0,
            held.getsockname()[1],
        }


def test_an_interrupt_while_a_server_starts_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def interrupted(_: float) -> None:
        started.extend(processes._STARTED)
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "_STARTED", {})
    never_ready = Server(
        "files", "a server of files", ("http.server", "--bind", "127.0.0.1", "{port}"), "/no-such-page"
    )
    with pytest.raises(KeyboardInterrupt):
        start_server(
            never_ready, python=sys.executable, folder=tmp_path, environment=dict(os.environ), log=tmp_path / "log", preferred_port=None,
            now=lambda: datetime.now(UTC), sleep=interrupted,
        )  # fmt: skip
    assert [processes.identity(pid) for pid in started] == [None]
