"""Messages that cannot be read change nothing but a counter."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dolphin.cluster.wire import Batch
from dolphin.core.audit.trace import TraceEvent
from dolphin.core.contract.batch import BatchInfo, with_info
from dolphin.core.contract.names import LEVERAGE_CHANGES as LEVERAGE
from dolphin.core.contract.names import RANKING_TOPIC as RANKING
from dolphin.core.contract.packing import unpack
from dolphin.core.control.params import LAW_HASH
from dolphin.core.units import ONE
from dolphin.host.tasks import beside
from dolphin.trading.alarm import Alarm
from dolphin.trading.booking import Booking
from dolphin.trading.desk import Desk
from dolphin.trading.entitlement import Entitlements
from dolphin.trading.inbox import MARKET, Inbox
from dolphin.trading.journal import Journal
from dolphin.trading.latency import Latencies
from dolphin.trading.telling import Telling


class Delivered:
    """Stands where the quotes go."""

    count = 0

    def __call__(self, *_: Any) -> None:
        self.count += 1


def features_table() -> pa.RecordBatch:
    return pa.record_batch(
        {"asset": pa.array(["A"])}
        | {name: pa.array([1.0]) for name in ("bid", "ask", "bid_qty", "ask_qty", "sigma_5s")}
        | {name: pa.array([1]) for name in ("updated_at_ns", "last_kind", "last_exchange_id")}
    )


def stream_without_a_batch() -> bytes:
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, features_table().schema).close()
    return sink.getvalue().to_pybytes()


@pytest.fixture
async def inbox(tmp_path: Path) -> Inbox:
    booking = Booking.open(tmp_path / "ledger.sqlite", account="paper", run_id="test", opening_deposit_micro=ONE)
    events: list[TraceEvent] = []
    desk = Desk(booking, Telling(booking.ledger, Journal(tmp_path / "agent.ndjson").write, events.append), {})
    desk.alarm = Alarm(told_to([]))
    desk.entitlements = Entitlements(
        "paper",
        ["A"],
        speed=1.0,
        silence_limit_ns=1,
        monotonic_ns=lambda: 0,
        on_effects=desk.tell_effects,
    )
    return Inbox(desk, Latencies(), Delivered())


@pytest.mark.parametrize("topic", [MARKET, RANKING])
@pytest.mark.parametrize("message", [None, "text", 7, bytearray(b"\x01"), {"arrow": b""}])
async def test_a_message_of_the_wrong_kind_is_counted_and_left_out(inbox: Inbox, topic: str, message: Any) -> None:
    inbox.receive(topic, message)
    assert inbox.unreadable == {topic: 1}
    assert inbox.received == {topic: 1}


@pytest.mark.parametrize("topic", [MARKET, RANKING])
@pytest.mark.parametrize("arrow", [b"", b"\xff\xff\xff\xff", b"no stream", stream_without_a_batch()])
async def test_bytes_that_hold_no_batch_are_counted_and_left_out(inbox: Inbox, topic: str, arrow: bytes) -> None:
    inbox.receive(topic, Batch("0", 5, arrow))
    assert inbox.unreadable == {topic: 1}


async def test_garbage_where_a_command_was_promised_is_damage(inbox: Inbox) -> None:
    for message in (None, "text", bytearray(b"\x01")):
        inbox.receive(LEVERAGE, message)
    assert inbox.received == {LEVERAGE: 3}
    assert inbox._desk.entitlements.ignored == {"damaged": 3}  # pyright: ignore[reportPrivateUsage]
    assert inbox._desk.entitlements.is_damaged  # pyright: ignore[reportPrivateUsage]


async def test_a_market_under_another_law_is_not_used_and_ends_the_trading(inbox: Inbox) -> None:
    desk, told = inbox._desk, []  # pyright: ignore[reportPrivateUsage]
    desk.alarm = Alarm(told_to(told))
    for number in (1, 2):
        inbox.receive(MARKET, Batch.of("0", 5, with_info(features_table(), BatchInfo("0", number, 5, law="0" * 16))))
    async with beside(desk.alarm.run()):
        await desk.alarm.settled()
    assert desk.market.time_ns == 0
    assert desk.fault is not None
    assert desk.fault.what == f"configuration hash {'0' * 16} in the market, {LAW_HASH} here"
    assert [unpack(signal)["reason"] for signal in told] == [f"two laws at work: {desk.fault.what}"]


def told_to(heard: list[bytes]) -> Callable[[bytes], Awaitable[object]]:
    async def say(signal: bytes) -> None:
        heard.append(signal)

    return say
