"""Ending background tasks for certain."""

import asyncio
from typing import Any, Final

AGAIN_S: Final = 0.5
ATTEMPTS: Final = 20


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
