"""Orders, each as one record: what was wanted and why, why so much of it, what the order gate and the venue made of it, and when."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final

from dolphin.core.contract.lines import Line
from dolphin.core.units import ONE
from dolphin.core.words import dollars, leverage
from dolphin.operator.views.plain import DENIED, percent, took

KEPT: Final = 2_000
"""Orders remembered; the oldest that have ended are let go of."""

AGAIN_NS: Final = 5_000_000_000
"""Market time within which an order is another try of the one before."""

WORKING: Final = "working"
FILLED: Final = "filled"
NOT_SENT: Final = "denied"

_WHY: Final = {
    "enter": "ranked {rank}, not held",
    "add": "ranked {rank}, target grown",
    "reduce": "target shrunk",
    "over_cap": "held more than the cap allows",
    "outranked": "others rank better",
    "not_entitled": "posture or cap allow none",
    "not_measured": "volatility or equity not known",
    "flatten": "HIBERNATE: close everything",
}


@dataclass(slots=True)
class OrderTold:
    """One order. Times are market time in ns, quantities and prices decimal text, money micro-dollars."""

    order_id: str
    asset: str
    side: str
    qty: str
    price: str | None
    """Limit price; None at market."""
    style: str | None
    is_exit: bool
    posture: str
    cap_ppm: int
    wanted_at_ns: int
    asked_qty: str | None = None
    """Of an order that the order gate clipped."""
    outcome: str = WORKING
    """`working`, `filled`, `denied`, or as the venue ended it: `cancelled`, `expired`, `rejected`; `lost` with a killed run."""
    reason: str = ""
    """Of a denial or an end, as written by who said it."""
    filled_qty: str = "0"
    filled_price: str | None = None
    """Average."""
    first_fill_ns: int | None = None
    ended_at_ns: int | None = None
    fee_micro_usd: int = 0
    pnl_micro_usd: int = 0
    choice: Line | None = None
    """Why it was wanted and had its size (`dolphin.core.placing.choice`)."""

    @property
    def is_over(self) -> bool:
        return self.outcome != WORKING

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


@dataclass(slots=True)
class Orders:
    """The orders of a run by id, folded from its journal."""

    by_id: dict[str, OrderTold] = field(default_factory=dict)
    forgotten: int = 0
    """How many were let go of."""
    _choices: dict[str, Line] = field(default_factory=dict)
    """Of orders whose own line has not come."""

    def read(self, line: Line) -> None:
        """Takes a line of the agent's journal that is about an order; one about an order that is not known says nothing."""
        kind, order_id = line["type"], line["order_id"]
        if kind == "order":
            self._want(line)
        elif kind == "chosen" and order_id not in self.by_id:
            self._choices[order_id] = line
        elif order_id in self.by_id:
            _READERS[kind](self.by_id[order_id], line)

    def _want(self, line: Line) -> None:
        order_id = line["order_id"]
        self.by_id[order_id] = OrderTold(
            order_id=order_id,
            asset=line["asset"],
            side=line["side"],
            qty=line["qty"],
            price=line["price"],
            style=line["style"],
            is_exit=line["is_reduce_only"],
            posture=line["posture"],
            cap_ppm=line["cap_ppm"],
            wanted_at_ns=line["market_time_ns"],
        )
        if (choice := self._choices.pop(order_id, None)) is not None:
            _read_chosen(self.by_id[order_id], choice)
        if len(self.by_id) > KEPT:
            oldest = next((order for order in self.by_id.values() if order.is_over), None)
            if oldest is not None:
                del self.by_id[oldest.order_id]
                self.forgotten += 1


def tries(orders: Iterable[Line]) -> list[list[Line]]:
    """Orders of a report in rows: one, and those that tried the same again because it had not been filled, within `AGAIN_NS`."""
    rows: list[list[Line]] = []
    last: dict[tuple[str, str], list[Line]] = {}
    for order in orders:
        key = (order["asset"], order["side"])
        row = last.get(key)
        if row is not None and _is_again(row[-1], order):
            row.append(order)
        else:
            row = last[key] = [order]
            rows.append(row)
    return rows


def _is_again(before: Line, order: Line) -> bool:
    is_over = before["outcome"] != FILLED and before["ended_at_ns"] is not None
    is_same = _kind(before) == _kind(order) and order["asked_qty"] is None
    return is_over and is_same and order["wanted_at_ns"] - before["ended_at_ns"] <= AGAIN_NS


def _kind(order: Line) -> tuple[str, str]:
    """What it was for, and why it was denied, if it was."""
    return why_wanted(order), order["reason"] if order["outcome"] == NOT_SENT else ""


def why_wanted(order: Line) -> str:
    """Why an order of the report was sent: "ranked 1, not held"."""
    choice = order["choice"]
    if choice is None:
        return "an exit" if order["is_exit"] else "an entry"
    return str(_WHY.get(choice["purpose"], choice["purpose"])).format(rank=choice["rank"])


def why_so_much(order: Line) -> str:
    """The size's reason: the terms of the target that an entry goes to, or what an exit leaves of the position."""
    choice = order["choice"]
    if choice is None:
        return ""
    if order["is_exit"]:
        return f"{choice['held_qty']} held -> {choice['target_qty']}" if choice["held_qty"] != "0" else "all of it"
    terms = (
        f"{percent(choice['weight_ppm'])} weight",
        f"{percent(choice['conviction_ppm'])} conviction",
        f"{percent(choice['scale_ppm'])} for its volatility",
    )
    return f"{choice['equity_micro_usd'] / ONE:,.0f} USD x {leverage(choice['cap_ppm'])} x " + " x ".join(terms)


def what_became(order: Line) -> str:
    """The end of an order of the report, with how long it took in market time."""
    wanted_ns, outcome = order["wanted_at_ns"], order["outcome"]
    clipped = "" if order["asked_qty"] is None else f"clipped from {order['asked_qty']}; "
    if outcome == NOT_SENT:
        return f"denied: {DENIED.get(order['reason'], order['reason'])}"
    after = "" if order["ended_at_ns"] is None else f" {took(order['ended_at_ns'] - wanted_ns)}"
    filled = "" if order["filled_price"] is None else f"{order['filled_qty']} at {order['filled_price']}"
    if outcome == FILLED:
        return f"{clipped}filled at {order['filled_price']}{after}"
    if order["style"] == "market" and outcome == "cancelled" and filled:
        return f"{clipped}filled {order['filled_qty']} of {order['qty']} at {order['filled_price']}{after}: the touch held no more"
    reason = f" ({order['reason']})" if order["reason"] else ""
    part = f", {filled} of it filled" if filled else ""
    return f"{clipped}{outcome}{after}{reason}{part}"


def result_of(order: Line) -> str:
    """Realised profit or loss of an exit; "" of anything else."""
    return dollars(order["pnl_micro_usd"]) if order["is_exit"] and order["filled_price"] is not None else ""


def _read_chosen(order: OrderTold, line: Line) -> None:
    order.choice = {key: value for key, value in line.items() if key not in ("type", "market_time_ns", "order_id", "asset")}


def _read_denied(order: OrderTold, line: Line) -> None:
    order.outcome, order.reason, order.ended_at_ns = NOT_SENT, line["reason"], line["market_time_ns"]


def _read_clipped(order: OrderTold, line: Line) -> None:
    order.qty, order.asked_qty = line["qty"], line["asked_qty"]


def _read_fill(order: OrderTold, line: Line) -> None:
    before, qty, price = Decimal(order.filled_qty), Decimal(line["qty"]), Decimal(line["price"])
    average = (before * Decimal(order.filled_price or 0) + qty * price) / (before + qty)
    order.filled_qty = _text(before + qty)
    order.filled_price = _text(round(average, 8))
    order.first_fill_ns = order.first_fill_ns or line["market_time_ns"]
    order.fee_micro_usd += line["fee_micro_usd"]
    order.pnl_micro_usd += line["pnl_micro_usd"] or 0
    if before + qty >= Decimal(order.qty):
        order.outcome, order.ended_at_ns = FILLED, line["market_time_ns"]


def _read_ended(order: OrderTold, line: Line) -> None:
    if order.outcome != FILLED:
        order.outcome, order.reason, order.ended_at_ns = line.get("outcome", "lost"), line["reason"], line["market_time_ns"]


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


_READERS: Final[dict[str, Callable[[OrderTold, Line], None]]] = {
    "chosen": _read_chosen,
    "denied": _read_denied,
    "clipped": _read_clipped,
    "fill": _read_fill,
    "cancelled": _read_ended,
    "lost": _read_ended,
}
