"""A part that is given up is told to the governor, at once or when there is one again; and nothing waits for that."""

import asyncio
from typing import Any

from dolphin.core.contract.packing import unpack
from dolphin.errors import DolphinError
from dolphin.host.tasks import beside
from dolphin.run.alarms import MAX_REASON, Alarms


class Governor:
    """Answers once it is there."""

    def __init__(self) -> None:
        self.is_there = asyncio.Event()
        self.attempts = 0
        self.heard: list[Any] = []
        self.said: list[str] = []

    async def tell(self, signal: bytes) -> None:
        self.attempts += 1
        if not self.is_there.is_set():
            raise DolphinError("away", remedy="")
        self.heard.append(unpack(signal))


async def until(holds: Any) -> None:
    async with asyncio.timeout(60.0):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)


async def test_every_part_is_told_of_however_long_the_governor_is_away_and_the_log_says_so_once() -> None:
    governor = Governor()
    alarms = Alarms(governor.tell, governor.said.append, again_s=0.001)
    alarms.owe("member", "x" * 1000)
    alarms.owe("agent", "6 failures")
    async with beside(alarms.run()):
        await until(lambda: governor.attempts > 20)
        assert len(governor.said) == 1
        governor.is_there.set()
        await until(lambda: len(governor.heard) == 2)
    first, second = governor.heard
    assert first["reason"] == ("member: " + "x" * 1000)[:MAX_REASON]
    assert second == {"kind": "broken", "source": "supervisor", "reason": "agent: 6 failures", "cause_id": ""}
    assert len(governor.said) == 3
