"""The agent's reading of the topics: one task owns it, and what ends it is heard."""

import asyncio
from typing import Any

import pytest
from hazelcast.errors import HazelcastError
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.model.identifiers import TraderId
from nautilus_trader.test_kit.stubs.component import TestComponentStubs

from agent.data import DolphinDataClient
from dolphin.trading.alarm import Alarm

pytestmark = pytest.mark.integration


class Cluster:
    """Answers as Hazelcast's client does, until it is told to fail."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.may_answer = asyncio.Event()
        self.lifecycle_service = self

    def is_running(self) -> bool:
        return not isinstance(self.failure, HazelcastError)

    async def get_ringbuffer(self, name: str) -> "Cluster":
        return self

    async def get_map(self, name: str) -> "Cluster":
        return self

    async def tail_sequence(self) -> int:
        return -1

    async def get_all(self, keys: Any) -> dict[Any, Any]:
        return {}

    async def read_many(self, *_: int) -> Any:
        await self.may_answer.wait()
        assert self.failure is not None
        raise self.failure


class Entitlements:
    """Believes nothing."""

    is_damaged = False

    def restore(self, values: Any) -> None:
        list(values)


def client_of(cluster: Any, ended: asyncio.Event) -> DolphinDataClient:
    async def say(signal: bytes) -> None:
        raise AssertionError(signal)

    async def nothing_to_do() -> None:
        pass

    clock = LiveClock()
    return DolphinDataClient(
        asyncio.get_running_loop(),
        MessageBus(TraderId("TESTER-001"), clock),
        TestComponentStubs.cache(),
        clock,
        hazelcast=cluster,
        instruments={},
        leverage_keys=[],
        entitlements=Entitlements(),  # pyright: ignore[reportArgumentType]
        alarm=Alarm(say),
        is_lockstep=False,
        run_queues_empty=nothing_to_do,
        on_end=ended.set,
    )


@pytest.mark.parametrize("failure", [HazelcastError("the client has given up"), RuntimeError("a defect")])
async def test_a_reader_that_fails_ends_the_reading_and_is_heard_at_once(failure: Exception) -> None:
    cluster, ended = Cluster(), asyncio.Event()
    client = client_of(cluster, ended)
    await client._connect()  # pyright: ignore[reportPrivateUsage]
    client.start_reading()
    await asyncio.sleep(0.01)
    assert client.failed() is None
    cluster.failure = failure
    cluster.may_answer.set()
    async with asyncio.timeout(10):
        await ended.wait()
    assert client.failed() is failure
    await client.stop_reading()


async def test_a_client_that_is_stopped_has_not_failed() -> None:
    cluster, ended = Cluster(), asyncio.Event()
    client = client_of(cluster, ended)
    await client._connect()  # pyright: ignore[reportPrivateUsage]
    for is_reading in (False, True):
        if is_reading:
            client.start_reading()
        await client.stop_reading()
        assert client.failed() is None
    async with asyncio.timeout(10):
        await ended.wait()
