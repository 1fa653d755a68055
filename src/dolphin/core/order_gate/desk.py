"""What a desk decides beyond one order: its own second line, what has to be taken back, and new terms for a working order."""

from collections.abc import Mapping

from dolphin.core.control.belief import Grant
from dolphin.core.control.factors import f5
from dolphin.core.order_gate.admission import Decision, Deny, DenyReason, Limits, Order
from dolphin.core.order_gate.exposure import Exposure, cancels, cancels_over_cap, replace
from dolphin.core.units import mul


def lowered(grant: Grant, drawdown_ppm: int) -> Grant:
    """The grant under the account's own drawdown (f5): a second line that only lowers."""
    stress_ppm = f5(drawdown_ppm)
    return grant._replace(account_cap_ppm=mul(grant.account_cap_ppm, stress_ppm), asset_cap_ppm=mul(grant.asset_cap_ppm, stress_ppm))


def to_take_back(
    exposure: Exposure, account: Grant, assets: Mapping[str, Grant], equity_micro: int, marks_e8: Mapping[str, int]
) -> tuple[str, ...]:
    """The working orders that what holds now does not cover, by posture or by cap, oldest first. `assets` has those with working orders."""
    by_posture = {
        order_id
        for asset, grant in assets.items()
        for order_id in cancels(exposure, grant.posture, grant.passive_only)
        if exposure.working[order_id].asset == asset
    }
    caps_ppm = {asset: grant.asset_cap_ppm for asset, grant in assets.items()}
    by_cap = cancels_over_cap(exposure, caps_ppm, account.account_cap_ppm, equity_micro, marks_e8)
    return tuple(order_id for order_id in exposure.working if order_id in by_posture or order_id in by_cap)


def replaced(
    exposure: Exposure, order: Order, grant: Grant, equity_micro: int | None, marks_e8: Mapping[str, int], limits: Limits | None
) -> tuple[Exposure, Decision]:
    """New terms for a working order; only all or nothing, and only smaller: the ledger keeps the first intent."""
    working = exposure.working.get(order.order_id)
    if working is None or order.qty_e8 > working.remaining_e8:
        return exposure, Deny(DenyReason.OVER_CAP)
    return replace(exposure, order, grant, equity_micro, marks_e8, limits)
