"""A market published at a steady pace, with the entitlement to trade on it."""

import asyncio
import time
from typing import Final

import pyarrow as pa
from hazelcast.asyncio import HazelcastClient, ReliableTopic

from dolphin.cluster.wire import Batch
from dolphin.core.contract.batch import BatchInfo, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.control.command import Command, encode
from dolphin.core.control.params import LAW_HASH
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE

ACCOUNT: Final = "bench"
ASSETS: Final = tuple(f"A{number}USDT" for number in range(8))
PERIOD_NS: Final = 10_000_000
"""100 batches a second."""
WARM_UP_BATCHES: Final = 50
RANKED_EVERY: Final = 100
"""A new ranking each second: the agent changes its basket, which is several orders."""
LEASE_NS: Final = 3_600_000_000_000


async def publish_market(hazelcast: HazelcastClient, seconds: float) -> int:
    """Publishes for `seconds`; each batch is stamped with the wall time at which it was due. Returns how many there were."""
    market = await hazelcast.get_reliable_topic("market.0")
    count = WARM_UP_BATCHES + int(seconds * 1e9 / PERIOD_NS)
    start_ns = time.time_ns()
    for number in range(1, count + 1):
        due_ns = start_ns + number * PERIOD_NS
        await asyncio.sleep(max(0.0, (due_ns - time.time_ns()) / 1e9))
        await market.publish(Batch.of("0", due_ns, _features(due_ns, number, is_measured=number > WARM_UP_BATCHES)))
        if number == 2:
            await _entitle(await hazelcast.get_reliable_topic("leverage-changes"), due_ns)
        if number % RANKED_EVERY == 3:
            ranking = await hazelcast.get_reliable_topic("ranking")
            first = number // RANKED_EVERY % len(ASSETS)
            await ranking.publish(Batch.of("universe", due_ns, _ranking(due_ns, [*ASSETS[first:], *ASSETS[:first]])))
    return count


async def _entitle(topic: ReliableTopic, now_ns: int) -> None:
    for number, asset in enumerate(("", *ASSETS)):
        terms = (Posture.APEX, 2 * ONE, ONE, (ONE,) * 5, False, ("bench",), (), now_ns, now_ns + LEASE_NS, 0)
        await topic.publish(bytearray(encode(Command(ACCOUNT, asset, time.time_ns(), number, *terms))))


def _features(due_ns: int, number: int, *, is_measured: bool) -> pa.RecordBatch:
    count, drift = len(ASSETS), (number % 10) / 100
    table = pa.record_batch(
        {
            "asset": list(ASSETS),
            "bid": [99.9 + drift] * count,
            "ask": [100.1 + drift] * count,
            "bid_qty": [5_000.0] * count,
            "ask_qty": [5_000.0] * count,
            "sigma_5s": [2e-4] * count,
            "updated_at_ns": [due_ns] * count,
            "last_kind": pa.array([int(Kind.BOOK)] * count, pa.uint8()),
            "last_exchange_id": [number] * count,
        }
    )
    stamp_ns = due_ns if is_measured else 0
    return with_info(table, BatchInfo("0", number, due_ns, stamp_ns, stamp_ns, "bench", LAW_HASH))


def _ranking(now_ns: int, assets: list[str]) -> pa.RecordBatch:
    count = len(assets)
    table = pa.record_batch(
        {
            "rank": pa.array(range(1, count + 1), pa.int32()),
            "asset": assets,
            "score": [1.0 - rank / count for rank in range(count)],
            "plunge_depth": [0.0] * count,
            "sigma_5s": [2e-4] * count,
            "market_time_ns": [now_ns] * count,
        }
    )
    return with_info(table, BatchInfo("universe", 1, now_ns, law=LAW_HASH))
