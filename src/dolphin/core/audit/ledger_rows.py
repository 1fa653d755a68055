"""The ledger's rows of a step."""

from dolphin.core.audit import steps as of
from dolphin.core.audit.steps import Step
from dolphin.core.control.belief import (
    CapChanged,
    CommandBelieved,
    CommandIgnored,
    LeaseEnded,
    PostureChanged,
    Reopened,
    Shut,
    TrustEnded,
)
from dolphin.core.control.command import Command
from dolphin.core.ledger.events import (
    BookedCommand,
    Fee,
    Fill,
    LedgerEvent,
    OrderIntent,
    OrderOutcome,
    Outcome,
    Reconciliation,
    RunEnd,
    RunStart,
    Side,
)


def ledger_rows(step: Step) -> tuple[LedgerEvent, ...]:
    """What of `step` is booked, in order. A valuation is no row by itself: the ledger marks it when it has moved."""
    match step:
        case of.OrderWanted(order, grant, commands):
            booked = tuple(_booked(command) for command in commands)
            price_e8, cap_ppm = order.price_e8, grant.asset_cap_ppm
            side, is_exit = Side.of(order.side), order.is_reduce_only
            return (OrderIntent(order.order_id, order.asset, side, order.qty_e8, price_e8, is_exit, cap_ppm, grant.posture, booked),)
        case of.OrderClipped(order, qty_e8, _):
            return (OrderOutcome(order.order_id, Outcome.CLIPPED, "cap or position", qty_e8),)
        case of.OrderDenied(order, reason, _):
            return (OrderOutcome(order.order_id, Outcome.DENIED, reason, None),)
        case of.OrderFilled(order_id, fill_id, asset, side, qty_e8, price_e8, fee_micro_usd):
            return (Fill(order_id, fill_id, asset, Side.of(side), qty_e8, price_e8, fee_micro_usd),)
        case of.OrderEnded(order_id, _, outcome, detail):
            return (OrderOutcome(order_id, outcome, detail, None),)
        case of.OrderLost(order_id, detail):
            return (OrderOutcome(order_id, Outcome.CANCELLED, detail, None),)
        case of.PositionCompared(asset, ledger_qty_e8, venue_qty_e8):
            return (Reconciliation(asset, ledger_qty_e8, venue_qty_e8),)
        case of.PositionClosedOut(order_id, asset, sign, qty_e8, price_e8):
            side = Side.of(sign)
            intent = OrderIntent(order_id, asset, side, qty_e8, None, True, 0, "HIBERNATE", ())
            return (intent, Fill(order_id, "restart", asset, side, qty_e8, price_e8, 0))
        case of.LossCharged(amount_micro_usd, detail):
            return (Fee(amount_micro_usd, detail),)
        case of.RunStarted():
            return (RunStart(),)
        case of.RunEnded(reason):
            return (RunEnd(reason),)
        case of.Operated(operation):
            return (operation,)
        case (
            CommandBelieved()
            | CommandIgnored()
            | TrustEnded()
            | Shut()
            | Reopened()
            | LeaseEnded()
            | PostureChanged()
            | CapChanged()
            | of.AccountTaken()
            | of.OrderChosen()
            | of.OrderAdmitted()
            | of.OrderReplaced()
            | of.AccountValued()
            | of.EquityTold()
            | of.RankingHeard()
            | of.InvariantBroken()
        ):
            return ()


def _booked(command: Command) -> BookedCommand:
    return BookedCommand.of(command._asdict() | {"posture": command.posture.name})
