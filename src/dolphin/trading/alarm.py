"""Broken invariants that this process finds, told to the governor, whose latch outlives the process.

What follows here (HIBERNATE, nothing leaves) has happened before the alarm rings and does not depend on it. `ring` only leaves word, so
it never holds up the order gate. `run` says `broken` on `POSTURE` until the governor has answered or `MAX_ATTEMPTS` are used up; whoever
wants to believe commands again waits for `settled` first, so that the cap that follows from the latch is in force before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from dolphin.core.contract.names import AGENT
from dolphin.core.contract.packing import pack
from dolphin.core.control.manual_cut import MAX_TEXT

SOURCE: Final = AGENT
MAX_PENDING: Final = 8
"""Breaches that wait to be told; the latch is one, so more say nothing new."""
MAX_ATTEMPTS: Final = 10
PAUSE_S: Final = 0.5
"""Between two attempts, each of which has its own bounds (`dolphin.cluster.calls`)."""


class Alarm:
    """Tells breaches. `say` sends one signal to the governor of the account and returns when it was answered."""

    def __init__(self, say: Callable[[bytes], Awaitable[object]], *, pause_s: float = PAUSE_S) -> None:
        self._say = say
        self._pause_s = pause_s
        self._pending: asyncio.Queue[bytes] = asyncio.Queue(MAX_PENDING)
        self.rung = 0
        """Breaches found."""
        self.told = 0
        """Breaches the governor has answered for."""
        self.is_unheard = False
        """A breach could not be told: nothing may be believed any more."""

    def ring(self, reason: str, cause_id: str) -> None:
        """Has the breach told; returns at once."""
        self.rung += 1
        signal = {"kind": "broken", "source": SOURCE, "reason": _short(reason), "cause_id": cause_id}
        with suppress(asyncio.QueueFull):
            self._pending.put_nowait(pack(signal))

    async def run(self) -> None:
        """Tells what has been rung, one after the other, until cancelled."""
        while True:
            await self._tell(await self._pending.get())
            self._pending.task_done()

    async def settled(self) -> bool:
        """Waits until nothing is left to tell; whether everything was heard. To stop waiting does not stop the telling."""
        await self._pending.join()
        return not self.is_unheard

    async def _tell(self, signal: bytes) -> None:
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._pause_s)
            try:
                await self._say(signal)
            except Exception:  # the cluster's errors are many, and none of them may end the alarm
                continue
            self.told += 1
            return
        self.is_unheard = True


def _short(reason: str) -> str:
    """What the rule would otherwise drop for its length."""
    units = reason.encode("utf-16-le", "surrogatepass")[: 2 * (MAX_TEXT - len(SOURCE) - 2)]
    return units.decode("utf-16-le", "ignore")
