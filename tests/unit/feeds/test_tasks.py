"""A background task ends when it is told to, even if it did not hear the first time."""

import asyncio

import pytest

from dolphin.feeds import tasks as module
from dolphin.feeds.tasks import end


async def stubborn(refusals: int) -> None:
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if refusals == 0:
                raise
            refusals -= 1


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)


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
