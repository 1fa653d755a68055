"""The steps of a decision on an order, and what an admitted one stands on."""

from collections.abc import Mapping
from typing import Final

from dolphin.core.audit.steps import OrderAdmitted, OrderClipped, OrderDenied, OrderWanted, Step, Term
from dolphin.core.control.belief import Grant
from dolphin.core.control.command import Command
from dolphin.core.order_gate.admission import Clip, Decision, Deny, Order
from dolphin.core.order_gate.exposure import Exposure
from dolphin.core.units import ONE, notional_micro

UNKNOWN_SHARE_PPM: Final = 2**31 - 1


def steps_of(
    order: Order,
    grant: Grant,
    commands: tuple[Command, ...],
    decision: Decision,
    exposure: Exposure,
    equity_micro: int | None,
    marks_e8: Mapping[str, int],
) -> tuple[Step, ...]:
    """That `order` was wanted, and what became of it; `exposure` is the one after the decision."""
    wanted = OrderWanted(order, grant, commands)
    if isinstance(decision, Deny):
        return wanted, OrderDenied(order, decision.reason, grant)
    qty_e8 = decision.qty_e8 if isinstance(decision, Clip) else order.qty_e8
    notional = notional_micro(qty_e8, max(marks_e8.get(order.asset, 0), order.price_e8 or 0))
    admitted = OrderAdmitted(order, qty_e8, notional, terms_of(order, grant, commands, exposure, equity_micro, marks_e8))
    return (wanted, OrderClipped(order, qty_e8, grant), admitted) if isinstance(decision, Clip) else (wanted, admitted)


def terms_of(
    order: Order,
    grant: Grant,
    commands: tuple[Command, ...],
    exposure: Exposure,
    equity_micro: int | None,
    marks_e8: Mapping[str, int],
) -> tuple[Term, ...]:
    """What an entry that is in `exposure` now stands on: the account's command, then the asset's. An exit stands on nothing."""
    if order.is_reduce_only:
        return ()
    caps_ppm = (grant.account_cap_ppm, grant.asset_cap_ppm)
    exposures_micro = (exposure.exposure_micro(marks_e8), exposure.exposure_micro(marks_e8, order.asset))
    return tuple(
        [
            Term(command.key, command.epoch, command.seq, cap_ppm, _share_ppm(exposure_micro, equity_micro))
            for command, cap_ppm, exposure_micro in zip(commands, caps_ppm, exposures_micro, strict=True)
        ]
    )


def _share_ppm(exposure_micro: int | None, equity_micro: int | None) -> int:
    """The exposure as a share of the equity, rounded up; what is not known is beyond every cap."""
    if exposure_micro is None or not equity_micro:
        return UNKNOWN_SHARE_PPM
    return -(-exposure_micro * ONE // equity_micro)
