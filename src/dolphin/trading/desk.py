"""Everything an order is decided from, in one place: market, entitlement, exposure, the ledger.

The desk is the shell around `dolphin.core.order_gate`: it gives the rule what it needs, and has every step told before it takes effect
(`telling`). A ledger that cannot be written, belongs to another writer or contradicts the venue is a broken invariant: nothing leaves any
more, and the governor is told. A disk that is nearly full is none: entries are turned away, exits leave and are booked. The desk knows
nothing of Nautilus; `agent.execution` brings orders here and takes the answers back.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from dolphin.core import order_gate
from dolphin.core.audit.decisions import steps_of, terms_of
from dolphin.core.audit.steps import (
    AccountTaken,
    AccountValued,
    Entry,
    EquityTold,
    InvariantBroken,
    OrderChosen,
    OrderDenied,
    OrderEnded,
    OrderFilled,
    OrderReplaced,
    OrderWanted,
    RankingHeard,
    RunEnded,
    Step,
)
from dolphin.core.control.belief import BeliefEffect, CapChanged, Grant, TrustEnded
from dolphin.core.control.command import Command
from dolphin.core.ledger import Outcome
from dolphin.core.order_gate import Decision, Deny, Exposure, Limits, Order
from dolphin.core.order_gate.desk import lowered, replaced, to_take_back
from dolphin.core.placing.choice import Choice
from dolphin.core.placing.view import Ranking, Touch
from dolphin.core.units import SECOND_NS
from dolphin.errors import DolphinError
from dolphin.storage.ledger import FillResult
from dolphin.trading.alarm import Alarm
from dolphin.trading.booking import Booking
from dolphin.trading.entitlement import Entitlements
from dolphin.trading.inbound import Features
from dolphin.trading.telling import Telling

EQUITY_EVERY_NS: Final = SECOND_NS
TOP_SHOWN: Final = 5


@dataclass(slots=True)
class Market:
    """The market as last heard."""

    time_ns: int = 0
    touches: dict[str, Touch] = field(default_factory=dict)
    sigma_5s: dict[str, float] = field(default_factory=dict)
    ranking: Ranking | None = None

    def asks_e8(self) -> dict[str, int]:
        """The less favourable side for a buyer, and the larger notional: what exposure is counted at."""
        return {asset: touch.ask_e8 for asset, touch in self.touches.items()}

    def closing_prices_e8(self, positions: Mapping[str, int]) -> dict[str, int]:
        """Where each position could be closed now: longs at the bid, shorts at the ask."""
        return {
            asset: touch.bid_e8 if position > 0 else touch.ask_e8
            for asset, position in positions.items()
            if (touch := self.touches.get(asset)) is not None
        }


class Desk:
    """Admits orders, follows them to their end, and values the account."""

    def __init__(self, booking: Booking, telling: Telling, limits: Mapping[str, Limits]) -> None:
        self._booking = booking
        self._telling = telling
        self._limits = limits
        self._next_equity_ns = 0
        self._now_ns = 0
        self._turned_away: set[str] = set()
        """Assets of which it has been told that there is no room for an entry."""
        self.market = Market()
        self.exposure = Exposure()
        self.fault: DolphinError | None = None
        """Why the ledger cannot be kept; nothing leaves unbooked."""
        self.entitlements: Entitlements
        """Set once by whoever puts the parts together, for they need each other; like `alarm`."""
        self.alarm: Alarm

    @property
    def now_ns(self) -> int:
        """Market time, carried on between batches as the leases see it; never steps back."""
        self._now_ns = max(self._now_ns, self.market.time_ns, self.entitlements.market_time_ns)
        return self._now_ns

    @property
    def equity_micro(self) -> int | None:
        return self._booking.equity_micro

    def grant(self, asset: str) -> Grant:
        """The entitlement, lowered by this account's own drawdown (f5)."""
        return lowered(self.entitlements.grant(asset), self._booking.drawdown_ppm)

    def take_account(self, account: str, run_id: str) -> None:
        """This process is the account's one writer."""
        self._say(AccountTaken(account, run_id, self._booking.epoch))

    def admit(self, order: Order) -> Decision:
        """Decides a new order. When it may leave, the ledger holds the intent and, if it was clipped, how much of it."""
        grant, commands = self.grant(order.asset), self.entitlements.commands(order.asset)
        if self._booking.room.is_short and not order.is_reduce_only and self.fault is None:
            return self._turn_away(order, grant, commands)
        marks_e8, equity_micro = self.market.asks_e8(), self.equity_micro
        exposure, decision = order_gate.admit(self.exposure, order, grant, equity_micro, marks_e8, self._limits.get(order.asset))
        steps = steps_of(order, grant, commands, decision, exposure, equity_micro, marks_e8)
        if self.fault is None:
            with self._booked():
                for step in steps:
                    self._tell(step)
        if self.fault is not None:
            return self._deny_unbooked(order, grant, commands, order_gate.DenyReason.UNBOOKED)
        self.exposure = exposure
        return decision

    def tell_choice(self, order_id: str, asset: str, choice: Choice) -> None:
        """Says why a strategy has sent an order; after it has left, for a reason holds nothing up."""
        self._say(OrderChosen(order_id, asset, choice))

    def admit_replacement(self, order: Order) -> Decision:
        """Decides new terms for a working order; only all or nothing. The ledger keeps the first intent: terms may only shrink it."""
        if self.fault is not None:
            return Deny(order_gate.DenyReason.UNBOOKED)
        grant, marks_e8, equity_micro = self.grant(order.asset), self.market.asks_e8(), self.equity_micro
        limits = self._limits.get(order.asset)
        self.exposure, decision = replaced(self.exposure, order, grant, equity_micro, marks_e8, limits)
        if not isinstance(decision, Deny):
            commands = self.entitlements.commands(order.asset)
            self._say(OrderReplaced(order.order_id, terms_of(order, grant, commands, self.exposure, equity_micro, marks_e8)))
        return decision

    def look_for_room(self) -> None:
        """Whether the disk has room for entries; call it now and then."""
        self._booking.room.look()
        if not self._booking.room.is_short:
            self._turned_away.clear()

    def filled(
        self, order_id: str, fill_id: str, *, asset: str, sign: int, qty_e8: int, price_e8: int, fee_micro: int, is_maker: bool
    ) -> None:
        """The venue dealt. What it has told before (the same `fill_id`) counts once."""
        before = self.exposure
        self.exposure = order_gate.fill(self.exposure, order_id, asset, sign, qty_e8)
        is_last = order_id not in self.exposure.working
        booked = None
        with self._booked():
            booked = self._tell(OrderFilled(order_id, fill_id, asset, sign, qty_e8, price_e8, fee_micro, is_maker, is_last))
            self._value()
            self._mark()
        if booked is not None and booked.is_repeat:
            self.exposure = before
        elif booked is not None and not booked.is_expected:
            self.entitlements.distrust(f"the venue dealt in {order_id}, which the ledger does not know")

    def ended(self, order_id: str, asset: str, outcome: Outcome, detail: str) -> None:
        """The venue says that the order is over without (further) fills."""
        self.exposure = order_gate.close(self.exposure, order_id)
        with self._booked():
            self._tell(OrderEnded(order_id, asset, outcome, detail))

    def orders_to_cancel(self) -> tuple[str, ...]:
        """Working orders that what holds now takes back, by posture or by cap."""
        assets = {working.asset for working in self.exposure.working.values()}
        grants = {asset: self.grant(asset) for asset in sorted(assets)}
        return to_take_back(self.exposure, self.grant(""), grants, self.equity_micro or 0, self.market.asks_e8())

    def waits_for(self) -> str:
        """Why no entry can leave now, in a few words; "" if one could."""
        account = self.entitlements.grant("")
        found = (
            ("" if self.fault is None else f"the ledger cannot be kept: {self.fault.what}"),
            ("" if self.market.time_ns else "no market has been heard yet"),
            ("what holds is not known: the gates have to be read again" if self.entitlements.is_damaged else ""),
            ("" if order_gate.TABLE[account.posture].entries else f"{account.posture} permits no entries"),
            ("" if self.equity_micro is not None else "a position has no price, so the equity is not known"),
            ("" if self.market.ranking is not None and self.market.ranking.rows else "nothing is ranked yet"),
        )
        return next(filter(None, found), "")

    def reject_law(self, what: str) -> None:
        """The market is made under another control law than this process has: it trades no more."""
        self._break("two laws at work", DolphinError(what, remedy="Run the feed, the jobs and the agent from one version of the program."))

    def take_features(self, features: Features) -> None:
        """A market batch: prices, time, equity once a second of market time."""
        if self.market.time_ns == 0:
            self._start_run(features.info.market_time_ns)
        self.market.time_ns = max(self.market.time_ns, features.info.market_time_ns)
        self.market.touches.update(features.touches)
        self.market.sigma_5s.update(features.sigma_5s)
        if self.exposure.positions:
            self._value()
        if self.market.time_ns >= self._next_equity_ns:
            self._next_equity_ns = self.market.time_ns // EQUITY_EVERY_NS * EQUITY_EVERY_NS + EQUITY_EVERY_NS
            self._tell_equity()

    def take_ranking(self, ranking: Ranking) -> None:
        """A new ranking."""
        self.market.ranking = ranking
        heard = RankingHeard(tuple((row.asset, row.score) for row in ranking.rows[:TOP_SHOWN]))
        self._telling.say(self._entry(heard)._replace(market_time_ns=ranking.market_time_ns))

    def tell_effects(self, effects: tuple[BeliefEffect, ...]) -> None:
        """Says what became of the belief. A command is of its own market time, which the batch of that time may not have brought yet."""
        self._now_ns = max(self.now_ns, *(effect.event_time_ns for effect in effects if isinstance(effect, CapChanged)), 0)
        self._say(*effects)
        for effect in effects:
            if isinstance(effect, TrustEnded):
                self._ring(effect.reason)

    def close(self, reason: str) -> None:
        """Ends the run in the ledger."""
        if self.market.time_ns == 0:
            self._start_run(0)
        self._value()
        self._tell_equity()
        with self._booked():
            self._tell(RunEnded(reason))
        self._booking.close()

    def _start_run(self, market_time_ns: int) -> None:
        self._now_ns = max(self._now_ns, market_time_ns)
        with self._booked():
            self._booking.start_run(self._tell)
            self._booking.value({})
            self._mark()

    def _entry(self, step: Step) -> Entry:
        return Entry(self.now_ns, self.entitlements.market_time_ns, step)

    def _tell(self, step: Step) -> FillResult | None:
        return self._telling.tell(self._entry(step))

    def _say(self, *steps: Step) -> None:
        self._telling.say(*map(self._entry, steps))

    @contextmanager
    def _booked(self) -> Iterator[None]:
        """What is told inside is booked together. If that fails, this process trades no more."""
        try:
            with self._telling.together():
                yield
        except DolphinError as error:
            self._break("the ledger cannot be kept", error)

    def _turn_away(self, order: Order, grant: Grant, commands: tuple[Command, ...]) -> Deny:
        """What room is left is for booking exits: an entry is not booked, and said once an asset and shortage."""
        if order.asset in self._turned_away:
            return Deny(order_gate.DenyReason.NO_ROOM)
        self._turned_away.add(order.asset)
        return self._deny_unbooked(order, grant, commands, order_gate.DenyReason.NO_ROOM)

    def _deny_unbooked(self, order: Order, grant: Grant, commands: tuple[Command, ...], reason: order_gate.DenyReason) -> Deny:
        for step in (OrderWanted(order, grant, commands), OrderDenied(order, reason, grant)):
            self._telling.say_unbooked(self._entry(step))
        return Deny(reason)

    def _break(self, what: str, error: DolphinError) -> None:
        """This process trades no more; the first fault is told, what follows from it is not."""
        is_first, self.fault = self.fault is None, self.fault or error
        self.entitlements.close(what)
        if is_first:
            self._ring(f"{what}: {error.what}")

    def _ring(self, reason: str) -> None:
        self.alarm.ring(reason, self.entitlements.last_cause)
        self._say(InvariantBroken(reason, self.entitlements.last_cause))

    def _value(self) -> None:
        self._booking.value(self.market.closing_prices_e8(self.exposure.positions))

    def _mark(self) -> None:
        """Has the ledger take the last valuation: for the drawdown, and written down if it has moved."""
        if self.equity_micro is not None:
            self._tell(AccountValued(self.equity_micro))

    def _tell_equity(self) -> None:
        with self._booked():
            self._mark()
        exposure_micro = self.exposure.exposure_micro(self.market.asks_e8())
        positions = tuple(sorted(self.exposure.positions.items()))
        self._say(EquityTold(self.equity_micro, self._booking.cash_micro, exposure_micro, self._booking.drawdown_ppm, positions))
