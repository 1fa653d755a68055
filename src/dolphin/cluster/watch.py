"""Looking at a cluster again and again, each time bounded: the heartbeats in it and its jobs."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.client import open_client
from dolphin.cluster.heartbeats import read_heartbeats
from dolphin.cluster.jobs import Jobs, JobState
from dolphin.cluster.writes import TROUBLE
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.errors import DolphinError

OPEN_LIMIT_S: Final = 2.0
LOOK_LIMIT_S: Final = 1.0


class Sighting(NamedTuple):
    """What the cluster says at one moment."""

    beats: Mapping[str, Heartbeat]
    """By part."""
    jobs: Mapping[str, JobState]
    """The latest job of each name."""


class ClusterWatch:
    """A client that is opened when it is needed, and again when it was lost."""

    def __init__(self, cluster_name: str, *, name: str) -> None:
        self._cluster_name = cluster_name
        self._name = name
        self.address = ""
        """Where a member answers, HOST:PORT; "" while that is not known."""
        self.hazelcast: HazelcastClient | None = None
        self.furthest: Heartbeat | None = None
        """The one furthest in market time of all that were ever seen; it outlives the member."""

    async def see(self) -> Sighting | None:
        """What there is now; None where no member answers in time."""
        try:
            hazelcast = await self._open()
            async with asyncio.timeout(LOOK_LIMIT_S):
                beats = await read_heartbeats(hazelcast)
                jobs = {job["name"]: job for job in await Jobs(hazelcast).list()}
        except (*TROUBLE, TimeoutError, DolphinError):
            return None
        self._note(beats)
        return Sighting(beats, jobs)

    def _note(self, beats: Mapping[str, Heartbeat]) -> None:
        known = [*beats.values(), *([] if self.furthest is None else [self.furthest])]
        self.furthest = max((beat for beat in known if beat.market_time_ns), key=lambda beat: beat.market_time_ns, default=None)

    async def close(self) -> None:
        """Lets the client go, for a bounded time."""
        hazelcast, self.hazelcast = self.hazelcast, None
        if hazelcast is not None:
            with suppress(*TROUBLE, TimeoutError):
                async with asyncio.timeout(LOOK_LIMIT_S):
                    await hazelcast.shutdown()

    async def _open(self) -> HazelcastClient:
        """Raises DolphinError or TimeoutError where nobody answers."""
        if self.hazelcast is not None and not self.hazelcast.lifecycle_service.is_running():
            await self.close()
        if self.hazelcast is None:
            if not self.address:
                raise DolphinError("no member is known", remedy="Wait for it.")
            async with asyncio.timeout(OPEN_LIMIT_S):
                self.hazelcast = await open_client(self.address, self._cluster_name, name=self._name)
        return self.hazelcast
