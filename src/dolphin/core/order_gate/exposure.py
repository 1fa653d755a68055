"""What the account holds and has working, as the order gate counts it.

A value with four transitions: `admit` reserves an order's full quantity before it leaves, `fill` turns reserved quantity into position,
`close` releases what is left when the venue says the order is over, `replace` re-admits it with new terms. Between admission and the
venue's word the order counts as if it could fill at any moment, so an answer that never comes keeps the exposure counted.

Invariants, for every sequence of events in which the venue fills at most what was admitted: exits working never exceed the position;
entries never oppose it; right after an admission, exposure is within the caps it was admitted under.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_fields
from types import MappingProxyType
from typing import Final

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate.admission import Clip, Decision, Deny, DenyReason, Limits, Order, Standing, decide
from dolphin.core.order_gate.table import TABLE, UNKNOWN_POSTURE, Style, WorkingRule
from dolphin.core.units import ONE, is_price, notional_micro

MAX_WORKING: Final = 1_000
"""Orders that may be working at once."""
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Working:
    """An admitted order that is not over yet."""

    asset: str
    side: int
    remaining_e8: int
    style: Style | None
    price_e8: int | None
    is_reduce_only: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """Positions (signed, e8, by asset; flat ones absent) and working orders by id."""

    positions: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    working: Mapping[str, Working] = field(default_factory=lambda: MappingProxyType({}))

    def standing(self, asset: str, equity_micro: int | None, marks_e8: Mapping[str, int]) -> Standing:
        """What an order in `asset` meets."""
        position = self.positions.get(asset, 0)
        sides = {w.side for w in self.working.values() if w.asset == asset and not w.is_reduce_only}
        return Standing(
            position_e8=position,
            exits_working_e8=self.exits_working_e8(asset),
            entries_side=sides.pop() if sides else 0,
            asset_exposure_micro=self.exposure_micro(marks_e8, asset),
            account_exposure_micro=self.exposure_micro(marks_e8),
            equity_micro=equity_micro,
            mark_e8=marks_e8.get(asset),
        )

    def exits_working_e8(self, asset: str) -> int:
        """Quantity of working exits in `asset`."""
        return sum(w.remaining_e8 for w in self.working.values() if w.asset == asset and w.is_reduce_only)

    def exposure_micro(self, marks_e8: Mapping[str, int], asset: str | None = None) -> int | None:
        """Positions plus working entries, of one asset or of all, in micro-dollars; None while a needed mark is not known."""
        total = 0
        for name, position in self.positions.items():
            if asset in (None, name):
                mark = marks_e8.get(name)
                if not is_price(mark):
                    return None
                total += notional_micro(position, mark)
        for w in self.working.values():
            if asset in (None, w.asset) and not w.is_reduce_only:
                mark = marks_e8.get(w.asset)
                if not is_price(mark):
                    return None
                total += notional_micro(w.remaining_e8, max(mark, w.price_e8 or 0))
        return total


def admit(
    exposure: Exposure, order: Order, grant: Grant, equity_micro: int | None, marks_e8: Mapping[str, int], limits: Limits | None
) -> tuple[Exposure, Decision]:
    """Decides `order` and, unless it is denied, reserves what may leave."""
    if order.order_id in exposure.working:
        return exposure, Deny(DenyReason.DUPLICATE_ID)
    if len(exposure.working) >= MAX_WORKING:
        return exposure, Deny(DenyReason.TOO_MANY_WORKING)
    decision = decide(order, grant, exposure.standing(order.asset, equity_micro, marks_e8), limits)
    if isinstance(decision, Deny):
        return exposure, decision
    qty_e8 = decision.qty_e8 if isinstance(decision, Clip) else order.qty_e8
    reserved = Working(order.asset, order.side, qty_e8, order.style, order.price_e8, order.is_reduce_only)
    return _with_working(exposure, order.order_id, reserved), decision


def replace(
    exposure: Exposure, order: Order, grant: Grant, equity_micro: int | None, marks_e8: Mapping[str, int], limits: Limits | None
) -> tuple[Exposure, Decision]:
    """Decides new terms for the working order of the same id, as if it were new and the old one gone; the old stands unless all is allowed.

    `order.qty_e8` is what shall remain working.
    """
    without = close(exposure, order.order_id)
    changed, decision = admit(without, order, grant, equity_micro, marks_e8, limits)
    if isinstance(decision, Clip):
        decision = Deny(DenyReason.OVER_CAP)
    return (exposure if isinstance(decision, Deny) else changed), decision


def fill(exposure: Exposure, order_id: str, asset: str, side: int, qty_e8: int) -> Exposure:
    """The venue dealt `qty_e8` (> 0). Counted even if the order is not known here."""
    position = exposure.positions.get(asset, 0) + side * qty_e8
    positions = {name: held for name, held in exposure.positions.items() if name != asset}
    if position:
        positions[asset] = position
    filled = with_fields(exposure, positions=MappingProxyType(positions))
    working = exposure.working.get(order_id)
    if working is None:
        return filled
    remaining_e8 = working.remaining_e8 - qty_e8
    if remaining_e8 <= 0:
        return close(filled, order_id)
    return _with_working(filled, order_id, with_fields(working, remaining_e8=remaining_e8))


def close(exposure: Exposure, order_id: str) -> Exposure:
    """The venue said the order is over (cancelled, expired, rejected, filled)."""
    return with_fields(exposure, working=MappingProxyType({k: w for k, w in exposure.working.items() if k != order_id}))


def cancels(exposure: Exposure, posture: str, passive_only: bool) -> tuple[str, ...]:
    """The working orders to take back when `posture` begins (or `passive_only` is set), oldest first."""
    rule = TABLE.get(posture, UNKNOWN_POSTURE).working
    if rule is WorkingRule.KEEP and passive_only:
        rule = WorkingRule.CANCEL_TAKER_ENTRIES
    return tuple(order_id for order_id, w in exposure.working.items() if _is_cancelled(w, rule, passive_only))


def cancels_over_cap(
    exposure: Exposure, caps_ppm: Mapping[str, int], account_cap_ppm: int, equity_micro: int, marks_e8: Mapping[str, int]
) -> tuple[str, ...]:
    """The working entries to take back because a cap fell below the exposure they could lead to.

    All entries of an asset that is over its cap, and all entries everywhere when the account is. `caps_ppm` is by asset; an asset that is
    absent has no cap, which is zero.
    """

    def is_over(exposure_micro: int | None, cap_ppm: int) -> bool:
        return exposure_micro is None or exposure_micro > max(cap_ppm, 0) * max(equity_micro, 0) // ONE

    is_account_over = is_over(exposure.exposure_micro(marks_e8), account_cap_ppm)
    return tuple(
        order_id
        for order_id, w in exposure.working.items()
        if not w.is_reduce_only and (is_account_over or is_over(exposure.exposure_micro(marks_e8, w.asset), caps_ppm.get(w.asset, 0)))
    )


def flatten(exposure: Exposure) -> tuple[tuple[str, int, int], ...]:
    """(asset, side, quantity) of the exits that would close every position not yet covered by a working exit, by asset name."""
    held = sorted(exposure.positions.items())
    uncovered = ((asset, position, abs(position) - exposure.exits_working_e8(asset)) for asset, position in held)
    return tuple((asset, -1 if position > 0 else 1, qty) for asset, position, qty in uncovered if qty > 0)


def _is_cancelled(working: Working, rule: WorkingRule, passive_only: bool) -> bool:
    if rule is WorkingRule.CANCEL_ALL:
        return True
    if working.is_reduce_only or rule is WorkingRule.KEEP:
        return False
    is_taker = working.style is Style.MARKET or (passive_only and working.style is not Style.POST_ONLY)
    return rule is WorkingRule.CANCEL_ENTRIES or is_taker


def _with_working(exposure: Exposure, order_id: str, working: Working) -> Exposure:
    return with_fields(exposure, working=MappingProxyType({**exposure.working, order_id: working}))
