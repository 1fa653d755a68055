"""Publishing: in order, stamped, and never more batches unfinished than the pace allows."""

import asyncio
from typing import Any

import pyarrow as pa
import pytest
from fakes import claim

from dolphin.cluster.wire import Batch
from dolphin.core.contract.batch import BatchInfo, info_of, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.market.batcher import record_batch
from dolphin.errors import BadInput
from dolphin.feeds.progress import Progress
from dolphin.feeds.publisher import LAST_WORD_S, Pace, Publisher


class Cluster:
    """The two maps, with every write kept, and jobs that finish when told to."""

    def __init__(self) -> None:
        self.puts: list[Batch] = []
        self.progress: dict[str, int] = {}
        self.reports: list[int] = []
        self._listener: Any = None

    async def set(self, key: str, value: Any) -> None:
        if isinstance(value, Batch):
            self.puts.append(value)
        else:
            self.reports.append(value)

    async def get_all(self, keys: list[str]) -> dict[str, int]:
        return {key: self.progress[key] for key in keys if key in self.progress}

    async def add_entry_listener(self, include_value: bool = False, *, added_func: Any = None, updated_func: Any = None) -> str:
        self._listener = updated_func
        return "registration"

    async def finish(self, part: str, time_ns: int) -> None:
        self._listener(type("Event", (), {"key": part, "value": time_ns}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def batch(number: int) -> pa.RecordBatch:
    time_ns = 100 * number
    rows = record_batch([("", Kind.TICK, None, time_ns, None, None, None, None, None, None, None, None, None, None, None, None)])
    return with_info(rows, BatchInfo("0", number, time_ns, run_id="r"))


async def opened(cluster: Cluster, pace: Pace) -> Publisher:
    publisher = Publisher(cluster, Progress(cluster), claim(), shard="0", pace=pace)
    await publisher.open()
    return publisher


async def test_batches_arrive_in_order_with_their_metadata_and_the_time_of_publication() -> None:
    cluster = Cluster()
    publisher = await opened(cluster, Pace())
    for number in (1, 2, 3):
        await publisher.publish(batch(number))
    assert [(put.key, put.time_ns) for put in cluster.puts] == [("0", 100), ("0", 200), ("0", 300)]
    info = info_of(cluster.puts[1].records())
    assert (info.shard, info.batch, info.market_time_ns, info.run_id) == ("0", 2, 200, "r")
    assert info.published_wall_ns > 0
    assert (publisher.batches, publisher.rows, publisher.market_time_ns) == (3, 3, 300)


async def test_the_window_bounds_the_batches_that_are_unfinished() -> None:
    cluster = Cluster()
    publisher = await opened(cluster, Pace(("a", "b"), window=2))
    await publisher.publish(batch(1))
    second = asyncio.create_task(publisher.publish(batch(2)))
    await cluster.finish("a", 100)
    assert len(cluster.puts) == 2
    assert not second.done(), "job b has not finished the first batch"
    await cluster.finish("b", 100)
    await second


async def test_lockstep_waits_for_the_jobs_and_then_for_the_agent() -> None:
    cluster = Cluster()
    publisher = await opened(cluster, Pace(("a",), window=1, with_agent=True))
    publishing = asyncio.create_task(publisher.publish(batch(1)))
    await asyncio.sleep(0)
    assert cluster.reports == [], "the agent is not asked to step before the jobs are done"
    await cluster.finish("a", 100)
    assert cluster.reports == [100]
    assert not publishing.done()
    await cluster.finish("agent", 100)
    await publishing


async def test_draining_waits_for_everything_and_says_how_far_the_feed_came() -> None:
    cluster = Cluster()
    publisher = await opened(cluster, Pace(("a",), window=64))
    await publisher.publish(batch(1))
    await publisher.publish(batch(2))
    draining = asyncio.create_task(publisher.drain(is_end=True))
    await cluster.finish("a", 100)
    assert not draining.done()
    await cluster.finish("a", 200)
    await draining
    assert cluster.reports == [200]


async def test_a_paced_replay_waits_at_its_end_for_the_last_word_of_its_jobs_but_not_for_one_that_stands_still() -> None:
    cluster = Cluster()
    publisher = await opened(cluster, Pace(("a",)))
    for number in (1, 2):
        await publisher.publish(batch(number))
    assert (publisher.behind(99), publisher.behind(100), publisher.behind(200)) == (2, 1, 0)
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    loop.call_later(3.0, cluster.progress.__setitem__, "a", 100)
    loop.call_later(6.0, cluster.progress.__setitem__, "a", 200)
    await publisher.drain(is_end=True)
    assert 6.0 <= loop.time() - started_s < 7.0
    await publisher.publish(batch(3))
    await publisher.drain(is_end=True)
    assert LAST_WORD_S <= loop.time() - started_s - 6.0 < LAST_WORD_S + 2.0
    await publisher.publish(batch(4))
    stopped_s = loop.time()
    await publisher.drain(is_end=False)
    assert loop.time() == stopped_s, "a feed that is stopped waits for nobody"
    assert cluster.reports == [200, 300, 400]


async def test_a_system_that_is_already_past_this_market_time_is_left_alone() -> None:
    cluster = Cluster()
    cluster.progress["a"] = 100
    publisher = await opened(cluster, Pace(("a",), window=1))
    with pytest.raises(BadInput, match="cannot go back"):
        await publisher.publish(batch(1))
    assert cluster.puts == []
