"""The sensing half of the controller, scripted: demands as the job `survival` sends them, carried on as it carries them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Self

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.signals import to_posture
from dolphin.core.contract.packing import pack
from dolphin.core.units import ONE
from dolphin.host.tasks import beside

T0 = 1_700_000_000_000_000_000
STEP_NS = 250_000_000
EVERY_S = 0.05


class Controller:
    """Speaks for one account for the length of a block."""

    def __init__(self, hazelcast: HazelcastClient, account: str) -> None:
        self._hazelcast = hazelcast
        self._account = account
        self._speaking = AsyncExitStack()
        self.seq = 0
        self.broken: list[str] = []
        self.r_cmd_ppm = ONE

    async def __aenter__(self) -> Self:
        await self.speak()
        await self._speaking.enter_async_context(beside(self._go_on()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.fall_silent()

    async def fall_silent(self) -> None:
        """Says nothing more."""
        await self._speaking.aclose()

    async def speak(self) -> None:
        """One demand."""
        self.seq += 1
        now_ns = T0 + self.seq * STEP_NS
        demand = {
            "kind": "demand",
            "epoch": T0,
            "seq": self.seq,
            "time_ns": now_ns,
            "is_ready": True,
            "broken": self.broken,
            "r_cmd_ppm": self.r_cmd_ppm,
            "factors_ppm": [ONE, ONE, self.r_cmd_ppm, ONE, ONE],
            "passive_only": False,
            "reasons": ["scripted"],
            "cause_ids": ["AUSDT@depth#1"],
            "expires_at_ns": now_ns + 60_000_000_000,
        }
        await to_posture(self._hazelcast, self._account, pack(demand))

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.speak()
