"""Calls that a thread makes for an event loop."""

import asyncio
import threading

import pytest

from local_firehose.commit_thread import CommitThread


def test_calls_are_made_in_order_by_one_thread_and_answered() -> None:
    made: list[tuple[int, int]] = []

    def call(number: int) -> int:
        made.append((number, threading.get_ident()))
        return number * 2

    async def run() -> list[int]:
        thread = CommitThread("test")
        answers = await asyncio.gather(*(thread.run(lambda number=number: call(number)) for number in range(50)))
        thread.close()
        return answers

    assert asyncio.run(run()) == [number * 2 for number in range(50)]
    assert [number for number, _ in made] == list(range(50))
    (ident,) = {ident for _, ident in made}
    assert ident != threading.get_ident()


def test_what_a_call_raises_is_raised_and_the_thread_goes_on() -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    async def run() -> str:
        thread = CommitThread("test")
        with pytest.raises(OSError, match="No space left"):
            await thread.run(full)
        answer = await thread.run(lambda: "after")
        thread.close()
        return answer

    assert asyncio.run(run()) == "after"


def test_a_call_is_made_though_nobody_waits_for_it_any_more() -> None:
    begin, made = threading.Event(), threading.Event()

    async def run() -> None:
        thread = CommitThread("test")
        waiting = asyncio.create_task(thread.run(lambda: (begin.wait(), made.set())))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        begin.set()
        thread.close()

    asyncio.run(run())
    assert made.is_set()


def test_a_call_that_outlives_its_event_loop_harms_nobody() -> None:
    begin, thread = threading.Event(), CommitThread("test")

    async def run() -> None:
        asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)
        await thread.run(begin.wait)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    begin.set()
    thread.close()


def test_a_thread_that_was_never_needed_or_has_ended_can_be_closed() -> None:
    thread = CommitThread("test")
    thread.close()
    assert asyncio.run(thread.run(lambda: 1)) == 1
    before = threading.active_count()
    thread.close()
    assert threading.active_count() == before - 1
    thread.close()
