"""RankedBasket: long the best-ranked assets, as large as the entitlement and the sizer allow, and out when either says so.

It looks at its assets at every beat (one a market batch, after the batch's quotes) and at once when the entitlement changes. What it wants
is a target position per asset; the difference to what is held becomes an order: entries at the touch, post-only in STALKER and marketable
in APEX; exits reduce-only, passive in TURTLE, at any price in HIBERNATE. It decides what is wanted; what is allowed, the gate.
"""

import itertools
import time
from dataclasses import dataclass
from typing import Final

from nautilus_trader.common.config import PositiveInt
from nautilus_trader.core.data import Data
from nautilus_trader.model.data import CustomData, DataType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderCanceled, OrderEvent, OrderFilled
from nautilus_trader.model.identifiers import ClientId, ClientOrderId
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.orders import Order as NautilusOrder
from nautilus_trader.trading.config import StrategyConfig
from nautilus_trader.trading.strategy import Strategy

from agent import instruments as venue
from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import ONE, Style, flatten, notional_micro
from dolphin.core.placing import AlphaBetSizer
from dolphin.core.units import qty_within_e8
from dolphin.trading.desk import Desk
from dolphin.trading.inbound import Ranked, Touch
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


class RankedBasketConfig(StrategyConfig, frozen=True, kw_only=True):
    """How the basket is run."""

    basket_size: PositiveInt = 2
    """Assets held at once; each gets an equal share of the account's cap."""
    band_ppm: PositiveInt = 200_000
    """A position within this share of its target is left alone."""
    requote_after_ns: PositiveInt = 2_000_000_000
    """Market time that a resting order gets before it may follow the touch."""
    retry_after_ns: PositiveInt = 1_000_000_000
    """Market time between two attempts on one asset."""


@dataclass(frozen=True, slots=True)
class Working:
    """An order of ours that is under way."""

    asset: str
    is_exit: bool
    style: Style
    price_e8: int | None
    placed_at_ns: int
    sent_wall_ns: int


class RankedBasket(Strategy):
    """One strategy over all assets of the run."""

    def __init__(
        self, config: RankedBasketConfig, desk: Desk, instruments: dict[str, CryptoPerpetual], latencies: Latencies, order_epoch: int
    ) -> None:
        super().__init__(config)
        self._desk = desk
        self._instruments = instruments
        self._limits = {asset: venue.limits_of(instrument) for asset, instrument in instruments.items()}
        self._latencies = latencies
        self._order_epoch = order_epoch
        self._orders_made = 0
        self._sizer = AlphaBetSizer()
        self._working: dict[str, Working] = {}
        self._next_try_ns: dict[tuple[str, bool], int] = {}
        """By asset and whether it is an exit: a failed entry must not hold up an exit."""

    def on_start(self) -> None:
        for instrument in self._instruments.values():
            self.subscribe_quote_ticks(instrument.id)
        self.subscribe_data(BEAT, client_id=DATA_CLIENT)

    def on_data(self, data: Data) -> None:
        payload = data.data if isinstance(data, CustomData) else data
        if isinstance(payload, Beat):
            self.react()

    def react(self) -> None:
        """Looks at every asset that is held, worked or ranked, in the order of names."""
        ranked = self._basket()
        assets = set(ranked) | set(self._desk.exposure.positions) | {w.asset for w in self._working.values()}
        for asset in sorted(assets):
            touch = self._desk.market.touches.get(asset)
            if touch is not None and asset in self._instruments:
                self._steer(asset, touch, ranked.get(asset))

    def flatten(self) -> None:
        """Sends reduce-only market orders for whatever no exit covers yet; the gate allows them in HIBERNATE."""
        for asset, side, qty_e8 in flatten(self._desk.exposure):
            self._send(asset, side, qty_e8, Style.MARKET, None, is_exit=True)

    def on_order_event(self, event: OrderEvent) -> None:
        order_id = event.client_order_id.value
        working = self._working.get(order_id)
        if working is None:
            return
        if isinstance(event, OrderFilled):
            self._latencies.record(ORDER_TO_FILL, time.time_ns() - working.sent_wall_ns)
        order = self.cache.order(event.client_order_id)
        if order is not None and order.is_closed:  # it is not in the cache before the gate has seen it
            del self._working[order_id]
            is_untouched = isinstance(event, OrderCanceled) and not order.filled_qty.raw
            if is_untouched and self._desk.grant(working.asset).posture == "HIBERNATE":
                self.flatten()  # what the cancelled order covered is uncovered now, and no beat may come

    def _basket(self) -> dict[str, Ranked]:
        """The best-ranked of the assets that may be held now."""
        ranking = self._desk.market.ranking
        rows = () if ranking is None else (row for row in ranking.rows if self._may_hold(row.asset))
        return {row.asset: row for row in itertools.islice(rows, self.config.basket_size)}

    def _may_hold(self, asset: str) -> bool:
        return asset in self._instruments and self._desk.grant(asset).asset_cap_ppm > 0

    def _steer(self, asset: str, touch: Touch, ranked: Ranked | None) -> None:
        """Brings `asset` nearer to its target, one order at a time."""
        grant = self._desk.grant(asset)
        mine = [(order_id, w) for order_id, w in self._working.items() if w.asset == asset]
        gap_e8 = self._gap_e8(asset, touch, ranked, grant)
        for order_id, working in mine:
            if self._is_outdated(working, gap_e8, touch, grant):
                self._cancel(order_id)
        attempt = (asset, gap_e8 < 0)
        if mine or gap_e8 == 0 or self._desk.market.time_ns < self._next_try_ns.get(attempt, 0):
            return
        self._next_try_ns[attempt] = self._desk.market.time_ns + self.config.retry_after_ns
        if gap_e8 > 0:
            style = _entry_style(grant)
            self._send(asset, 1, gap_e8, style, None if style is Style.MARKET else touch.bid_e8, is_exit=False)
        else:
            style = _exit_style(grant)
            self._send(asset, -1, -gap_e8, style, None if style is Style.MARKET else touch.ask_e8, is_exit=True)

    def _gap_e8(self, asset: str, touch: Touch, ranked: Ranked | None, grant: Grant) -> int:
        """Quantity to buy (positive) or to sell off (negative); 0 within the band."""
        held_e8 = self._desk.exposure.positions.get(asset, 0)
        limits = self._limits[asset]
        target_micro = self._target_micro(ranked, grant)
        target_e8 = qty_within_e8(target_micro, touch.ask_e8, limits.step_e8)
        if target_e8 == 0:
            return -held_e8
        gap_e8 = target_e8 - held_e8
        band_e8 = target_e8 * self.config.band_ppm // ONE
        cap_e8 = qty_within_e8((self._desk.equity_micro or 0) * grant.asset_cap_ppm // ONE, touch.ask_e8, limits.step_e8)
        if held_e8 > cap_e8:
            return cap_e8 - held_e8 if gap_e8 >= -band_e8 else gap_e8
        if abs(gap_e8) <= band_e8 or notional_micro(gap_e8, touch.ask_e8) < limits.min_notional_micro:
            return 0
        return gap_e8

    def _target_micro(self, ranked: Ranked | None, grant: Grant) -> int:
        """Notional to hold; 0 for an asset that lost its rank or may not be held."""
        equity_micro = self._desk.equity_micro
        if ranked is None or equity_micro is None or grant.posture not in ("APEX", "STALKER"):
            return 0
        sigma_5s = self._desk.market.sigma_5s.get(ranked.asset, ranked.sigma_5s)
        return self._sizer.target_micro(equity_micro, grant.asset_cap_ppm, 1 / self.config.basket_size, ranked.plunge_depth, sigma_5s)

    def _is_outdated(self, working: Working, gap_e8: int, touch: Touch, grant: Grant) -> bool:
        """The order points the wrong way, is of a style no longer wanted, or the touch has moved away from it."""
        if gap_e8 == 0 or working.is_exit != (gap_e8 < 0):
            return True
        wanted = _exit_style(grant) if working.is_exit else _entry_style(grant)
        if working.style is not wanted:
            return working.style is not Style.MARKET
        if working.price_e8 is None or self._desk.market.time_ns - working.placed_at_ns < self.config.requote_after_ns:
            return False
        return working.price_e8 != (touch.ask_e8 if working.is_exit else touch.bid_e8)

    def _cancel(self, order_id: str) -> None:
        order = self.cache.order(ClientOrderId(order_id))
        if order is not None and order.is_open and not order.is_pending_cancel:
            self.cancel_order(order)

    def _send(self, asset: str, side: int, qty_e8: int, style: Style, price_e8: int | None, *, is_exit: bool) -> None:
        instrument = self._instruments[asset]
        quantity = venue.quantity_of(instrument, qty_e8)
        if not quantity.raw:
            return
        self._orders_made += 1
        order_id = f"D-{self._order_epoch}-{self._orders_made}"
        now_ns = self._desk.market.time_ns
        self._working[order_id] = Working(asset, is_exit, style, price_e8, now_ns, time.time_ns())
        self.submit_order(self._order(order_id, instrument, side, quantity, style, price_e8, is_exit))

    def _order(
        self, order_id: str, instrument: CryptoPerpetual, side: int, quantity: object, style: Style, price_e8: int | None, is_exit: bool
    ) -> NautilusOrder:
        terms = {
            "instrument_id": instrument.id,
            "order_side": OrderSide.BUY if side > 0 else OrderSide.SELL,
            "quantity": quantity,
            "reduce_only": is_exit,
            "client_order_id": ClientOrderId(order_id),
        }
        if style is Style.MARKET or price_e8 is None:
            return self.order_factory.market(**terms)
        return self.order_factory.limit(**terms, price=venue.price_of(instrument, price_e8), post_only=style is Style.POST_ONLY)


def _entry_style(grant: Grant) -> Style:
    return Style.MARKET if grant.posture == "APEX" and not grant.passive_only else Style.POST_ONLY


def _exit_style(grant: Grant) -> Style:
    return Style.POST_ONLY if grant.posture == "TURTLE" else Style.MARKET
