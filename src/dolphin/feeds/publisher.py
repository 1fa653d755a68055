"""Batches into the cluster, in order, one at a time.

`MARKET_EVENTS[shard] = Batch`: one map entry a shard, whose journal is the stream. A put is awaited before the next one starts, so a
retry cannot reorder batches; a batch's sequence number lets consumers see a repetition. The publisher also holds the flow control: `Pace`
says how many batches may be unfinished downstream.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from dolphin.cluster.wire import Batch
from dolphin.cluster.writes import write_once
from dolphin.core.contract.batch import info_of, with_info
from dolphin.core.contract.names import AGENT
from dolphin.core.contract.schemas import MARKET
from dolphin.errors import BadInput, DolphinError
from dolphin.feeds.claim import Claim
from dolphin.feeds.progress import Progress

FAST_WINDOW: Final = 4
"""Batches (of half a TICK) that a fast replay lets wait: the market must not run further ahead of the commands about it than half their
lease."""

JOURNAL_BATCHES: Final = 4_096
"""Batches that the cluster keeps for a job that is behind; one further behind misses some."""

LAST_WORD_S: Final = 5.0
"""Wall time without any progress after which the end of a paced replay waits no longer for its jobs."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The flow control of one feed."""

    jobs: tuple[str, ...] = ()
    """Jobs whose progress is waited for: within the window, at the end."""
    window: int | None = None
    """Most batches unfinished; None where the wall clock paces the feed instead."""
    with_agent: bool = False
    """In lockstep: after each batch the agent steps too."""


class Publisher:
    """One shard's way into the cluster."""

    def __init__(
        self, market_map: Any, progress: Progress, claim: Claim, *, shard: str, pace: Pace, on_batch: Callable[[], None] = lambda: None
    ) -> None:
        """`on_batch` is called when the cluster has taken a batch."""
        self._map = market_map
        self._claim = claim
        self._progress = progress
        self._shard = shard
        self._pace = pace
        self._on_batch = on_batch
        self._unfinished: deque[int] = deque(maxlen=JOURNAL_BATCHES)
        self.batches = 0
        self.rows = 0
        self.bytes = 0
        self.market_time_ns = 0
        """Market time of the last batch published."""

    async def open(self) -> None:
        """Start listening to progress, where it is waited for."""
        if self._pace.window is not None:
            parts = (*self._pace.jobs, AGENT) if self._pace.with_agent else self._pace.jobs
            await self._progress.open(parts)

    async def publish(self, batch: pa.RecordBatch) -> None:
        """Put `batch` into the journal and keep within the window.

        Raises:
            BadInput: the system has already seen later market time.
            DolphinError: the cluster does not take the batch, or a part downstream stalls.
            Refused: another feed has the shard.
        """
        info = info_of(batch)
        assert batch.schema.equals(MARKET)
        assert info.shard == self._shard
        assert info.market_time_ns > self.market_time_ns, "market time is strictly increasing in a shard"
        if self.batches == 0:
            self._refuse_the_past(info.market_time_ns)
        await self._claim.ensure()
        stamped = with_info(batch, replace(info, published_wall_ns=time.time_ns()))
        wired = Batch.of(self._shard, info.market_time_ns, stamped)
        await write_once(lambda: self._map.set(self._shard, wired), lambda: self._is_stored(wired))
        self.batches += 1
        self.rows += batch.num_rows
        self.bytes += len(wired.arrow)
        self.market_time_ns = info.market_time_ns
        self._on_batch()
        self._unfinished.append(info.market_time_ns)
        if self._pace.window is not None:
            while len(self._unfinished) >= self._pace.window:
                await self._finish(self._unfinished.popleft())

    def behind(self, time_ns: int) -> int:
        """How many of the batches published are later than `time_ns`, which a job has finished."""
        while self._unfinished and self._unfinished[0] <= time_ns:
            self._unfinished.popleft()
        return len(self._unfinished)

    async def drain(self, *, is_end: bool) -> None:
        """Wait until everything published is finished, where progress is waited for, and say how far the feed has come.

        `is_end`: the source has ended, and was not stopped.
        """
        if self._pace.window is None:
            self._unfinished.clear()
        if self._pace.window is None and is_end:
            with suppress(DolphinError):  # a job that stands still has ended a fast replay; this one does not depend on it
                await self._progress.wait(self._pace.jobs, self.market_time_ns, stall_limit_s=LAST_WORD_S)
        while self._unfinished:
            await self._finish(self._unfinished.popleft())
        if self.market_time_ns:
            await self._progress.report(self.market_time_ns)

    async def _finish(self, time_ns: int) -> None:
        await self._progress.wait(self._pace.jobs, time_ns)
        if self._pace.with_agent:
            await self._progress.report(time_ns)
            await self._progress.wait([AGENT], time_ns)

    async def _is_stored(self, batch: Batch) -> bool:
        # The feed is its shard's only writer (`claim`), so what is stored is this batch or an older one.
        stored = await self._map.get(self._shard)
        return stored is not None and stored.arrow == batch.arrow

    def _refuse_the_past(self, time_ns: int) -> None:
        for job in self._pace.jobs:
            reached_ns = self._progress.time_ns(job)
            if reached_ns >= time_ns:
                raise BadInput(
                    f"job {job} has already finished market time {reached_ns}",
                    field="market_time_ns",
                    value=time_ns,
                    remedy="Market time cannot go back: replay into a newly started system.",
                )
