"""A background task ends when it is told to, even if it did not hear the first time."""

import asyncio

import pytest

from dolphin.host import tasks as module
from dolphin.host.tasks import beside, end


async def stubborn(refusals: int) -> None:
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if refusals == 0:
                raise
            refusals -= 1


@pytest.mark.parametrize("refusals", [0, 1, 3])
async def test_a_task_that_swallows_the_request_is_asked_again(refusals: int) -> None:
    task = asyncio.create_task(stubborn(refusals))
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()


async def test_tasks_that_have_ended_already_are_fine() -> None:
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end(task)
    await end()


async def test_a_task_that_never_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    task = asyncio.create_task(stubborn(4))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError, match="stubborn"):
        await end(task)
    monkeypatch.setattr(module, "ATTEMPTS", 20)
    await end(task)


async def test_work_beside_a_block_ends_with_it() -> None:
    ended = asyncio.Event()

    async def works() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async with beside(works()):
        await asyncio.sleep(0)
    assert ended.is_set()


async def test_work_that_fails_ends_its_block_at_once_with_its_own_error() -> None:
    async def fails() -> None:
        raise KeyError("BTCUSDT")

    with pytest.raises(KeyError, match="BTCUSDT"):
        async with beside(stubborn(0), fails()):
            await asyncio.sleep(3600)


async def test_the_error_of_a_block_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError, match="mine"):
        async with beside(stubborn(0)):
            raise KeyError("mine")


async def test_what_failed_on_the_way_out_is_heard_too() -> None:
    async def fails_when_told_to_end() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            raise ValueError("not flushed") from None

    with pytest.raises(ValueError, match="not flushed"):
        async with beside(fails_when_told_to_end()):
            await asyncio.sleep(0)


async def test_work_that_is_done_leaves_the_block_alone() -> None:
    async with beside(asyncio.sleep(0)):
        await asyncio.sleep(0.01)


async def test_who_is_cancelled_in_the_block_stays_cancelled() -> None:
    async def waits() -> None:
        async with beside(stubborn(1)):
            await asyncio.sleep(3600)

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
