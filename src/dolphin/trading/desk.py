"""Everything an order is decided from, in one place: market, entitlement, the gate's book, the ledger.

The desk is the shell around `dolphin.core.order_gate`: it gives the rule what it needs, has the ledger write down each step before it takes
effect, and says in the journal what was decided. A ledger that cannot be written, belongs to another writer or contradicts the venue is a
broken invariant: nothing leaves any more, and the governor is told. It knows nothing of Nautilus; `gated` brings orders here and takes the
answers back.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from dolphin.core import order_gate as gate
from dolphin.core.audit.trace import Admitted, Denied, Ended, Filled, Intent, Replaced, Term, TraceEvent
from dolphin.core.control.factors import f5
from dolphin.core.ledger import Outcome
from dolphin.core.order_gate import Clip, Decision, Deny, Exposure, Grant, Limits, Order
from dolphin.core.units import mul
from dolphin.errors import DolphinError
from dolphin.trading.alarm import Alarm
from dolphin.trading.booking import Booking, side_of
from dolphin.trading.entitlement import LEASE_EXPIRED, CapChange, Change, Entitlements, PostureChange
from dolphin.trading.inbound import Features, Ranking, Touch
from dolphin.trading.journal import Journal, OnEvent

EQUITY_EVERY_NS: Final = 1_000_000_000
TOP_SHOWN: Final = 5
UNKNOWN_SHARE_PPM: Final = 2**31 - 1


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

    def __init__(self, booking: Booking, journal: Journal, on_event: OnEvent, limits: Mapping[str, Limits]) -> None:
        """`on_event` gets each step for the trace, as it is taken."""
        self._booking = booking
        self._journal = journal
        self._on_event = on_event
        self._limits = limits
        self._next_equity_ns = 0
        self._now_ns = 0
        self.market = Market()
        self.book = Exposure()
        self.fault: DolphinError | None = None
        """Why the ledger cannot be kept; nothing leaves unbooked."""
        self.entitlements: Entitlements
        """Set once by `node`, whose callbacks need the desk first, like `alarm`."""
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
        granted = self.entitlements.grant(asset)
        stress_ppm = f5(self._booking.drawdown_ppm)
        return Grant(
            granted.posture, mul(granted.account_cap_ppm, stress_ppm), mul(granted.asset_cap_ppm, stress_ppm), granted.passive_only
        )

    def admit(self, order: Order) -> Decision:
        """Decides a new order. When this returns, the ledger holds the intent and, unless it is plainly allowed, the outcome."""
        limits, marks_e8 = self._limits.get(order.asset), self.market.asks_e8()
        decision: Decision = Deny(gate.DenyReason.UNBOOKED)
        traced: tuple[TraceEvent, ...] = ()
        with self._booked(), self._booking.at_once():
            grant = self._intend(order)
            self.book, decision = gate.admit(self.book, order, grant, self.equity_micro, marks_e8, limits)
            self._tell_decision(order, grant, decision)
            traced = self._traced(order, grant, decision)
        if self.fault is not None:
            return Deny(gate.DenyReason.UNBOOKED)
        for event in traced:
            self._on_event(event)
        return decision

    def admit_replacement(self, order: Order) -> Decision:
        """Decides new terms for a working order; only all or nothing. The ledger keeps the first intent: terms may only shrink it."""
        working = self.book.working.get(order.order_id)
        if working is None or order.qty_e8 > working.remaining_e8:
            return Deny(gate.DenyReason.OVER_CAP)
        grant = self.grant(order.asset)
        self.book, decision = gate.replace(self.book, order, grant, self.equity_micro, self.market.asks_e8(), self._limits.get(order.asset))
        if not isinstance(decision, Deny):
            terms = self._terms(order, grant)
            self._on_event(Replaced(market_time_ns=self.entitlements.market_time_ns, order_id=order.order_id, terms=terms))
        return decision

    def filled(
        self, order_id: str, fill_id: str, *, asset: str, sign: int, qty_e8: int, price_e8: int, fee_micro: int, is_maker: bool
    ) -> None:
        """The venue dealt."""
        now_ns = self.now_ns
        self.book = gate.fill(self.book, order_id, asset, sign, qty_e8)
        booked = None
        with self._booked(), self._booking.at_once():
            booked = self._booking.filled(
                order_id, fill_id, asset=asset, sign=sign, qty_e8=qty_e8, price_e8=price_e8, fee_micro=fee_micro, market_time_ns=now_ns
            )
            self._value()
            self._booking.mark(now_ns)
        if booked is not None and not booked.is_expected:
            self.entitlements.distrust(f"the venue dealt in {order_id}, which the ledger does not know")
        if booked is not None:
            is_last = order_id not in self.book.working
            self._on_event(Filled(market_time_ns=self.entitlements.market_time_ns, order_id=order_id, fill_id=fill_id, is_last=is_last))
        self._journal.write(
            "fill",
            now_ns,
            order_id=order_id,
            asset=asset,
            side=side_of(sign).value,
            qty=as_decimal(qty_e8),
            price=as_decimal(price_e8),
            fee_micro_usd=fee_micro,
            pnl_micro_usd=None if booked is None else booked.pnl_micro_usd,
            is_maker=is_maker,
        )

    def ended(self, order_id: str, asset: str, outcome: Outcome, detail: str) -> None:
        """The venue says that the order is over without (further) fills."""
        self.book = gate.close(self.book, order_id)
        with self._booked():
            self._booking.ended(order_id, outcome, detail, self.now_ns)
            self._on_event(Ended(market_time_ns=self.entitlements.market_time_ns, order_id=order_id, outcome=outcome.value))
        self._journal.write("cancelled", self.now_ns, order_id=order_id, asset=asset, outcome=outcome.value, reason=detail)

    def orders_to_cancel(self) -> tuple[str, ...]:
        """Working orders that what holds now takes back, by posture or by cap."""
        account = self.grant("")
        assets = {working.asset for working in self.book.working.values()}
        grants = {asset: self.grant(asset) for asset in sorted(assets)}
        by_posture = {
            order_id
            for asset, grant in grants.items()
            for order_id in gate.cancels(self.book, grant.posture, grant.passive_only)
            if self.book.working[order_id].asset == asset
        }
        caps_ppm = {asset: grant.asset_cap_ppm for asset, grant in grants.items()}
        by_cap = gate.cancels_over_cap(self.book, caps_ppm, account.account_cap_ppm, self.equity_micro or 0, self.market.asks_e8())
        return tuple(order_id for order_id in self.book.working if order_id in by_posture or order_id in by_cap)

    def reject_law(self, what: str) -> None:
        """The market is made under another control law than this process has: it trades no more."""
        self._break("two laws at work", DolphinError(what, remedy="Run the feed, the jobs and the agent from one version of the program."))

    def take_features(self, features: Features) -> None:
        """A market batch: prices, time, equity once a second of market time."""
        if self.market.time_ns == 0:
            with self._booked():
                self._booking.start_run(features.info.market_time_ns)
        self.market.time_ns = max(self.market.time_ns, features.info.market_time_ns)
        self.market.touches.update(features.touches)
        self.market.sigma_5s.update(features.sigma_5s)
        if self.book.positions:
            self._value()
        if self.market.time_ns >= self._next_equity_ns:
            self._next_equity_ns = self.market.time_ns // EQUITY_EVERY_NS * EQUITY_EVERY_NS + EQUITY_EVERY_NS
            self._tell_equity()

    def take_ranking(self, ranking: Ranking) -> None:
        """A new ranking."""
        self.market.ranking = ranking
        top = [{"asset": row.asset, "score": round(row.score, 6)} for row in ranking.rows[:TOP_SHOWN]]
        self._journal.write("ranking", ranking.market_time_ns, top=top)

    def tell_changes(self, changes: tuple[Change, ...]) -> None:
        """Says what the entitlement became. A command is of its own market time, which the batch of that time may not have brought yet."""
        self._now_ns = max(self.now_ns, *(change.event_time_ns for change in changes if isinstance(change, CapChange)), 0)
        for change in changes:
            if isinstance(change, PostureChange):
                self._journal.write(
                    "posture",
                    self.now_ns,
                    **{"from": change.before.name, "to": change.after.name},
                    reason=change.reason,
                    cause_ids=change.cause_ids,
                )
            else:
                self._tell_cap(change)
                if change.reason == LEASE_EXPIRED:
                    self._journal.write("lease", self.now_ns, asset=change.asset, expired_at_ns=change.event_time_ns)

    def close(self, reason: str) -> None:
        """Ends the run in the ledger."""
        with self._booked():
            if self.market.time_ns == 0:
                self._booking.start_run(0)
            self._value()
        self._tell_equity()
        with self._booked():
            self._booking.close(self.now_ns, reason)

    def _intend(self, order: Order) -> Grant:
        grant = self.grant(order.asset)
        self._booking.intend(order, grant, self.entitlements.commands(order.asset), self.now_ns)
        self._journal.write(
            "order",
            self.now_ns,
            order_id=order.order_id,
            asset=order.asset,
            side=side_of(order.side).value,
            qty=as_decimal(order.qty_e8),
            price=None if order.price_e8 is None else as_decimal(order.price_e8),
            style=order.style.value,
            is_reduce_only=order.is_reduce_only,
            posture=grant.posture,
            cap_ppm=grant.asset_cap_ppm,
        )
        return grant

    def _tell_decision(self, order: Order, grant: Grant, decision: Decision) -> None:
        self._booking.decided(order, decision, self.now_ns)
        if isinstance(decision, Deny):
            self._journal.write(
                "denied",
                self.now_ns,
                order_id=order.order_id,
                asset=order.asset,
                side=side_of(order.side).value,
                qty=as_decimal(order.qty_e8),
                reason=decision.reason.value,
                posture=grant.posture,
            )
        elif isinstance(decision, Clip):
            self._journal.write(
                "clipped",
                self.now_ns,
                order_id=order.order_id,
                asset=order.asset,
                side=side_of(order.side).value,
                qty=as_decimal(decision.qty_e8),
                asked_qty=as_decimal(order.qty_e8),
                cap_ppm=grant.asset_cap_ppm,
            )

    def _traced(self, order: Order, grant: Grant, decision: Decision) -> tuple[TraceEvent, ...]:
        """What the trace has to say of a decision, once it is on disk."""
        now_ns, order_id = self.entitlements.market_time_ns, order.order_id
        if isinstance(decision, Deny):
            return (Denied(market_time_ns=now_ns, order_id=order_id, reason=decision.reason.value),)
        qty_e8 = decision.qty_e8 if isinstance(decision, Clip) else order.qty_e8
        price_e8 = max(self.market.asks_e8().get(order.asset, 0), order.price_e8 or 0)
        notional_micro, terms = gate.notional_micro(qty_e8, price_e8), self._terms(order, grant)
        return (
            Admitted(market_time_ns=now_ns, order_id=order_id, asset=order.asset, notional_micro_usd=notional_micro, terms=terms),
            Intent(market_time_ns=now_ns, order_id=order_id),
        )

    def _terms(self, order: Order, grant: Grant) -> tuple[Term, ...]:
        """What an entry that is in the book now stands on: the account's command, then the asset's. An exit stands on nothing."""
        if order.is_reduce_only:
            return ()
        marks_e8, equity_micro = self.market.asks_e8(), self.equity_micro
        account, asset = self.entitlements.commands(order.asset)
        stands_on = (
            (account, grant.account_cap_ppm, self.book.exposure_micro(marks_e8)),
            (asset, grant.asset_cap_ppm, self.book.exposure_micro(marks_e8, order.asset)),
        )
        return tuple(
            [
                Term(key=c.key, epoch=c.epoch, seq=c.seq, cap_ppm=cap_ppm, exposure_ppm=_share_ppm(exposure_micro, equity_micro))
                for c, cap_ppm, exposure_micro in stands_on
            ]
        )

    def _tell_cap(self, change: CapChange) -> None:
        self._journal.write(
            "cap",
            self.now_ns,
            asset=change.asset,
            from_ppm=change.from_ppm,
            to_ppm=change.to_ppm,
            reason=change.reason,
            cause_ids=change.cause_ids,
            event_time_ns=change.event_time_ns,
        )

    @contextmanager
    def _booked(self) -> Iterator[None]:
        """Writes to the ledger inside. If one fails, this process trades no more."""
        try:
            yield
        except DolphinError as error:
            self._break("the ledger cannot be kept", error)

    def _break(self, what: str, error: DolphinError) -> None:
        """This process trades no more; the first fault is told, what follows from it is not."""
        if self.fault is None:
            self.fault = error
            self.alarm.ring(f"{what}: {error.what}", self.entitlements.last_cause)
        self.entitlements.close(what)

    def _value(self) -> None:
        self._booking.value(self.market.closing_prices_e8(self.book.positions))

    def _tell_equity(self) -> None:
        with self._booked():
            self._booking.mark(self.now_ns)
        exposure_micro = self.book.exposure_micro(self.market.asks_e8())
        self._journal.write(
            "equity",
            self.now_ns,
            equity_micro_usd=self.equity_micro,
            cash_micro_usd=self._booking.cash_micro,
            exposure_micro_usd=exposure_micro,
            drawdown_ppm=self._booking.drawdown_ppm,
            positions={asset: as_decimal(qty) for asset, qty in sorted(self.book.positions.items())},
        )


def _share_ppm(exposure_micro: int | None, equity_micro: int | None) -> int:
    """The exposure as a share of the equity, rounded up; what is not known is beyond every cap."""
    if exposure_micro is None or not equity_micro:
        return UNKNOWN_SHARE_PPM
    return -(-exposure_micro * gate.ONE // equity_micro)


def as_decimal(value_e8: int) -> str:
    """An e8 integer as plain decimal text: 150_000_000 is "1.5"."""
    sign, whole, part = "-" if value_e8 < 0 else "", *divmod(abs(value_e8), gate.ONE_E8)
    return f"{sign}{whole}.{part:08d}".rstrip("0").rstrip(".")
