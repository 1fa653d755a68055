"""RankedBasket: the ranked basket of `dolphin.core.placing.basket` as a Nautilus strategy.

It looks at its assets at every beat (one a market batch, after the batch's quotes) and at once when the entitlement changes, and turns the
rule's wishes into orders and cancels.
"""

import time
from typing import Final

from nautilus_trader.core.data import Data
from nautilus_trader.model.data import CustomData, DataType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderCanceled, OrderEvent, OrderFilled
from nautilus_trader.model.identifiers import ClientId, ClientOrderId
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.orders import Order as NautilusOrder
from nautilus_trader.trading.config import StrategyConfig
from nautilus_trader.trading.strategy import Strategy

from agent.instruments import limits_of, price_of, quantity_of
from dolphin.core.order_gate import Style, flatten
from dolphin.core.placing.basket import Basket, BasketView, ToCancel, ToSend
from dolphin.core.placing.choice import FLATTENED
from dolphin.core.placing.placer import Resting
from dolphin.trading.desk import Desk
from dolphin.trading.latency import ORDER_TO_FILL, Latencies

DATA_CLIENT: Final = ClientId("DOLPHIN")


class Beat(Data):
    """A market batch has been delivered in full."""

    def __init__(self, market_time_ns: int) -> None:
        super().__init__()
        self._market_time_ns = market_time_ns

    @property
    def ts_event(self) -> int:
        return self._market_time_ns

    @property
    def ts_init(self) -> int:
        return self._market_time_ns


BEAT: Final = DataType(Beat)


class RankedBasket(Strategy):
    """One strategy over all assets of the run."""

    def __init__(self, desk: Desk, instruments: dict[str, CryptoPerpetual], latencies: Latencies, order_epoch: int) -> None:
        super().__init__(StrategyConfig())
        self._desk = desk
        self._instruments = instruments
        self._basket = Basket({asset: limits_of(asset) for asset in instruments})
        self._latencies = latencies
        self._order_epoch = order_epoch
        self._orders_made = 0
        self._resting: dict[str, Resting] = {}
        self._sent_wall_ns: dict[str, int] = {}

    def on_start(self) -> None:
        for instrument in self._instruments.values():
            self.subscribe_quote_ticks(instrument.id)
        self.subscribe_data(BEAT, client_id=DATA_CLIENT)

    def on_data(self, data: Data) -> None:
        payload = data.data if isinstance(data, CustomData) else data
        if isinstance(payload, Beat):
            self.react()

    def react(self) -> None:
        """Has the rule look at the market, and does what it wishes."""
        desk, market = self._desk, self._desk.market
        view = BasketView(market.time_ns, market.touches, market.sigma_5s, market.ranking, desk.exposure, desk.equity_micro, desk.grant)
        for wish in self._basket.step(view, self._resting):
            if isinstance(wish, ToCancel):
                self._cancel(wish.order_id)
            else:
                self._send(wish)

    def flatten(self) -> None:
        """Sends reduce-only market orders for whatever no exit covers yet; the order gate allows them in HIBERNATE."""
        for asset, side, qty_e8 in flatten(self._desk.exposure):
            self._send(ToSend(asset, side, qty_e8, Style.MARKET, None, is_exit=True, choice=FLATTENED))

    def on_order_event(self, event: OrderEvent) -> None:
        order_id = event.client_order_id.value
        resting = self._resting.get(order_id)
        if resting is None:
            return
        if isinstance(event, OrderFilled):
            self._latencies.record(ORDER_TO_FILL, time.time_ns() - self._sent_wall_ns[order_id])
        order = self.cache.order(event.client_order_id)
        if order is not None and order.is_closed:  # it is not in the cache before the order gate has seen it
            del self._resting[order_id], self._sent_wall_ns[order_id]
            is_untouched = isinstance(event, OrderCanceled) and not order.filled_qty.raw
            if is_untouched and self._desk.grant(resting.asset).posture == "HIBERNATE":
                self.flatten()  # what the cancelled order covered is uncovered now, and no beat may come

    def _cancel(self, order_id: str) -> None:
        order = self.cache.order(ClientOrderId(order_id))
        if order is not None and order.is_open and not order.is_pending_cancel:
            self.cancel_order(order)

    def _send(self, wish: ToSend) -> None:
        instrument = self._instruments[wish.asset]
        quantity = quantity_of(instrument, wish.qty_e8)
        if not quantity.raw:
            return
        self._orders_made += 1
        order_id = f"D-{self._order_epoch}-{self._orders_made}"
        self._resting[order_id] = Resting(wish.asset, wish.is_exit, wish.style, wish.price_e8, self._desk.market.time_ns)
        self._sent_wall_ns[order_id] = time.time_ns()
        self.submit_order(self._order(order_id, instrument, wish, quantity))
        self._desk.tell_choice(order_id, wish.asset, wish.choice)

    def _order(self, order_id: str, instrument: CryptoPerpetual, wish: ToSend, quantity: object) -> NautilusOrder:
        terms = {
            "instrument_id": instrument.id,
            "order_side": OrderSide.BUY if wish.side > 0 else OrderSide.SELL,
            "quantity": quantity,
            "reduce_only": wish.is_exit,
            "client_order_id": ClientOrderId(order_id),
        }
        if wish.price_e8 is None:
            return self.order_factory.market(**terms)
        return self.order_factory.limit(**terms, price=price_of(instrument, wish.price_e8), post_only=wish.style is Style.POST_ONLY)
