"""Crash loops, told to the governor: a broken invariant, whose latch only a person releases.

What follows in the parts has happened before. Each is told until the governor has answered, however long its member is away; if that is
the part that was given up, nothing is granted by anybody, and the telling ends with the supervisor.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from dolphin.cluster.writes import TROUBLE
from dolphin.core.contract.packing import pack
from dolphin.errors import DolphinError

SOURCE: Final = "supervisor"
MAX_REASON: Final = 200
LIMIT_S: Final = 5.0
TELL_AGAIN_S: Final = 1.0


class Alarms:
    """`tell` sends one signal to the governor of the account and returns when it was answered."""

    def __init__(self, tell: Callable[[bytes], Awaitable[object]], say: Callable[[str], None], *, again_s: float = TELL_AGAIN_S) -> None:
        self._tell = tell
        self._say = say
        self._again_s = again_s
        self._owed: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    def owe(self, part: str, why: str) -> None:
        """Has it told; returns at once."""
        signal = {"kind": "broken", "source": SOURCE, "reason": f"{part}: {why}"[:MAX_REASON], "cause_id": ""}
        self._owed.put_nowait((part, pack(signal)))

    async def run(self) -> None:
        """Tells what is owed, one after the other, until cancelled."""
        while True:
            part, signal = await self._owed.get()
            is_first = True
            while (trouble := await self._try(signal)) is not None:
                if is_first:
                    self._say(f"the governor cannot be told yet that {part} is given up: {trouble!r}")
                is_first = False
                await asyncio.sleep(self._again_s)
            self._say(f"the governor knows that {part} is given up")

    async def _try(self, signal: bytes) -> Exception | None:
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._tell(signal)
        except (DolphinError, TimeoutError, *TROUBLE) as error:
            return error
        return None
