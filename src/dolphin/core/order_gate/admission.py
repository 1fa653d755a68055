"""One order against what the system is entitled to: allow it, clip it, or deny it with a reason.

Everything the rule needs is in its arguments; anything missing, unknown or of the wrong type denies. An exit is clipped to the part of the
position that no other exit already covers, so it can never flip it. An entry may not oppose the position or a working entry, so no order
of fills can flip it either; it is clipped to the room left under the asset's and the account's cap, and denied when less than the
venue's minimum is left.
"""

# fields are looked at as if they held anything
# pyright: reportUnnecessaryIsInstance=false

from dataclasses import dataclass
from enum import StrEnum

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate.table import PASSIVE, TABLE, Style
from dolphin.core.units import ONE, is_count, is_price, notional_micro, qty_within_e8


class DenyReason(StrEnum):
    """Why an order may not leave."""

    BAD_ORDER = "bad_order"
    BAD_GRANT = "bad_grant"
    UNKNOWN_POSTURE = "unknown_posture"
    UNKNOWN_POSITION = "unknown_position"
    UNKNOWN_EXPOSURE = "unknown_exposure"
    UNKNOWN_EQUITY = "unknown_equity"
    UNKNOWN_PRICE = "unknown_price"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    NO_ENTRIES = "no_entries_in_posture"
    STYLE_NOT_PERMITTED = "style_not_permitted"
    PASSIVE_ONLY = "passive_only"
    NOTHING_TO_REDUCE = "nothing_to_reduce"
    AGAINST_POSITION = "entry_against_position"
    CAP_IS_ZERO = "cap_is_zero"
    OVER_CAP = "over_cap"
    BELOW_MINIMUM = "below_minimum"
    DUPLICATE_ID = "duplicate_id"
    TOO_MANY_WORKING = "too_many_working"
    UNBOOKED = "ledger_cannot_be_kept"  # said around this rule: an intent that is not on disk does not leave


@dataclass(frozen=True, slots=True)
class Allow:
    """The order leaves as it is."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The order leaves with a smaller quantity."""

    qty_e8: int
    """The quantity that may leave, > 0 and below the one asked for."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The order does not leave."""

    reason: DenyReason


Decision = Allow | Clip | Deny


@dataclass(frozen=True, slots=True)
class Order:
    """What someone wants to send."""

    order_id: str
    asset: str
    side: int
    """1 buys, -1 sells."""
    qty_e8: int
    style: Style | None
    """None: a type that the order gate does not know."""
    price_e8: int | None
    """Limit price; None for a market order only."""
    is_reduce_only: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """The instrument's rules."""

    step_e8: int
    """Quantities are multiples of this."""
    min_notional_micro: int
    """Smallest entry the venue takes; exits are exempt."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is held and working as the order arrives. None = not known, which denies."""

    position_e8: int | None
    """Signed, in the order's asset."""
    exits_working_e8: int | None
    """Quantity of working exits in the asset."""
    entries_side: int
    """Side of the working entries in the asset, 0 if none."""
    asset_exposure_micro: int | None
    """Position plus working entries in the asset, at the worse of order price and mark."""
    account_exposure_micro: int | None
    """The same over all assets."""
    equity_micro: int | None
    mark_e8: int | None
    """A price at which the asset could be dealt now, the less favourable side."""


def decide(order: Order, grant: Grant, standing: Standing, limits: Limits | None) -> Decision:
    """The order gate's answer. Total: any value in any field gives a decision, the unknown a `Deny`."""
    if not _is_order(order):
        return Deny(DenyReason.BAD_ORDER)
    if limits is None or not (is_count(limits.step_e8) and limits.step_e8 > 0 and is_count(limits.min_notional_micro)):
        return Deny(DenyReason.UNKNOWN_INSTRUMENT)
    if order.qty_e8 % limits.step_e8:
        return Deny(DenyReason.BAD_ORDER)
    if not isinstance(grant.posture, str) or grant.posture not in TABLE:
        return Deny(DenyReason.UNKNOWN_POSTURE)
    if order.is_reduce_only:
        return _decide_exit(order, grant, standing)
    return _decide_entry(order, grant, standing, limits)


def _decide_exit(order: Order, grant: Grant, standing: Standing) -> Decision:
    if order.style not in TABLE[grant.posture].exits:
        return Deny(DenyReason.STYLE_NOT_PERMITTED)
    position, covered = standing.position_e8, standing.exits_working_e8
    if not is_count(position) or not is_count(covered) or covered < 0:
        return Deny(DenyReason.UNKNOWN_POSITION)
    open_e8 = -order.side * position - covered
    if open_e8 <= 0:
        return Deny(DenyReason.NOTHING_TO_REDUCE)
    return Allow() if order.qty_e8 <= open_e8 else Clip(open_e8)


def _decide_entry(order: Order, grant: Grant, standing: Standing, limits: Limits) -> Decision:
    rule = TABLE[grant.posture]
    if not rule.entries:
        return Deny(DenyReason.NO_ENTRIES)
    if order.style not in rule.entries:
        return Deny(DenyReason.STYLE_NOT_PERMITTED)
    if grant.passive_only is not False and order.style not in PASSIVE:
        return Deny(DenyReason.PASSIVE_ONLY)
    if not (is_count(grant.asset_cap_ppm) and is_count(grant.account_cap_ppm)):
        return Deny(DenyReason.BAD_GRANT)
    position, mark, equity = standing.position_e8, standing.mark_e8, standing.equity_micro
    if not is_count(position):
        return Deny(DenyReason.UNKNOWN_POSITION)
    if position * order.side < 0 or standing.entries_side not in (0, order.side):
        return Deny(DenyReason.AGAINST_POSITION)
    if not is_price(mark):
        return Deny(DenyReason.UNKNOWN_PRICE)
    if not is_count(equity):
        return Deny(DenyReason.UNKNOWN_EQUITY)
    room_micro = _room_micro(grant, standing, equity, rule.max_leverage_ppm)
    if isinstance(room_micro, Deny):
        return room_micro
    price_e8 = max(mark, order.price_e8 or 0)
    qty_e8 = min(order.qty_e8, qty_within_e8(room_micro, price_e8, limits.step_e8))
    if qty_e8 <= 0:
        return Deny(DenyReason.OVER_CAP)
    if notional_micro(qty_e8, price_e8) < limits.min_notional_micro:
        return Deny(DenyReason.BELOW_MINIMUM)
    return Allow() if qty_e8 == order.qty_e8 else Clip(qty_e8)


def _room_micro(grant: Grant, standing: Standing, equity_micro: int, posture_max_ppm: int) -> int | Deny:
    """Micro-dollars of exposure that may still be added, > 0, or why there are none."""
    asset, account = standing.asset_exposure_micro, standing.account_exposure_micro
    if not is_count(asset) or not is_count(account) or asset < 0 or account < asset:
        return Deny(DenyReason.UNKNOWN_EXPOSURE)
    account_cap_ppm = min(grant.account_cap_ppm, posture_max_ppm)
    asset_cap_ppm = min(grant.asset_cap_ppm, account_cap_ppm)
    if asset_cap_ppm <= 0 or equity_micro <= 0:
        return Deny(DenyReason.CAP_IS_ZERO)
    room = min(asset_cap_ppm * equity_micro // ONE - asset, account_cap_ppm * equity_micro // ONE - account)
    return room if room > 0 else Deny(DenyReason.OVER_CAP)


def _is_order(order: Order) -> bool:
    price = order.price_e8
    is_priced = price is None if order.style == Style.MARKET else is_price(price)
    return (
        isinstance(order.style, Style)
        and is_priced
        and is_count(order.side)
        and order.side in (1, -1)
        and is_count(order.qty_e8)
        and order.qty_e8 > 0
        and isinstance(order.is_reduce_only, bool)
    )
