"""The execution client with the order gate around it: no order of any strategy reaches the venue past this.

New orders, order lists and modifications are decided by the desk; cancels pass. An order that is clipped gets its smaller quantity before
the venue sees it. The client hears every order event before any strategy does, so that the exposure and the ledger are right when a
strategy reacts; and it takes working orders back itself when the entitlement falls, whatever the strategies do.
"""

import asyncio
from collections.abc import Callable

from nautilus_trader.adapters.sandbox.config import SandboxExecutionClientConfig
from nautilus_trader.adapters.sandbox.execution import SandboxExecutionClient
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import CancelOrder, ModifyOrder, SubmitOrder, SubmitOrderList
from nautilus_trader.model.enums import ContingencyType, LiquiditySide, OrderSide, OrderType
from nautilus_trader.model.events import (
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUpdated,
)
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.orders import Order as NautilusOrder
from nautilus_trader.portfolio.base import PortfolioFacade

from agent.instruments import e8_of_price, e8_of_quantity, micro_of, quantity_of
from dolphin.core.ledger import Outcome
from dolphin.core.order_gate import Clip, Deny, Order, Style
from dolphin.trading.desk import Desk

EVENTS_TOPIC = "events.order.*"
BEFORE_STRATEGIES = 10
"""Subscription priority on the message bus; strategies have 0."""

_OUTCOMES = {OrderCanceled: Outcome.CANCELLED, OrderExpired: Outcome.EXPIRED, OrderRejected: Outcome.REJECTED}


class DolphinExecutionClient(SandboxExecutionClient):
    """The sandbox venue behind the order gate.

    `apply_event` hands an order event to the execution engine at once, past its queue: the quantity of a clipped order must have changed
    before the venue reads it.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        portfolio: PortfolioFacade,
        msgbus: MessageBus,
        cache: Cache,
        clock: LiveClock,
        config: SandboxExecutionClientConfig,
        desk: Desk,
        apply_event: Callable[[OrderEvent], None],
    ) -> None:
        super().__init__(loop, portfolio, msgbus, cache, clock, config)
        self._desk = desk
        self._apply_event = apply_event
        self._cancelling: set[str] = set()
        msgbus.subscribe(topic=EVENTS_TOPIC, handler=self._on_order_event, priority=BEFORE_STRATEGIES)

    def submit_order(self, command: SubmitOrder) -> None:
        if self._let_through(command.order):
            super().submit_order(command)

    def submit_order_list(self, command: SubmitOrderList) -> None:
        """Each order of the list by itself; a list whose orders depend on each other is denied, for a part of it is not what was meant."""
        orders = command.order_list.orders
        if any(order.contingency_type is not ContingencyType.NO_CONTINGENCY for order in orders):
            for order in orders:
                self._deny(order, "contingent orders are not supported by the order gate")
            return
        for order in orders:
            self.submit_order(
                SubmitOrder(
                    trader_id=command.trader_id,
                    strategy_id=command.strategy_id,
                    order=order,
                    command_id=UUID4(),
                    ts_init=command.ts_init,
                )
            )

    def modify_order(self, command: ModifyOrder) -> None:
        order = self._cache.order(command.client_order_id)
        wanted = None if order is None else _wanted(order, command)
        decision = None if wanted is None else self._desk.admit_replacement(wanted)
        if decision is None or isinstance(decision, Deny):
            self.generate_order_modify_rejected(
                strategy_id=command.strategy_id,
                instrument_id=command.instrument_id,
                client_order_id=command.client_order_id,
                venue_order_id=command.venue_order_id,
                reason="unknown order" if decision is None else decision.reason.value,
                ts_event=self._desk.now_ns,
            )
        else:
            super().modify_order(command)

    def take_back(self) -> None:
        """Cancels every working order that the present entitlement does not cover."""
        for order_id in self._desk.orders_to_cancel():
            order = self._cache.order(ClientOrderId(order_id))
            if order is None or order_id in self._cancelling:
                continue
            self._cancelling.add(order_id)
            self.cancel_order(
                CancelOrder(
                    trader_id=order.trader_id,
                    strategy_id=order.strategy_id,
                    instrument_id=order.instrument_id,
                    client_order_id=order.client_order_id,
                    venue_order_id=order.venue_order_id,
                    command_id=UUID4(),
                    ts_init=self._desk.now_ns,
                )
            )

    def _let_through(self, order: NautilusOrder) -> bool:
        decision = self._desk.admit(_wanted(order))
        if isinstance(decision, Deny):
            self._deny(order, decision.reason.value)
            return False
        if isinstance(decision, Clip):
            self._shrink(order, decision.qty_e8)
        return True

    def _deny(self, order: NautilusOrder, reason: str) -> None:
        self.generate_order_denied(
            strategy_id=order.strategy_id,
            instrument_id=order.instrument_id,
            client_order_id=order.client_order_id,
            reason=reason,
            ts_event=self._desk.now_ns,
        )

    def _shrink(self, order: NautilusOrder, qty_e8: int) -> None:
        instrument = self._cache.instrument(order.instrument_id)
        self._apply_event(
            OrderUpdated(
                trader_id=order.trader_id,
                strategy_id=order.strategy_id,
                instrument_id=order.instrument_id,
                client_order_id=order.client_order_id,
                venue_order_id=order.venue_order_id,
                account_id=self.account_id,
                quantity=quantity_of(instrument, qty_e8),
                price=order.price if order.has_price else None,
                trigger_price=None,
                event_id=UUID4(),
                ts_event=self._desk.now_ns,
                ts_init=self._desk.now_ns,
            )
        )

    def _end_market_order(self, client_order_id: ClientOrderId) -> None:
        """Cancels what a market order left over: the sandbox deals what the touch holds and then forgets the order without a word."""
        order = self._cache.order(client_order_id)
        if order is not None and order.order_type is OrderType.MARKET and not order.is_closed:
            self.generate_order_canceled(
                strategy_id=order.strategy_id,
                instrument_id=order.instrument_id,
                client_order_id=client_order_id,
                venue_order_id=order.venue_order_id,
                ts_event=self._desk.now_ns,
            )

    def _on_order_event(self, event: OrderEvent) -> None:
        order_id, asset = event.client_order_id.value, event.instrument_id.symbol.value
        if isinstance(event, OrderFilled):
            self._desk.filled(
                order_id,
                event.trade_id.value,
                asset=asset,
                sign=_sign(event.order_side),
                qty_e8=e8_of_quantity(event.last_qty),
                price_e8=e8_of_price(event.last_px),
                fee_micro=micro_of(event.commission),
                is_maker=event.liquidity_side is LiquiditySide.MAKER,
            )
            self._end_market_order(event.client_order_id)
        elif (outcome := _OUTCOMES.get(type(event))) is not None:
            self._cancelling.discard(order_id)
            self._desk.ended(order_id, asset, outcome, getattr(event, "reason", "") or "")


def _wanted(order: NautilusOrder, change: ModifyOrder | None = None) -> Order:
    """The order in the order gate's terms, with those of `change` if there is one; a type that it does not know has no style."""
    quantity = order.leaves_qty
    price = order.price if order.has_price else None
    if change is not None:
        if change.quantity is not None:
            quantity = change.quantity - order.filled_qty
        price = change.price or price
    return Order(
        order_id=order.client_order_id.value,
        asset=order.instrument_id.symbol.value,
        side=_sign(order.side),
        qty_e8=e8_of_quantity(quantity),
        style=_style(order),
        price_e8=None if price is None else e8_of_price(price),
        is_reduce_only=order.is_reduce_only,
    )


def _style(order: NautilusOrder) -> Style | None:
    if order.order_type is OrderType.MARKET:
        return Style.MARKET
    if order.order_type is OrderType.LIMIT:
        return Style.POST_ONLY if order.is_post_only else Style.LIMIT
    return None


def _sign(side: OrderSide) -> int:
    return 1 if side is OrderSide.BUY else -1
