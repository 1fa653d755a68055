"""The journal's lines of a step: `agent.ndjson`, one line a decision, for people, screens and the report.

A line holds market time only, so that two runs in lockstep write the same lines.
"""

from dolphin.core.audit import steps as of
from dolphin.core.audit.steps import Entry, Step
from dolphin.core.contract.lines import Line
from dolphin.core.control.belief import (
    LEASE_EXPIRED,
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
from dolphin.core.order_gate.admission import Order
from dolphin.core.placing.choice import Choice
from dolphin.core.words import decimal_e8
from dolphin.core.words import side as side_word

OF_THE_VENUE = (of.OrderFilled, of.OrderEnded)
"""What has happened whether or not it could be booked: told in any case."""


def journal_lines(entry: Entry, pnl_micro_usd: int | None = None) -> tuple[Line, ...]:
    """The lines of one step; `pnl_micro_usd` is what the ledger says that a fill realised."""
    return tuple({"type": kind, "market_time_ns": entry.market_time_ns, **rest} for kind, rest in _lines(entry.step, pnl_micro_usd))


def _lines(step: Step, pnl_micro_usd: int | None) -> tuple[tuple[str, Line], ...]:
    match step:
        case CommandBelieved(command, before):
            return _of_a_command(command, before)
        case PostureChanged(before, after, reason, cause_ids):
            return (("posture", {"from": before.name, "to": after.name, "reason": reason, "cause_ids": cause_ids}),)
        case CapChanged():
            return _of_a_cap(step)
        case of.OrderWanted(order, grant, _):
            price = None if order.price_e8 is None else decimal_e8(order.price_e8)
            terms = {"style": None if order.style is None else order.style.value, "is_reduce_only": order.is_reduce_only}
            line = {**_of_an_order(order, order.qty_e8), "price": price, **terms}
            return (("order", {**line, "posture": grant.posture, "cap_ppm": grant.asset_cap_ppm}),)
        case of.OrderChosen(order_id, asset, choice):
            return (("chosen", {"order_id": order_id, "asset": asset, **_of_a_choice(choice)}),)
        case of.OrderClipped(order, qty_e8, grant):
            asked = {"asked_qty": decimal_e8(order.qty_e8), "cap_ppm": grant.asset_cap_ppm}
            return (("clipped", {**_of_an_order(order, qty_e8), **asked}),)
        case of.OrderDenied(order, reason, grant):
            return (("denied", {**_of_an_order(order, order.qty_e8), "reason": reason.value, "posture": grant.posture}),)
        case of.OrderFilled():
            return (("fill", _of_a_fill(step, pnl_micro_usd)),)
        case of.OrderEnded(order_id, asset, outcome, detail):
            return (("cancelled", {"order_id": order_id, "asset": asset, "outcome": outcome.value, "reason": detail}),)
        case of.OrderLost(order_id, detail):
            return (("lost", {"order_id": order_id, "reason": detail}),)
        case of.PositionCompared(asset, ledger_qty_e8, venue_qty_e8):
            return (("compared", {"asset": asset, "ledger_qty": decimal_e8(ledger_qty_e8), "venue_qty": decimal_e8(venue_qty_e8)}),)
        case of.PositionClosedOut(order_id, asset, side, qty_e8, price_e8):
            line = {"order_id": order_id, "asset": asset, "side": side_word(side), "qty": decimal_e8(qty_e8), "price": decimal_e8(price_e8)}
            return (("closed_out", line),)
        case of.LossCharged(amount_micro_usd, detail):
            return (("charged", {"amount_micro_usd": amount_micro_usd, "reason": detail}),)
        case of.EquityTold():
            return (("equity", _of_an_equity(step)),)
        case of.RankingHeard(top):
            return (("ranking", {"top": [{"asset": asset, "score": round(score, 6)} for asset, score in top]}),)
        case of.InvariantBroken(reason, cause_id):
            return (("broken", {"reason": reason, "cause_id": cause_id}),)
        case (
            CommandIgnored()
            | TrustEnded()
            | Shut()
            | Reopened()
            | LeaseEnded()
            | of.AccountTaken()
            | of.RunStarted()
            | of.RunEnded()
            | of.OrderAdmitted()
            | of.OrderReplaced()
            | of.AccountValued()
            | of.Operated()
        ):
            return ()


def _of_an_order(order: Order, qty_e8: int) -> Line:
    return {"order_id": order.order_id, "asset": order.asset, "side": side_word(order.side), "qty": decimal_e8(qty_e8)}


def _of_a_choice(choice: Choice) -> Line:
    return {
        "purpose": choice.purpose.value,
        "rank": choice.rank,
        "equity_micro_usd": choice.equity_micro_usd,
        "cap_ppm": choice.cap_ppm,
        "weight_ppm": choice.weight_ppm,
        "conviction_ppm": choice.conviction_ppm,
        "scale_ppm": choice.scale_ppm,
        "target_qty": decimal_e8(choice.target_e8),
        "held_qty": decimal_e8(choice.held_e8),
    }


def _of_a_fill(fill: of.OrderFilled, pnl_micro_usd: int | None) -> Line:
    return {
        "order_id": fill.order_id,
        "asset": fill.asset,
        "side": side_word(fill.side),
        "qty": decimal_e8(fill.qty_e8),
        "price": decimal_e8(fill.price_e8),
        "fee_micro_usd": fill.fee_micro_usd,
        "pnl_micro_usd": pnl_micro_usd,
        "is_maker": fill.is_maker,
    }


def _of_an_equity(told: of.EquityTold) -> Line:
    return {
        "equity_micro_usd": told.equity_micro_usd,
        "cash_micro_usd": told.cash_micro_usd,
        "exposure_micro_usd": told.exposure_micro_usd,
        "drawdown_ppm": told.drawdown_ppm,
        "positions": {asset: decimal_e8(qty_e8) for asset, qty_e8 in told.positions_e8},
    }


def _of_a_command(command: Command, before: Command | None) -> tuple[tuple[str, Line], ...]:
    """What a gate decided, where it lowers the cap or moves the posture: a function of the market, unlike what is believed and when."""
    if command.cap_ppm >= command.from_cap_ppm and (before is None or before.posture is command.posture):
        return ()
    line = {
        "asset": command.asset,
        "posture": command.posture.name,
        "from_ppm": command.from_cap_ppm,
        "to_ppm": command.cap_ppm,
        "reason": "; ".join(command.reasons),
        "cause_ids": command.cause_ids,
        "event_time_ns": command.issued_at_ns,
    }
    return (("command", line),)


def _of_a_cap(change: CapChanged) -> tuple[tuple[str, Line], ...]:
    line = {
        "asset": change.asset,
        "from_ppm": change.from_ppm,
        "to_ppm": change.to_ppm,
        "reason": change.reason,
        "cause_ids": change.cause_ids,
        "event_time_ns": change.event_time_ns,
    }
    if change.reason != LEASE_EXPIRED:
        return (("cap", line),)
    return ("cap", line), ("lease", {"asset": change.asset, "expired_at_ns": change.event_time_ns})
