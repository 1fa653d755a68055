"""The order gate around the execution client, in a real Nautilus node with the sandbox venue: nothing a strategy does gets past it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.config import LiveExecEngineConfig, LiveRiskEngineConfig, LoggingConfig, TradingNodeConfig
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import ContingencyType, OrderSide, OrderStatus
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Quantity
from nautilus_trader.model.orders import Order
from nautilus_trader.trading.strategy import Strategy
from scripted import T0, Quote, features

from agent.execution import DolphinExecutionClient
from agent.instruments import VENUE_LEVERAGE, instrument_of, limits_of, quote_of
from dolphin.core.audit.trace import TraceEvent
from dolphin.core.control.command import Command, encode
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE
from dolphin.storage.ledger import SqliteLedger
from dolphin.trading.alarm import Alarm
from dolphin.trading.booking import Booking
from dolphin.trading.desk import Desk
from dolphin.trading.entitlement import Entitlements
from dolphin.trading.inbound import read_features
from dolphin.trading.journal import Journal
from dolphin.trading.telling import Telling

pytestmark = pytest.mark.integration

ASSET = "AUSDT"
HOUR = 3_600_000_000_000


@dataclass
class Rig:
    """A node with the execution client, and a strategy that sends whatever the test says."""

    desk: Desk
    client: DolphinExecutionClient
    strategy: Strategy
    settle: "Settle"
    seq: int = 0
    batches: int = 0

    async def entitle(self, posture: Posture, cap_ppm: int) -> None:
        for asset in ("", ASSET):
            self.seq += 1
            now_ns = self.desk.market.time_ns
            fields = ("scripted",), ("AUSDT@bookTicker#1",), now_ns, now_ns + HOUR, 0
            self.desk.entitlements.apply(encode(Command("paper", asset, 1, self.seq, posture, cap_ppm, ONE, (), False, *fields)))
        self.client.take_back()
        await self.settle()

    async def quote(self, bid: float, ask: float, size: float = 1_000.0) -> None:
        self.batches += 1
        market_ns = T0 + self.batches * 1_000_000
        batch = read_features(features(market_ns, {ASSET: Quote(bid, ask, size)}, self.batches))
        self.desk.take_features(batch)
        self.desk.entitlements.observe(market_ns, batch.last_cause)
        quote = quote_of(self.instrument, batch.touches[ASSET], market_ns)
        assert isinstance(quote, QuoteTick)
        self.client.on_data(quote)
        await self.settle()

    @property
    def instrument(self) -> CryptoPerpetual:
        return self.strategy.cache.instrument(instrument_of(ASSET).id)

    def market(self, side: OrderSide, qty: float, *, reduce_only: bool = False) -> Order:
        return self.strategy.order_factory.market(self.instrument.id, side, Quantity(qty, 3), reduce_only=reduce_only)

    def limit(self, side: OrderSide, qty: float, price: float, *, post_only: bool = True, reduce_only: bool = False) -> Order:
        return self.strategy.order_factory.limit(
            self.instrument.id, side, Quantity(qty, 3), self.instrument.make_price(price), post_only=post_only, reduce_only=reduce_only
        )

    async def send(self, order: Order) -> Order:
        self.strategy.submit_order(order)
        await self.settle()
        return order

    @property
    def held(self) -> float:
        return float(self.strategy.portfolio.net_position(self.instrument.id))


class Settle:
    """Waits until the node's queues are empty."""

    def __init__(self, node: TradingNode) -> None:
        self._node = node

    async def __call__(self) -> None:
        risk, execution = self._node.kernel.risk_engine, self._node.kernel.exec_engine
        idle = 0
        while idle < 3:
            await asyncio.sleep(0)
            busy = risk.cmd_qsize() + risk.evt_qsize() + execution.cmd_qsize() + execution.evt_qsize()
            idle = 0 if busy else idle + 1


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    loop = asyncio.get_running_loop()
    node = TradingNode(
        config=TradingNodeConfig(
            logging=LoggingConfig(log_level="ERROR", log_colors=False),
            risk_engine=LiveRiskEngineConfig(bypass=True),
            exec_engine=LiveExecEngineConfig(reconciliation=False, inflight_check_interval_ms=0),
            timeout_disconnection=0.5,
            timeout_post_stop=0.01,
        ),
        loop=loop,
    )
    kernel = node.kernel
    instrument = instrument_of(ASSET)
    kernel.cache.add_instrument(instrument)
    booking = Booking.open(tmp_path / "ledger.sqlite", account="paper", run_id="test", opening_deposit_micro=10_000 * ONE)
    events: list[TraceEvent] = []
    telling = Telling(booking.ledger, Journal(tmp_path / "agent.ndjson").write, events.append)
    desk = Desk(booking, telling, {ASSET: limits_of(ASSET)})
    desk.entitlements = Entitlements(
        "paper",
        [ASSET],
        speed=1.0,
        silence_limit_ns=HOUR,
        monotonic_ns=time.monotonic_ns,
        on_effects=desk.tell_effects,
    )
    desk.alarm = Alarm(_unheard)
    client = DolphinExecutionClient(
        loop,
        kernel.portfolio,
        kernel.msgbus,
        kernel.cache,
        kernel.clock,
        SandboxExecutionClientConfig(venue="BINANCE", starting_balances=["10000 USDT"], default_leverage=VENUE_LEVERAGE),
        desk,
        lambda event: ExecutionEngine.process(kernel.exec_engine, event),
    )
    kernel.exec_engine.register_client(client)
    strategy = Strategy()
    kernel.trader.add_strategy(strategy)
    node.build()
    running = loop.create_task(node.run_async())
    while not strategy.is_running:  # noqa: ASYNC110 - Nautilus offers nothing to wait for
        await asyncio.sleep(0.01)
    built = Rig(desk, client, strategy, Settle(node))
    await built.quote(99.9, 100.0)
    yield built
    await node.stop_async()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _unheard(signal: bytes) -> None:
    """No cluster here."""


async def test_an_order_that_cannot_be_booked_does_not_leave_and_ends_all_trading(rig: Rig, tmp_path: Path) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    await rig.send(rig.market(OrderSide.BUY, 1))
    SqliteLedger.open(tmp_path / "ledger.sqlite", account="paper", owner="a newer writer")
    order = await rig.send(rig.market(OrderSide.BUY, 1))
    assert order.status is OrderStatus.DENIED
    assert rig.held == 1
    assert rig.desk.entitlements.posture is Posture.HIBERNATE
    assert rig.desk.alarm.rung == 1


async def test_before_any_command_every_entry_is_denied(rig: Rig) -> None:
    order = await rig.send(rig.market(OrderSide.BUY, 1))
    assert order.status is OrderStatus.DENIED
    assert rig.held == 0


async def test_an_entry_above_the_cap_reaches_the_venue_clipped(rig: Rig) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    order = await rig.send(rig.market(OrderSide.BUY, 1_000))
    assert order.status is OrderStatus.FILLED
    assert float(order.quantity) == rig.held == 200


async def test_orders_sent_in_one_breath_share_one_cap(rig: Rig) -> None:
    """The venue's answers come later than the second order: the first must count already."""
    await rig.entitle(Posture.APEX, 2 * ONE)
    orders = [rig.market(OrderSide.BUY, 150) for _ in range(3)]
    for order in orders:
        rig.strategy.submit_order(order)
    await rig.settle()
    assert rig.held <= 200
    assert [order.status for order in orders] == [OrderStatus.FILLED, OrderStatus.FILLED, OrderStatus.DENIED]


async def test_a_reduce_only_order_never_flips_and_needs_no_cap(rig: Rig) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    await rig.send(rig.market(OrderSide.BUY, 1))
    await rig.entitle(Posture.HIBERNATE, 0)
    order = await rig.send(rig.market(OrderSide.SELL, 3, reduce_only=True))
    assert float(order.quantity) == 1
    assert rig.held == 0
    again = await rig.send(rig.market(OrderSide.SELL, 1, reduce_only=True))
    assert again.status is OrderStatus.DENIED


async def test_an_order_against_the_position_must_be_reduce_only(rig: Rig) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    await rig.send(rig.market(OrderSide.BUY, 1))
    assert (await rig.send(rig.market(OrderSide.SELL, 3))).status is OrderStatus.DENIED
    assert rig.held == 1


async def test_an_order_list_is_judged_order_by_order_and_a_contingent_one_denied(rig: Rig) -> None:
    await rig.entitle(Posture.STALKER, 2 * ONE)
    factory = rig.strategy.order_factory
    plain = factory.create_list([rig.market(OrderSide.BUY, 1), rig.limit(OrderSide.BUY, 1, 99.0)])
    rig.strategy.submit_order_list(plain)
    await rig.settle()
    assert [order.status for order in plain.orders] == [OrderStatus.DENIED, OrderStatus.ACCEPTED]

    price = rig.instrument.make_price
    bracket = factory.bracket(rig.instrument.id, OrderSide.BUY, Quantity(1, 3), sl_trigger_price=price(90), tp_price=price(110))
    assert any(order.contingency_type is not ContingencyType.NO_CONTINGENCY for order in bracket.orders)
    rig.strategy.submit_order_list(bracket)
    await rig.settle()
    assert {order.status for order in bracket.orders} == {OrderStatus.DENIED}


async def test_an_order_cannot_be_enlarged_past_the_gate(rig: Rig) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    order = await rig.send(rig.limit(OrderSide.BUY, 10, 99.0))
    rig.strategy.modify_order(order, quantity=Quantity(5_000, 3))
    await rig.settle()
    assert float(order.quantity) == 10
    rig.strategy.modify_order(order, quantity=Quantity(5, 3))
    await rig.settle()
    assert float(order.quantity) == 5
    assert rig.desk.exposure.working[order.client_order_id.value].remaining_e8 == 5 * 10**8


async def test_a_fall_takes_back_working_entries_without_the_strategy(rig: Rig) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    order = await rig.send(rig.limit(OrderSide.BUY, 10, 99.0))
    assert order.status is OrderStatus.ACCEPTED
    await rig.entitle(Posture.TURTLE, 0)
    assert order.status is OrderStatus.CANCELED
    assert not rig.desk.exposure.working


async def test_a_cap_below_what_working_entries_could_lead_to_takes_them_back(rig: Rig) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    order = await rig.send(rig.limit(OrderSide.BUY, 100, 99.0))
    await rig.entitle(Posture.APEX, ONE // 2)
    assert order.status is OrderStatus.CANCELED


async def test_what_a_market_order_leaves_over_is_over(rig: Rig) -> None:
    """The sandbox deals the size of the touch and says nothing of the rest: counted as working for ever it would block the cap."""
    await rig.entitle(Posture.APEX, 2 * ONE)
    await rig.quote(99.9, 100.0, size=5.0)
    order = await rig.send(rig.market(OrderSide.BUY, 50))
    assert rig.held == 5
    assert order.status is OrderStatus.CANCELED
    assert not rig.desk.exposure.working


async def test_the_ledger_and_the_gate_hold_what_the_venue_holds(rig: Rig, tmp_path: Path) -> None:
    await rig.entitle(Posture.APEX, 2 * ONE)
    await rig.send(rig.market(OrderSide.BUY, 20))
    await rig.send(rig.market(OrderSide.SELL, 7, reduce_only=True))
    assert rig.desk.exposure.positions == {ASSET: 13 * 10**8}
    assert rig.held == 13
    rig.desk.close("test")
    ledger = SqliteLedger.open(tmp_path / "ledger.sqlite", account="paper", owner="reader")
    assert ledger.positions[ASSET].qty_e8 == 13 * 10**8
    assert not ledger.open_orders()
    ledger.close()
