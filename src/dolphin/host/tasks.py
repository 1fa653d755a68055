"""Background work that somebody watches.

A task that fails while nobody waits for it is silent for ever: what it kept going simply stops. So work in the background belongs to a
block (`beside`): it ends with the block, and whatever ends it early ends the block. A failure that is expected is dealt with inside the
work.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

AGAIN_S: Final = 0.5
ATTEMPTS: Final = 20


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Runs `work` for the length of the block; work that returns has done its part.

    Raises:
        Exception: the first that ended `work` or the block, as it was raised, with what else failed behind it.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
            try:
                yield
            finally:
                await end(*tasks)
    except BaseExceptionGroup as failed:
        raise first(failed) from failed


def first[E: BaseException](group: BaseExceptionGroup[E]) -> E:
    """The first failure in `group`, however deep."""
    error = group.exceptions[0]
    return first(error) if isinstance(error, BaseExceptionGroup) else error


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel `tasks` and return when they have ended, whatever they ended with.

    A task group whose member fails in the moment it is cancelled can swallow the request (CPython before 3.13), so it is repeated.

    Raises:
        TimeoutError: a task has not ended after `ATTEMPTS` requests, which is a bug.
    """
    pending = set(tasks)
    for _ in range(ATTEMPTS):
        for task in pending:
            task.cancel()
        if pending:
            _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
        if not pending:
            return
    raise TimeoutError(f"tasks that do not end: {pending}")


async def pause(seconds: float, until: asyncio.Event) -> None:
    """Waits `seconds`, or until the event comes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
