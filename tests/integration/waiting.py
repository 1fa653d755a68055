"""Waiting for what another process does, with a bound that only a hang reaches."""

import asyncio
from collections.abc import Awaitable, Callable

BOUND_S = 30.0
_POLL_S = 0.02


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Returns once `holds`; fails the test with `what` if it never does."""
    try:
        async with asyncio.timeout(BOUND_S):
            while not await holds():  # noqa: ASYNC110 - the other side is another process
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AssertionError(f"never came true: {what}") from None
