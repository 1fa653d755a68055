"""The ranked basket: long the best-ranked assets, as large as the entitlement and the sizer allow, and out when either says so.

What it wants is a target position per asset; the difference to what is held becomes a wish: an order to send, or one to cancel. It decides
what is wanted; what is allowed, the order gate.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Exposure, Limits, Style
from dolphin.core.placing.choice import Choice, Purpose
from dolphin.core.placing.placer import Resting, is_outdated, price_of, style_of
from dolphin.core.placing.sizer import AlphaBetSizer
from dolphin.core.placing.view import Ranked, Ranking, Touch
from dolphin.core.units import ONE, SECOND_NS, notional_micro, qty_within_e8

ENTERING: Final = ("APEX", "STALKER")
"""Postures in which a position is wanted at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketTerms:
    """How the basket is run."""

    basket_size: int = 2
    """Assets held at once; each gets an equal share of the account's cap."""
    band_ppm: int = 200_000
    """A position within this share of its target is left alone."""
    requote_after_ns: int = 2 * SECOND_NS
    """Market time that a resting order gets before it may follow the touch."""
    retry_after_ns: int = SECOND_NS
    """Market time between two attempts on one asset."""


class BasketView(NamedTuple):
    """What the basket decides from."""

    now_ns: int
    touches: Mapping[str, Touch]
    sigma_5s: Mapping[str, float]
    ranking: Ranking | None
    exposure: Exposure
    equity_micro: int | None
    grant: Callable[[str], Grant]
    """What is granted at this moment."""


class ToSend(NamedTuple):
    """An order that is wanted."""

    asset: str
    side: int
    qty_e8: int
    style: Style
    price_e8: int | None
    is_exit: bool
    choice: Choice
    """Why, and why so much."""


class ToCancel(NamedTuple):
    """A resting order that is not wanted any more."""

    order_id: str


type Wish = ToSend | ToCancel


@dataclass(slots=True)
class Basket:
    """What is remembered between two looks: when an asset may be tried again."""

    limits: Mapping[str, Limits]
    """Of the assets that may be traded."""
    terms: BasketTerms = field(default_factory=BasketTerms)
    sizer: AlphaBetSizer = field(default_factory=AlphaBetSizer)
    next_try_ns: dict[tuple[str, bool], int] = field(default_factory=dict)
    """By asset and whether it is an exit: a failed entry must not hold up an exit."""

    def step(self, view: BasketView, resting: Mapping[str, Resting]) -> list[Wish]:
        """The wishes for every asset that is held, worked (`resting`, by order id) or ranked, in the order of names."""
        ranked = self._chosen(view)
        assets = set(ranked) | set(view.exposure.positions) | {order.asset for order in resting.values()}
        wishes: list[Wish] = []
        for asset in sorted(assets):
            touch = view.touches.get(asset)
            if touch is not None and asset in self.limits:
                mine = {order_id: order for order_id, order in resting.items() if order.asset == asset}
                wishes += self._steer(asset, touch, ranked.get(asset), view, mine)
        return wishes

    def _chosen(self, view: BasketView) -> dict[str, Ranked]:
        """The best-ranked of the assets that may be held now."""
        rows = () if view.ranking is None else (row for row in view.ranking.rows if self._may_hold(row.asset, view))
        return {row.asset: row for row in itertools.islice(rows, self.terms.basket_size)}

    def _may_hold(self, asset: str, view: BasketView) -> bool:
        return asset in self.limits and view.grant(asset).asset_cap_ppm > 0

    def _steer(self, asset: str, touch: Touch, ranked: Ranked | None, view: BasketView, mine: Mapping[str, Resting]) -> list[Wish]:
        """Brings `asset` nearer to its target, one order at a time."""
        grant = view.grant(asset)
        gap_e8 = self._gap_e8(asset, touch, ranked, grant, view)
        after_ns = self.terms.requote_after_ns
        wishes: list[Wish] = [
            ToCancel(order_id) for order_id, order in mine.items() if is_outdated(order, gap_e8, touch, grant, view.now_ns, after_ns)
        ]
        is_exit = gap_e8 < 0
        if mine or gap_e8 == 0 or view.now_ns < self.next_try_ns.get((asset, is_exit), 0):
            return wishes
        self.next_try_ns[asset, is_exit] = view.now_ns + self.terms.retry_after_ns
        style = style_of(grant, is_exit=is_exit)
        price_e8 = price_of(touch, style, is_exit=is_exit)
        choice = self._choice(asset, touch, ranked, grant, view, gap_e8)
        return [*wishes, ToSend(asset, -1 if is_exit else 1, abs(gap_e8), style, price_e8, is_exit, choice)]

    def _gap_e8(self, asset: str, touch: Touch, ranked: Ranked | None, grant: Grant, view: BasketView) -> int:
        """Quantity to buy (positive) or to sell off (negative); 0 within the band."""
        held_e8 = view.exposure.positions.get(asset, 0)
        limits = self.limits[asset]
        target_e8 = qty_within_e8(self._target_micro(ranked, grant, view), touch.ask_e8, limits.step_e8)
        if target_e8 == 0:
            return -held_e8
        gap_e8 = target_e8 - held_e8
        band_e8 = target_e8 * self.terms.band_ppm // ONE
        cap_e8 = qty_within_e8((view.equity_micro or 0) * grant.asset_cap_ppm // ONE, touch.ask_e8, limits.step_e8)
        if held_e8 > cap_e8:
            return cap_e8 - held_e8 if gap_e8 >= -band_e8 else gap_e8
        if abs(gap_e8) <= band_e8 or notional_micro(gap_e8, touch.ask_e8) < limits.min_notional_micro:
            return 0
        return gap_e8

    def _target_micro(self, ranked: Ranked | None, grant: Grant, view: BasketView) -> int:
        """Notional to hold; 0 for an asset that lost its rank or may not be held."""
        if ranked is None or view.equity_micro is None or grant.posture not in ENTERING:
            return 0
        share = 1 / self.terms.basket_size
        return self.sizer.target_micro(view.equity_micro, grant.asset_cap_ppm, share, ranked.plunge_depth, _sigma_5s(ranked, view))

    def _choice(self, asset: str, touch: Touch, ranked: Ranked | None, grant: Grant, view: BasketView, gap_e8: int) -> Choice:
        """Why a gap is closed: the same terms as the target's, told."""
        held_e8, equity_micro = view.exposure.positions.get(asset, 0), view.equity_micro or 0
        target_e8 = qty_within_e8(self._target_micro(ranked, grant, view), touch.ask_e8, self.limits[asset].step_e8)
        sigma_5s = 0.0 if ranked is None else _sigma_5s(ranked, view)
        return Choice(
            purpose=_purpose(ranked, grant, target_e8, held_e8, gap_e8),
            rank=_rank(asset, view),
            equity_micro_usd=equity_micro,
            cap_ppm=grant.asset_cap_ppm,
            weight_ppm=ONE // self.terms.basket_size,
            conviction_ppm=0 if ranked is None else round(self.sizer.conviction(ranked.plunge_depth) * ONE),
            scale_ppm=round(self.sizer.scale(sigma_5s) * ONE) if math.isfinite(sigma_5s) and sigma_5s > 0.0 else 0,
            target_e8=target_e8,
            held_e8=held_e8,
        )


def _sigma_5s(ranked: Ranked, view: BasketView) -> float:
    """The newest volatility of a ranked asset."""
    return view.sigma_5s.get(ranked.asset, ranked.sigma_5s)


def _rank(asset: str, view: BasketView) -> int:
    rows = () if view.ranking is None else view.ranking.rows
    return next((place for place, row in enumerate(rows, 1) if row.asset == asset), 0)


def _purpose(ranked: Ranked | None, grant: Grant, target_e8: int, held_e8: int, gap_e8: int) -> Purpose:
    """What closing a gap is for; `ranked` is None for an asset that was not chosen."""
    if gap_e8 > 0:
        return Purpose.ADD if held_e8 else Purpose.ENTER
    if target_e8:
        return Purpose.REDUCE if held_e8 + gap_e8 == target_e8 else Purpose.OVER_CAP
    if grant.posture not in ENTERING or grant.asset_cap_ppm == 0:
        return Purpose.NOT_ENTITLED
    return Purpose.OUTRANKED if ranked is None else Purpose.NOT_MEASURED
