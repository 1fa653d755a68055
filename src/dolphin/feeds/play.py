"""The three ways a source is played: as fast as the cluster keeps up, by the wall clock, and live.

All three run the same frames through the same translator and batcher; they differ only in what the market clock is. Fast: the frames' own
receive times. Paced: receive times against the wall clock times the speed; every row and every TICK has the market time it has in the
fast replay. Live: a clock that starts at the wall clock and then never steps, whatever is done to the wall clock.

Paced and live go round one loop: take what is due, publish at most one batch, sleep if there was nothing. While a slow cluster takes a
batch, frames gather in the batcher. A replay then waits with its source, and drops nothing; a live feed coalesces, has a bound, and ends
past it. So a replay has the same rows at any speed, and with them the same grid points (TICKs) after the same rows: all that rules look at.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import TICK_NS, Translator
from dolphin.feeds.clock import LiveClock, PacedClock
from dolphin.feeds.progress import Progress
from dolphin.feeds.publisher import JOURNAL_BATCHES, Publisher
from dolphin.feeds.source import Frame, Lost
from dolphin.host.tasks import pause

TURN_FRAMES: Final = 1_024
"""Frames translated at a stretch before the event loop gets its turn."""

WALL_QUANTUM_S: Final = 0.002
"""Shortest sleep: frames closer together are played together."""

SHORTEST_SPAN_NS: Final = 5_000_000
LONGEST_SPAN_NS: Final = 100_000_000
LAG_DIVISOR: Final = 4
FOLLOW_S: Final = 0.1

MOST_BEHIND: Final = JOURNAL_BATCHES // 4
"""Batches that a job may be behind a paced replay before it waits. Leases end long before that; what is decided stays the same."""

REPLAY_WAITING_ROWS: Final = 8_192
"""Waiting rows from which a paced replay stops reading its source."""


@dataclass(slots=True)
class Feed:
    """One shard from frames to published batches."""

    translator: Translator
    batcher: Batcher
    publisher: Publisher
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set from outside to end the feed early."""
    lag_ns: int = 0
    """How far the feed is behind its clock, for reports."""
    is_held: bool = False
    """A replay waits: the machine is too slow for its speed, and its jobs would miss batches."""

    def take(self, frame: Frame) -> None:
        """Translate one frame and queue its rows."""
        self.batcher.add(self.translator.on_frame(frame.receive_ns, frame.raw, frame.event_shift_ns))

    async def publish_one(self, now_ns: int) -> bool:
        """Publish the first batch that is complete at `now_ns`; False where there is none."""
        batch = self.batcher.take(now_ns)
        if batch is not None:
            await self.publisher.publish(batch)
        return batch is not None

    async def finish(self, end_ns: int | None) -> None:
        """Publish the rest: with a last TICK where the source has ended at `end_ns`, without where it was stopped."""
        if end_ns is not None:
            self.batcher.add(self.translator.on_end(end_ns))
        while (batch := self.batcher.flush()) is not None:
            await self.publisher.publish(batch)
        await self.publisher.drain(is_end=end_ns is not None)

    def next_due_ns(self, latest_ns: int) -> int:
        """The market time of the next TICK or batch cut, at the latest `latest_ns`."""
        return min(time_ns for time_ns in (self.translator.next_tick_ns, self.batcher.due_ns, latest_ns) if time_ns is not None)


async def play_fast(feed: Feed, frames: Iterable[Frame]) -> None:
    """Play `frames` as fast as the publisher's flow control lets them through."""
    end_ns: int | None = None
    for count, frame in enumerate(frames, start=1):
        feed.take(frame)
        end_ns = max(end_ns or 0, frame.receive_ns)
        while await feed.publish_one(feed.translator.market_time_ns):
            pass
        if count % TURN_FRAMES == 0:
            await asyncio.sleep(0)
        if feed.stop.is_set():
            return await feed.finish(None)
    return await feed.finish(end_ns)


async def play_paced(feed: Feed, frames: Iterable[Frame], speed: float, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
    """Play `frames` at `speed` times the clock `monotonic_ns`."""
    source = iter(frames)
    frame = next(source, None)
    if frame is None:
        return
    clock = PacedClock(frame.receive_ns, speed, monotonic_ns)
    end_ns = frame.receive_ns
    while frame is not None and not feed.stop.is_set():
        if feed.is_held:
            await pause(FOLLOW_S, feed.stop)
            continue
        now_ns = clock.now_ns()
        taken = 0
        while frame is not None and frame.receive_ns <= now_ns and taken < TURN_FRAMES and feed.batcher.waiting_rows < REPLAY_WAITING_ROWS:
            feed.take(frame)
            end_ns = max(end_ns, frame.receive_ns)
            frame = next(source, None)
            taken += 1
        if frame is None:
            break
        is_behind = frame.receive_ns <= now_ns
        feed.lag_ns = max(0, now_ns - frame.receive_ns)
        if not is_behind:
            feed.batcher.add(feed.translator.on_time(now_ns))
        if await feed.publish_one(now_ns) or is_behind:
            await asyncio.sleep(0)
            continue
        seconds = clock.seconds_to(feed.next_due_ns(frame.receive_ns))
        await pause(max(WALL_QUANTUM_S, seconds), feed.stop)
    await feed.finish(None if feed.stop.is_set() else end_ns)


def span_ns(lag_ns: int, speed: float) -> int:
    """Market time in a batch of a paced or live feed whose jobs are `lag_ns` of market time behind it.

    A batch costs the jobs nearly the same whatever its size. So one is short (5 ms of wall time) while they keep up, and grows with their
    lag to at most 100 ms, where the cost of a row is a twentieth.
    """
    wall_ns = min(LONGEST_SPAN_NS, max(SHORTEST_SPAN_NS, int(lag_ns / speed) // LAG_DIVISOR))
    return max(1, int(wall_ns * speed))


async def follow_lag(feed: Feed, progress: Progress, jobs: tuple[str, ...], speed: float) -> None:
    """Keep the span of `feed`'s batches fitted to how far its slowest job is behind, until cancelled.

    A replay is held while a job that works is too far behind. One that stands still is not waited for: it was stopped, or died.
    """
    while True:
        await asyncio.sleep(FOLLOW_S)
        before = {job: progress.time_ns(job) for job in jobs}
        reached_ns = await progress.look(jobs)
        if reached_ns and feed.publisher.batches:
            feed.batcher.max_span_ns = span_ns(feed.publisher.market_time_ns - reached_ns, speed)
        moving = [progress.time_ns(job) for job in jobs if progress.time_ns(job) > before[job]]
        feed.is_held = bool(moving) and feed.publisher.behind(min(moving)) > MOST_BEHIND


async def play_live(feed: Feed, queue: asyncio.Queue[Frame | Lost], clock: LiveClock, want_snapshots: Callable[[list[str]], None]) -> None:
    """Play what arrives in `queue` until the feed is stopped, and say which order books want a snapshot.

    Raises:
        QueueFullError: the cluster is too slow for too long.
    """
    while not feed.stop.is_set():
        taken = 0
        while taken < TURN_FRAMES and not queue.empty():
            _take_live(feed, queue.get_nowait())
            taken += 1
        want_snapshots(feed.translator.assets_wanting_snapshot)
        now_ns = clock.now_ns()
        feed.lag_ns = now_ns - feed.translator.market_time_ns if taken else 0
        if queue.empty():  # no TICK overtakes a frame that was received before it
            feed.batcher.add(feed.translator.on_time(now_ns))
        if await feed.publish_one(now_ns) or not queue.empty():
            await asyncio.sleep(0)
            continue
        seconds = max(WALL_QUANTUM_S, (feed.next_due_ns(now_ns + TICK_NS) - now_ns) / 1e9)
        try:
            async with asyncio.timeout(seconds):
                _take_live(feed, await queue.get())
        except TimeoutError:
            pass
    await feed.finish(None)


def _take_live(feed: Feed, item: Frame | Lost) -> None:
    if isinstance(item, Frame):
        feed.take(item)
    else:
        feed.batcher.add(feed.translator.on_lost(item.receive_ns))
