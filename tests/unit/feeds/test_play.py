"""The three ways to play a source make the same rows; only the wall clock differs."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import frame_texts as texts
import pyarrow as pa
import pytest
from fakes import claim

from dolphin.core.contract.kinds import Kind
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import TICK_NS, Row, Translator
from dolphin.errors import DolphinError
from dolphin.feeds.clock import LiveClock
from dolphin.feeds.play import FOLLOW_S, MOST_BEHIND, REPLAY_WAITING_ROWS, Feed, follow_lag, play_fast, play_live, play_paced, span_ns
from dolphin.feeds.progress import Progress
from dolphin.feeds.publisher import Pace, Publisher
from dolphin.feeds.source import Frame, Lost
from dolphin.feeds.synthetic import Synthetic, generate
from dolphin.feeds.worker import passes
from dolphin.host.tasks import beside


class Cluster:
    """The market map: keeps the batches, and can be slow."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.batches: list[pa.RecordBatch] = []
        self._delay_s = delay_s

    async def set(self, _key: str, value: Any) -> None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        if not isinstance(value, int):
            self.batches.append(value.records())

    def rows(self) -> list[dict[str, Any]]:
        return [row for batch in self.batches for row in batch.to_pylist()]

    def kinds(self) -> list[list[Any]]:
        return [batch.to_pydict()["kind"] for batch in self.batches]

    def columns(self) -> list[list[Any]]:
        return [batch.to_pydict()["market_time_ns"] for batch in self.batches]


def loop_ns() -> int:
    """The loop's own clock, which jumps over every wait."""
    return round(asyncio.get_running_loop().time() * 1e9)


def feed_into(cluster: Cluster, *, span_ns: int = 100_000_000) -> Feed:
    publisher = Publisher(cluster, Progress(cluster), claim(), shard="0", pace=Pace())  # type: ignore[arg-type]
    return Feed(Translator(), Batcher(shard="0", max_span_ns=span_ns), publisher)


def tick_row(time_ns: int) -> Row:
    return ("", Kind.TICK, None, time_ns, None, None, None, None, None, None, None, None, None, None, None, None)


def market(minutes: float = 0.05) -> Iterator[Frame]:
    return generate(Synthetic(assets=2, minutes=minutes))


async def test_a_fast_replay_is_the_same_batch_for_batch() -> None:
    one, two = Cluster(), Cluster()
    await play_fast(feed_into(one), market())
    await play_fast(feed_into(two), market())
    assert one.columns() == two.columns()
    assert one.rows() == two.rows()
    assert len(one.batches) > 10


async def test_a_paced_replay_has_the_rows_and_market_times_of_the_fast_one() -> None:
    fast, paced = Cluster(), Cluster()
    await play_fast(feed_into(fast), market())
    await play_paced(feed_into(paced), market(), speed=1.0, monotonic_ns=loop_ns)
    assert paced.rows() == fast.rows()


async def test_the_last_row_is_a_tick_at_the_end_of_the_source() -> None:
    cluster = Cluster()
    frames = list(market())
    await play_fast(feed_into(cluster), frames)
    last = cluster.rows()[-1]
    assert last["kind"] == Kind.TICK
    assert last["market_time_ns"] >= frames[-1].receive_ns


async def test_a_stop_ends_a_replay_early_and_what_was_translated_is_published() -> None:
    for play in (lambda feed: play_fast(feed, market(5.0)), lambda feed: play_paced(feed, market(5.0), 1.0, loop_ns)):
        cluster = Cluster()
        feed = feed_into(cluster)
        asyncio.get_running_loop().call_later(0.3, feed.stop.set)
        await play(feed)
        assert feed.batcher.waiting_rows == 0
        assert len(cluster.rows()) == feed.translator.counters.rows > 0


async def test_an_empty_source_ends_at_once() -> None:
    cluster = Cluster()
    await play_fast(feed_into(cluster), [])
    await play_paced(feed_into(cluster), [], 1.0, loop_ns)
    assert cluster.batches == []


async def test_a_replay_too_fast_for_the_cluster_waits_with_its_source_and_keeps_every_row() -> None:
    start = 1_700_000_000_000_000_000
    count = 3 * REPLAY_WAITING_ROWS
    frames = [Frame(start + n, texts.trade(trade_id=n) if n % 2 else texts.book_ticker(update_id=n)) for n in range(count)]
    cluster = Cluster(delay_s=0.001)
    feed = feed_into(cluster)
    await play_paced(feed, frames, speed=1_000.0, monotonic_ns=loop_ns)
    rows = cluster.rows()
    assert sum(row["kind"] == Kind.TRADE for row in rows) == count // 2
    assert len(rows) == feed.translator.counters.rows == count + 1


@pytest.mark.parametrize("speed", [1.0, 16.0, 1_000.0])
async def test_a_replay_at_any_speed_says_tick_after_the_same_rows(speed: float) -> None:
    fast, paced = Cluster(), Cluster()
    await play_fast(feed_into(fast), market())
    await play_paced(feed_into(paced), market(), speed, loop_ns)
    assert paced.rows() == fast.rows()
    assert all(kinds.count(Kind.TICK) <= 1 and Kind.TICK not in kinds[:-1] for kinds in paced.kinds())


class Jobs:
    """The progress map, with one job that works and one that stands still."""

    def __init__(self) -> None:
        self.times_ns = {"works": 1, "stands": 1}

    async def get_all(self, keys: list[str]) -> dict[str, int]:
        return {key: self.times_ns[key] for key in keys}


async def test_a_replay_is_held_while_a_job_that_works_is_far_behind_and_not_for_one_that_stands_still() -> None:
    cluster, jobs = Cluster(), Jobs()
    feed = feed_into(cluster)
    for number in range(MOST_BEHIND + 10):
        feed.batcher.add(feed.translator.on_time(number) or [tick_row(10 + number)])
        assert await feed.publish_one(10 + number)
    async with beside(follow_lag(feed, Progress(jobs), ("works", "stands"), 16.0)):  # type: ignore[arg-type]
        await asyncio.sleep(2.5 * FOLLOW_S)
        assert not feed.is_held, "nothing moves"
        jobs.times_ns["works"] = 12
        await asyncio.sleep(FOLLOW_S)
        assert feed.is_held
        jobs.times_ns["works"] = 30
        await asyncio.sleep(FOLLOW_S)
        assert not feed.is_held


async def test_a_held_replay_waits_with_its_source() -> None:
    cluster = Cluster()
    feed = feed_into(cluster)
    feed.is_held = True
    asyncio.get_running_loop().call_later(5.0, setattr, feed, "is_held", False)
    started_s = asyncio.get_running_loop().time()
    await play_paced(feed, market(), 1_000.0, loop_ns)
    assert asyncio.get_running_loop().time() - started_s >= 4.9
    assert len(cluster.rows()) == feed.translator.counters.rows > 0


def test_batches_are_short_while_the_jobs_keep_up_and_grow_with_their_lag_up_to_a_bound() -> None:
    ms = 1_000_000
    assert [span_ns(lag * ms, 1.0) // ms for lag in (-50, 0, 20, 40, 200, 400, 60_000)] == [5, 5, 5, 10, 50, 100, 100]
    assert [span_ns(lag * ms, 10.0) // ms for lag in (0, 400, 60_000)] == [50, 100, 1_000], "market time passes ten times as fast"


async def test_a_recording_in_a_loop_goes_on_in_time_by_both_clocks() -> None:
    frames = [Frame(1_000, texts.trade(time_ms=1)), Frame(5_000, texts.trade(time_ms=2))]
    source = passes(lambda: iter(frames))
    taken = [next(source) for _ in range(5)]
    assert [frame.receive_ns for frame in taken] == [1_000, 5_000, 1_000_005_000, 1_000_009_000, 2_000_009_000]
    assert [frame.event_shift_ns for frame in taken] == [0, 0, 1_000_004_000, 1_000_004_000, 2_000_008_000]


async def test_a_loop_over_nothing_ends() -> None:
    assert list(passes(lambda: iter(()))) == []


async def live(items: list[Any], enough: Callable[[Cluster], bool]) -> tuple[Cluster, list[list[str]]]:
    """Play `items` live until there is `enough` in the cluster."""
    cluster = Cluster()
    feed = feed_into(cluster, span_ns=5_000_000)
    queue: asyncio.Queue[Any] = asyncio.Queue()
    for item in items:
        queue.put_nowait(item)
    wanted: list[list[str]] = []

    async def watch() -> None:
        while not enough(cluster):  # noqa: ASYNC110 - the cluster is a list
            await asyncio.sleep(0.01)
        feed.stop.set()

    async with beside(watch()):
        await play_live(feed, queue, LiveClock(loop_ns), wanted.append)
    return cluster, wanted


def has_rows(count: int) -> Callable[[Cluster], bool]:
    return lambda cluster: len(cluster.rows()) >= count


async def test_a_live_feed_ticks_by_itself_while_it_is_connected() -> None:
    cluster, _ = await live([Frame(LiveClock(loop_ns).now_ns(), texts.trade())], has_rows(3))
    assert [row["kind"] for row in cluster.rows()][:3] == [Kind.TRADE, Kind.TICK, Kind.TICK]


async def test_no_tick_of_a_live_feed_overtakes_a_frame_that_was_received_before_it() -> None:
    now_ns = LiveClock(loop_ns).now_ns()
    first_ns = now_ns - 10 * TICK_NS
    frames = [Frame(first_ns + n * TICK_NS // 1_000, texts.trade(trade_id=n)) for n in range(2_000)]
    cluster, _ = await live(list(frames), has_rows(2_000))
    received = {frame.receive_ns for frame in frames}
    assert received <= {row["market_time_ns"] for row in cluster.rows() if row["kind"] == Kind.TRADE}, "each at the time of its receipt"


async def test_a_live_feed_that_has_lost_its_connection_falls_silent() -> None:
    now_ns = LiveClock(loop_ns).now_ns()
    ends_at_ns = loop_ns() + 10 * TICK_NS
    cluster, _ = await live([Frame(now_ns, texts.trade()), Lost(now_ns + 1, "closed")], lambda _: loop_ns() > ends_at_ns)
    assert [row["kind"] for row in cluster.rows()] == [Kind.TRADE]


async def test_a_live_feed_asks_for_the_order_books_it_lacks() -> None:
    _, wanted = await live([Frame(LiveClock(loop_ns).now_ns(), texts.depth(1, 2, 0))], has_rows(1))
    assert ["BTCUSDT"] in wanted


async def test_a_live_source_that_gives_up_ends_the_feed_with_its_reason() -> None:
    async def gives_up() -> None:
        raise DolphinError("refused", remedy="x")

    with pytest.raises(DolphinError, match="refused"):
        async with beside(gives_up()):
            await live([], has_rows(1))
