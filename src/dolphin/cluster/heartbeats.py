"""Heartbeats into `SYSTEM_HEALTH` and back: a part beats as long as its loop turns and the cluster takes the beat."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.writes import TROUBLE
from dolphin.core.contract.names import SYSTEM_HEALTH
from dolphin.core.health.heartbeat import EVERY_S, Heartbeat, encode, of_parts

WRITE_LIMIT_S: Final = 2.0


class Condition(NamedTuple):
    """How a part is, asked at each beat."""

    market_time_ns: int
    detail: str = ""
    is_nominal: bool = True


async def beat(hazelcast: HazelcastClient, part: str, ask: Callable[[], Condition]) -> None:
    """Writes the heartbeat of `part` until cancelled. A beat that the cluster does not take is left out: silence is what it means."""
    health = await hazelcast.get_map(SYSTEM_HEALTH)
    last = Heartbeat.first(time.time_ns())
    while True:
        condition = ask()
        last = last.next(condition.market_time_ns, time.time_ns(), is_nominal=condition.is_nominal, detail=condition.detail)
        try:
            async with asyncio.timeout(WRITE_LIMIT_S):
                await health.set(part, bytearray(encode(last)))
        except (*TROUBLE, TimeoutError):
            pass
        await asyncio.sleep(EVERY_S)


async def read_heartbeats(hazelcast: HazelcastClient) -> dict[str, Heartbeat]:
    """The last heartbeat of each part. Hazelcast's errors where the cluster does not answer."""
    entries = await (await hazelcast.get_map(SYSTEM_HEALTH)).entry_set()
    return of_parts({str(key): value for key, value in entries})
