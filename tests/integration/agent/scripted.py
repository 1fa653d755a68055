"""A scripted cluster side: publishes what the jobs would, so that the agent can be tested alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pyarrow as pa
from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.wire import Batch
from dolphin.core.contract.batch import BatchInfo, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.packing import pack
from dolphin.core.control.command import Command, encode, to_map
from dolphin.core.control.params import LAW_HASH
from dolphin.core.control.posture import Posture
from dolphin.host.tasks import beside

ACCOUNT = "paper"
T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000


@dataclass
class Quote:
    """What the script says about one asset."""

    bid: float
    ask: float
    size: float = 50.0
    sigma_5s: float = 2e-4


def features(market_time_ns: int, quotes: dict[str, Quote], number: int, made_under: str = LAW_HASH) -> pa.RecordBatch:
    """A FEATURES batch with the columns that the agent reads."""
    count, assets = len(quotes), list(quotes)
    table = pa.record_batch(
        {
            "asset": pa.array(assets),
            "market_time_ns": pa.array([market_time_ns] * count, pa.int64()),
            "updated_at_ns": pa.array([market_time_ns] * count, pa.int64()),
            "bid": pa.array([quote.bid for quote in quotes.values()]),
            "ask": pa.array([quote.ask for quote in quotes.values()]),
            "bid_qty": pa.array([quote.size for quote in quotes.values()]),
            "ask_qty": pa.array([quote.size for quote in quotes.values()]),
            "sigma_5s": pa.array([quote.sigma_5s for quote in quotes.values()]),
            "last_kind": pa.array([int(Kind.BOOK)] * count, pa.uint8()),
            "last_exchange_id": pa.array([number] * count, pa.int64()),
        }
    )
    wall_ns = time.time_ns()
    return with_info(table, BatchInfo("0", number, market_time_ns, wall_ns, wall_ns, "scripted", made_under))


def ranking(market_time_ns: int, assets: list[str], plunge_depth: float = 6.0) -> pa.RecordBatch:
    """A RANKING batch, best first."""
    count = len(assets)
    table = pa.record_batch(
        {
            "rank": pa.array(range(1, count + 1), pa.int32()),
            "asset": pa.array(assets),
            "score": pa.array([float(count - n) for n in range(count)]),
            "plunge_depth": pa.array([plunge_depth] * count),
            "sigma_5s": pa.array([2e-4] * count),
            "market_time_ns": pa.array([market_time_ns] * count, pa.int64()),
        }
    )
    return with_info(table, BatchInfo("universe", 1, market_time_ns))


class Script:
    """Publishes to the topics in the order of the calls; market time is where the last `market` put it."""

    def __init__(self, client: HazelcastClient, quotes: dict[str, Quote], account: str = ACCOUNT) -> None:
        self._client = client
        self._account = account
        self._batches = 0
        self._seq = 0
        self._versions: dict[str, int] = {}
        self.quotes = quotes
        self.now_ns = T0

    async def market(self, advance_ns: int = 250 * MS, made_under: str = LAW_HASH) -> None:
        """A market batch `advance_ns` later, by a feed with that control law."""
        self.now_ns += advance_ns
        self._batches += 1
        await self._publish("market.0", Batch.of("0", self.now_ns, features(self.now_ns, self.quotes, self._batches, made_under)))

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Market batches four times a second meanwhile, so that only leases can run out and not the market's silence."""
        async with beside(self._beat()):
            yield

    async def _beat(self) -> None:
        while True:
            await self.market()
            await asyncio.sleep(0.25)

    async def rank(self, *assets: str, plunge_depth: float = 6.0) -> None:
        """A ranking, best first."""
        await self._publish("ranking", Batch.of("universe", self.now_ns, ranking(self.now_ns, list(assets), plunge_depth)))

    async def lever(
        self,
        asset: str = "",
        posture: Posture = Posture.APEX,
        cap_ppm: int = 2_000_000,
        lease_ns: int = 60 * SECOND,
        reason: str = "scripted",
    ) -> None:
        """A command for the account (`asset` "") or one asset."""
        self._seq += 1
        command = Command(
            account=self._account,
            asset=asset,
            epoch=1,
            seq=self._seq,
            posture=posture,
            cap_ppm=cap_ppm,
            r_total_ppm=1_000_000,
            factors_ppm=() if asset else (1_000_000,) * 5,
            passive_only=False,
            reasons=("scripted",),
            cause_ids=(f"{asset or 'AUSDT'}@bookTicker#{self._batches}",),
            issued_at_ns=self.now_ns,
            expires_at_ns=self.now_ns + lease_ns,
            from_cap_ppm=0,
        )
        await self.raw_leverage(encode(command))
        await self._keep(command)

    async def _keep(self, command: Command) -> None:
        """In `LEVERAGE`, with a revision as the map's database wants it."""
        version = self._versions[command.key] = self._versions.get(command.key, 0) + 1
        value = pack({**to_map(command), "version": version, "op": f"{version:032x}"})
        await (await self._client.get_map("LEVERAGE")).set(command.key, bytearray(value))

    async def entitle(self, posture: Posture = Posture.APEX, cap_ppm: int = 2_000_000, lease_ns: int = 60 * SECOND) -> None:
        """Commands for the account and for every asset."""
        await self.lever("", posture, cap_ppm, lease_ns)
        for asset in self.quotes:
            await self.lever(asset, posture, cap_ppm, lease_ns)

    async def raw_leverage(self, data: bytes) -> None:
        """Bytes on `leverage-changes`, whatever they are."""
        await self._publish("leverage-changes", bytearray(data))

    async def _publish(self, topic: str, message: object) -> None:
        await (await self._client.get_reliable_topic(topic)).publish(message)
