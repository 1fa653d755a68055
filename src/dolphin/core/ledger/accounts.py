"""What the entries add up to: balances, positions, orders, equity, and the rules for the next entry.

`Accounts` is the fold of an account's entries. `plan(event)` says, without changing anything, which legs the event must have here, or why
it is refused, or that it repeats what is already booked; `apply(content)` is the one thing that changes them. Writing an entry is plan,
store, apply; verification is the same plan, compared with what was stored.

The ledger records facts, so it refuses little: what breaks the accounts, reuses a name, or contradicts an entry. A fill nobody intended or
an outcome that comes late happened all the same and is booked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dolphin.core.ledger import chain
from dolphin.core.ledger.chain import Content
from dolphin.core.ledger.chart import (
    ACCOUNTS,
    CASH,
    FEES,
    FUNDING,
    OPEN_CONTRACTS,
    OPENING_CAPITAL,
    REALISED_PNL,
    Leg,
    position_account,
    transfer,
)
from dolphin.core.ledger.events import (
    MAX_INTEGER,
    Fee,
    Fill,
    Funding,
    LedgerEvent,
    Mark,
    OpeningDeposit,
    Operation,
    OrderIntent,
    OrderOutcome,
    Outcome,
    Reconciliation,
    RunEnd,
    RunStart,
)
from dolphin.core.ledger.position import FLAT, Position, book_fill
from dolphin.core.units import ONE

MARK_STEP_PPM = 100
"""Equity is written down when it has moved by this share of the high-water mark (1 basis point):
bounds both the writes and what a crash forgets."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An event that may be booked, with the legs it must have."""

    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """The event is booked already; nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The event may not be booked, and why."""

    why: str


BookingDecision = Plan | Repeat | Refusal

_UNMARKED = Mark(0, 0)


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """An order as far as the ledger knows. `intent` is None for an order that only appeared through a fill."""

    order_id: str
    intent: OrderIntent | None
    qty_e8: int
    filled_qty_e8: int = 0
    outcomes: tuple[Outcome, ...] = ()

    @property
    def is_open(self) -> bool:
        """Something is still expected of it; after a restart it has to be reconciled with the venue."""
        return self.filled_qty_e8 < self.qty_e8 and not any(outcome.is_final for outcome in self.outcomes)


@dataclass(slots=True)
class Accounts:
    """The fold of one account's entries. Balances are debit-positive micro-dollars."""

    balances: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACCOUNTS, 0))
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[str, BookedOrder] = field(default_factory=dict)
    fills: dict[tuple[str, str], Fill] = field(default_factory=dict)
    equity_micro_usd: int = 0
    high_water_mark_micro_usd: int = 0
    recorded: Mark = _UNMARKED
    is_opened: bool = False

    def plan(self, event: LedgerEvent) -> BookingDecision:
        """Which legs `event` must have here. Total: every event gets an answer."""
        try:
            chain.encode_faithfully(Content(0, event, ()))
        except ValueError as error:
            return Refusal(str(error))
        return self.plan_decoded(event)

    def plan_decoded(self, event: LedgerEvent) -> BookingDecision:
        """`plan` for an event that comes from decoding an entry: its fields have their types and ranges already."""
        decision = _PLANS[type(event)](self, event)
        if isinstance(decision, Plan) and (fault := self._overflow(event, decision.legs)) is not None:
            return Refusal(fault)
        return decision

    def apply(self, content: Content) -> None:
        """Adds an entry that `plan` allowed."""
        for leg in content.legs:
            self.balances[leg.account] = self.balances.get(leg.account, 0) + leg.amount_micro_usd
        match content.event:
            case OpeningDeposit(amount):
                self.is_opened = True
                self.observe(amount)
                self.recorded = Mark(amount, self.high_water_mark_micro_usd)
            case OrderIntent() as intent:
                self.orders[intent.order_id] = BookedOrder(intent.order_id, intent, intent.qty_e8)
            case OrderOutcome() as event:
                self._apply_outcome(event)
            case Fill() as fill:
                self._apply_fill(fill)
            case Mark() as mark:
                self.equity_micro_usd = mark.equity_micro_usd
                self.high_water_mark_micro_usd = mark.high_water_mark_micro_usd
                self.recorded = mark
            case _:
                pass

    def observe(self, equity_micro_usd: int) -> None:
        """Takes a reading of the equity; whether it is also written down is `is_worth_marking`."""
        self.equity_micro_usd = equity_micro_usd
        self.high_water_mark_micro_usd = max(self.high_water_mark_micro_usd, equity_micro_usd)

    def mark(self) -> Mark:
        return Mark(self.equity_micro_usd, self.high_water_mark_micro_usd)

    def is_worth_marking(self) -> bool:
        """Whether equity or its high-water mark has moved by `MARK_STEP_PPM` since it was last written."""
        step = self.recorded.high_water_mark_micro_usd * MARK_STEP_PPM // ONE
        moved = abs(self.equity_micro_usd - self.recorded.equity_micro_usd)
        rose = self.high_water_mark_micro_usd - self.recorded.high_water_mark_micro_usd
        return max(moved, rose) > step

    def position(self, asset: str) -> Position:
        return self.positions.get(asset, FLAT)

    def equity_at(self, price_e8: Mapping[str, int]) -> int:
        """Cash and open profit at these prices, micro-dollars, rounded down.

        Raises:
            KeyError: an open position has no price.
        """
        return self.balances[CASH] + sum(
            position.value_micro_usd(price_e8[asset]) - position.cost_micro_usd for asset, position in self.positions.items()
        )

    @property
    def drawdown_ppm(self) -> int:
        """Loss from the high-water mark as a share of it, rounded up; everything is lost where there never was anything."""
        high = self.high_water_mark_micro_usd
        if high <= 0:
            return ONE
        return min(ONE, -((self.equity_micro_usd - high) * ONE // high))

    def open_orders(self) -> tuple[BookedOrder, ...]:
        """Orders of which something is still expected, oldest first."""
        return tuple(order for order in self.orders.values() if order.is_open)

    def _apply_outcome(self, event: OrderOutcome) -> None:
        order = self.orders[event.order_id]
        qty_e8 = order.qty_e8 if event.qty_e8 is None else event.qty_e8
        self.orders[event.order_id] = replace(order, qty_e8=qty_e8, outcomes=(*order.outcomes, event.outcome))

    def _apply_fill(self, fill: Fill) -> None:
        self.fills[fill.order_id, fill.fill_id] = fill
        order = self.orders.get(fill.order_id) or BookedOrder(fill.order_id, None, 0)
        self.orders[fill.order_id] = replace(order, filled_qty_e8=order.filled_qty_e8 + fill.qty_e8)
        after = book_fill(self.position(fill.asset), fill.side.sign * fill.qty_e8, fill.price_e8).position
        if after.qty_e8:
            self.positions[fill.asset] = after
        else:
            self.positions.pop(fill.asset, None)

    def _overflow(self, event: LedgerEvent, legs: tuple[Leg, ...]) -> str | None:
        results = [self.balances.get(leg.account, 0) + leg.amount_micro_usd for leg in legs]
        results += [leg.amount_micro_usd for leg in legs]
        if isinstance(event, Fill):
            results.append(self.position(event.asset).qty_e8 + event.side.sign * event.qty_e8)
        return "an amount or a quantity would leave the 64-bit range" if any(abs(result) > MAX_INTEGER for result in results) else None


def _plan_nothing(accounts: Accounts, event: LedgerEvent) -> BookingDecision:
    return Plan()


def _plan_opening(accounts: Accounts, event: OpeningDeposit) -> BookingDecision:
    if accounts.is_opened:
        return Refusal("the account has its opening deposit already")
    if event.amount_micro_usd <= 0:
        return Refusal("amount_micro_usd of an opening deposit must be positive")
    return Plan(transfer(CASH, OPENING_CAPITAL, event.amount_micro_usd))


def _plan_intent(accounts: Accounts, event: OrderIntent) -> BookingDecision:
    order = accounts.orders.get(event.order_id)
    if order is not None:
        return Repeat() if order.intent == event else Refusal("order_id is taken by another order")
    if event.qty_e8 <= 0:
        return Refusal("qty_e8 must be positive")
    if event.price_e8 is not None and event.price_e8 <= 0:
        return Refusal("price_e8 must be positive, or None for a market order")
    return Plan()


def _plan_outcome(accounts: Accounts, event: OrderOutcome) -> BookingDecision:
    order = accounts.orders.get(event.order_id)
    if order is None:
        return Refusal("no intent of this order_id is booked")
    if event.outcome.is_final:
        if event.qty_e8 is not None:
            return Refusal("only a clipped order has a new qty_e8")
        return Repeat() if event.outcome in order.outcomes else Plan()
    if event.qty_e8 is None or not 0 < event.qty_e8 <= order.qty_e8:
        return Refusal("qty_e8 of a clipped order must be positive and not above what it was")
    return Repeat() if event.qty_e8 == order.qty_e8 else Plan()


def _plan_fill(accounts: Accounts, event: Fill) -> BookingDecision:
    known = accounts.fills.get((event.order_id, event.fill_id))
    if known is not None:
        return Repeat() if known == event else Refusal("this fill_id of this order is booked with other values")
    if event.qty_e8 <= 0 or event.price_e8 <= 0:
        return Refusal("qty_e8 and price_e8 of a fill must be positive")
    booked = book_fill(accounts.position(event.asset), event.side.sign * event.qty_e8, event.price_e8)
    return Plan(
        transfer(position_account(event.asset), OPEN_CONTRACTS, booked.cost_change_micro_usd)
        + transfer(CASH, REALISED_PNL, booked.pnl_micro_usd)
        + transfer(FEES, CASH, event.fee_micro_usd)
    )


def _plan_fee(accounts: Accounts, event: Fee) -> BookingDecision:
    return Plan(transfer(FEES, CASH, event.amount_micro_usd))


def _plan_funding(accounts: Accounts, event: Funding) -> BookingDecision:
    return Plan(transfer(CASH, FUNDING, event.amount_micro_usd))


def _plan_mark(accounts: Accounts, event: Mark) -> BookingDecision:
    if event.high_water_mark_micro_usd < max(event.equity_micro_usd, accounts.recorded.high_water_mark_micro_usd):
        return Refusal("the high-water mark can be neither below the equity nor lower than it was")
    return Plan()


def _plan_reconciliation(accounts: Accounts, event: Reconciliation) -> BookingDecision:
    if event.ledger_qty_e8 != accounts.position(event.asset).qty_e8:
        return Refusal("ledger_qty_e8 is not what the entries add up to")
    return Plan()


_PLANS: dict[type, Callable[[Accounts, Any], BookingDecision]] = {
    RunStart: _plan_nothing,
    RunEnd: _plan_nothing,
    OpeningDeposit: _plan_opening,
    OrderIntent: _plan_intent,
    OrderOutcome: _plan_outcome,
    Fill: _plan_fill,
    Fee: _plan_fee,
    Funding: _plan_funding,
    Mark: _plan_mark,
    Reconciliation: _plan_reconciliation,
    Operation: _plan_nothing,
}
