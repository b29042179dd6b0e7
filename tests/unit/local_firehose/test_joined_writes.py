"""Head and body of an answer in one write."""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

import pytest

from local_firehose.joined_writes import JoinedWrites


class Transport:
    def __init__(self) -> None:
        self.calls: list[list[bytes] | str] = []

    def write(self, data: bytes) -> None:
        self.calls.append([data])

    def writelines(self, pieces: Iterable[bytes]) -> None:
        self.calls.append(list(pieces))

    def is_closing(self) -> bool:
        return "close" in self.calls

    def close(self) -> None:
        self.calls.append("close")

    def get_extra_info(self, name: str) -> str:
        return f"info {name}"


def two(joined: JoinedWrites, _: Transport) -> None:
    joined.write(b"head")
    joined.write(b"body")


def one(joined: JoinedWrites, _: Transport) -> None:
    joined.write(b"all")


def three(joined: JoinedWrites, _: Transport) -> None:
    for data in (b"1", b"2", b"3"):
        joined.write(data)


def then_closed(joined: JoinedWrites, _: Transport) -> None:
    joined.write(b"bye")
    joined.close()


def lost(joined: JoinedWrites, transport: Transport) -> None:
    joined.write(b"too late")
    transport.close()


@pytest.mark.parametrize(
    ("act", "calls"),
    [
        (two, [[b"head", b"body"]]),
        (one, [[b"all"]]),
        (three, [[b"1", b"2"], [b"3"]]),
        (then_closed, [[b"bye"], "close"]),
        (lost, ["close"]),
    ],
)
def test_writes_that_follow_each_other_are_one(act: Callable[[JoinedWrites, Transport], None], calls: list) -> None:
    transport = Transport()

    async def run() -> None:
        act(JoinedWrites(cast("asyncio.Transport", transport), asyncio.get_running_loop()), transport)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert transport.calls == calls


def test_all_else_is_the_transports_own() -> None:
    async def run() -> str:
        joined = JoinedWrites(cast("asyncio.Transport", Transport()), asyncio.get_running_loop())
        return str(joined.get_extra_info("peername"))

    assert asyncio.run(run()) == "info peername"
