"""Writing to a cluster that may be unreachable for a moment.

A write whose answer is lost may have happened or not. Before it is tried again its effect is looked for, so that it happens once; all
tries together are bounded by `WRITE_LIMIT_S`. While a feed tries it publishes nothing, and that silence makes its consumers fail safe.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from hazelcast.errors import HazelcastError

from dolphin.errors import DolphinError

TROUBLE: Final = (HazelcastError, OSError)
"""What the client raises when the member does not answer."""

WRITE_LIMIT_S: Final = 10.0
RETRY_S: Final = 0.25


async def write_once(write: Callable[[], Awaitable[object]], has_happened: Callable[[], Awaitable[bool]]) -> None:
    """Do `write`; after trouble do it again unless it `has_happened`.

    Raises:
        DolphinError: it could not be done within `WRITE_LIMIT_S`.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + WRITE_LIMIT_S
    while True:
        try:
            await write()
            return
        except TROUBLE as error:
            if loop.time() >= ends_at:
                raise DolphinError(
                    f"the cluster has not taken a write for {WRITE_LIMIT_S:.0f} s ({type(error).__name__})",
                    remedy="Is the member running? Look at its log.",
                ) from error
        await asyncio.sleep(RETRY_S)
        try:
            if await has_happened():
                return
        except TROUBLE:
            continue
