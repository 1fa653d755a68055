"""One feed a shard: a feed claims its shard in the cluster before it publishes, and keeps the claim by renewing it.

`DOLPHIN_FEEDS[shard]` names the feed that has the shard; the entry is put only where there is none, and the members let it go `LEASE_S`
after its last renewal, by their own clock, so a feed that was killed needs nobody to clean up after it. A feed of the same run takes the
shard over (that is how a supervisor restarts one); any other is refused. A feed that finds the shard taken from it ends before it publishes
again: a claim is looked at anew whenever its last renewal is so old that it may have run out, so a feed that was stopped for a while cannot
go on where another has begun. A member that has lost the entry with its memory gets it again with the next renewal.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec

from dolphin.cluster.writes import TROUBLE, write_once
from dolphin.core.contract.names import DOLPHIN_FEEDS
from dolphin.errors import Refused
from dolphin.host.tasks import beside

LEASE_S: Final = 10.0
RENEW_S: Final = 2.0
RELEASE_S: Final = 1.0
"""How long the end of a feed waits for its claim to be taken back; the lease does it as well."""


class FeedsMap(Protocol):
    """What is used of a Hazelcast map of texts."""

    async def get(self, key: str) -> str | None: ...
    async def set(self, key: str, value: str, ttl: float) -> None: ...
    async def put_if_absent(self, key: str, value: str, ttl: float) -> str | None: ...
    async def set_ttl(self, key: str, ttl: float) -> None: ...
    async def remove_if_same(self, key: str, value: str) -> bool: ...


class Claimant(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a shard, as it stands in the map."""

    run_id: str
    source: str
    since: str
    """UTC."""
    pid: int
    token: str
    """Tells two feeds of one run apart."""


class Claim:
    """A feed's claim on its shard."""

    def __init__(self, feeds: FeedsMap, *, shard: str, run_id: str, source: str) -> None:
        self._feeds = feeds
        self._shard = shard
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
        self._mine = Claimant(run_id=run_id, source=source, since=since, pid=os.getpid(), token=secrets.token_hex(8))
        self._value = msgspec.json.encode(self._mine).decode()
        self._renewed_at_s = 0.0

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The claim while the block runs; let go of at its end.

        Raises:
            Refused: another run's feed has the shard, or takes it while the block runs.
        """
        await write_once(self._take, self._is_mine)
        try:
            async with beside(self._keep()):
                yield
        finally:
            with suppress(*TROUBLE):
                async with asyncio.timeout(RELEASE_S):
                    await self._feeds.remove_if_same(self._shard, self._value)

    async def ensure(self) -> None:
        """Returns where nobody else can have the shard; asks the cluster only if the claim may have run out.

        Raises:
            Refused: another has it.
            DolphinError: the cluster does not answer.
        """
        if asyncio.get_running_loop().time() - self._renewed_at_s > LEASE_S / 2:
            await write_once(self._renew, self._is_mine)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            with suppress(*TROUBLE):  # an unreachable member takes no batches either
                await self._renew()

    async def _take(self) -> None:
        asked_at_s = asyncio.get_running_loop().time()
        holder = await self._feeds.put_if_absent(self._shard, self._value, LEASE_S)
        if holder is not None:
            if _read(holder).run_id != self._mine.run_id:
                raise self._refusal(_read(holder))
            await self._feeds.set(self._shard, self._value, LEASE_S)
        self._renewed_at_s = asked_at_s

    async def _renew(self) -> None:
        asked_at_s = asyncio.get_running_loop().time()
        holder = await self._feeds.get(self._shard)
        if holder is None:
            holder = await self._feeds.put_if_absent(self._shard, self._value, LEASE_S)
        elif holder == self._value:
            await self._feeds.set_ttl(self._shard, LEASE_S)
        if holder not in (None, self._value):
            raise self._refusal(_read(holder))
        self._renewed_at_s = asked_at_s

    async def _is_mine(self) -> bool:
        is_mine = await self._feeds.get(self._shard) == self._value
        if is_mine:
            self._renewed_at_s = asyncio.get_running_loop().time()
        return is_mine

    def _refusal(self, holder: Claimant) -> Refused:
        return Refused(
            f"this shard is being fed by run {holder.run_id} ({holder.source}, since {holder.since}, pid {holder.pid} of its host)",
            field=f"{DOLPHIN_FEEDS}[{self._shard}]",
            value=holder.run_id,
            remedy=f"Play into a system of its own (dolphin demo --recording PATH), or end that feed first: one that was killed lets go "
            f"within {LEASE_S:.0f} s.",
        )


def _read(value: str) -> Claimant:
    """A claim in the map; one that cannot be read is somebody's all the same."""
    try:
        return msgspec.json.decode(value, type=Claimant)
    except msgspec.DecodeError:
        return Claimant(run_id="unknown", source="unreadable claim", since="unknown", pid=0, token="")
