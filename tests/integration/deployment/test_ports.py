"""Which port a server takes when it is started again."""

import socket

from deployment.servers import free_port


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
