"""The agent's hand on the ledger: opening a run, what orders did, and ending it flat.

The intent of an order is on disk before the gate looks at it, its denial or clipping before it leaves; fills and ends as the venue tells
them. Equity is the ledger's cash plus open profit at the prices at which the positions could be closed now.

A run that was killed leaves positions that the sandbox venue, which lived in the same process, no longer has. The next run closes them in
the ledger, openly: a reconciliation entry, a closing fill at average cost under the order id `R-<epoch>-<asset>`, and the loss that the
last mark showed as a fee. A gain that the last mark showed is not granted.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from dolphin.core.control.command import Command
from dolphin.core.ledger import BookedCommand as BookedCommand
from dolphin.core.ledger import Outcome, Side
from dolphin.core.order_gate import ONE_E8, Clip, Decision, Deny, Grant, Order
from dolphin.storage.ledger import FillResult, SqliteLedger


def side_of(sign: int) -> Side:
    """The ledger's side for 1 (buy) or -1 (sell)."""
    return Side.BUY if sign > 0 else Side.SELL


class Booking:
    """One account's ledger for the length of one run."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.equity_micro: int | None = None
        """At the last valuation; None while an open position has no price, which lets no entry through."""

    @classmethod
    def open(cls, path: Path, *, account: str, run_id: str, opening_deposit_micro: int) -> "Booking":
        """Takes over the account. BadInput or Refused where the file is no ledger or does not add up."""
        ledger = SqliteLedger.open(path, account=account, owner=run_id)
        ledger.ensure_opening(opening_deposit_micro, 0)
        return cls(ledger)

    @property
    def epoch(self) -> int:
        """This writer's number; part of every order id, so that ids never repeat."""
        return self._ledger.epoch

    @property
    def cash_micro(self) -> int:
        return self._ledger.balance()

    @property
    def drawdown_ppm(self) -> int:
        """From the high-water mark of all sessions."""
        return self._ledger.drawdown_ppm

    def at_once(self) -> AbstractContextManager[None]:
        """What is written inside reaches the disk together, when it ends."""
        return self._ledger.batch()

    def start_run(self, market_time_ns: int) -> None:
        """Begins the run, and closes out what a killed run left open."""
        ledger = self._ledger
        with ledger.batch():
            ledger.start_run(market_time_ns)
            for order in ledger.open_orders():
                ledger.record_outcome(order.order_id, Outcome.CANCELLED, detail="venue restarted", market_time_ns=market_time_ns)
            if not ledger.reconcile({}, market_time_ns):
                self._close_out(market_time_ns)
        self.value({})
        self.mark(market_time_ns)

    def intend(self, order: Order, grant: Grant, commands: tuple[Command, ...], market_time_ns: int) -> None:
        """Before the gate looks at `order`."""
        self._ledger.record_intent(
            order.order_id,
            asset=order.asset,
            side=side_of(order.side),
            qty_e8=order.qty_e8,
            price_e8=order.price_e8,
            is_reduce_only=order.is_reduce_only,
            cap_ppm=grant.asset_cap_ppm,
            posture=grant.posture,
            commands=[BookedCommand.of(command._asdict() | {"posture": command.posture.name}) for command in commands],
            market_time_ns=market_time_ns,
        )

    def decided(self, order: Order, decision: Decision, market_time_ns: int) -> None:
        """After the gate has looked at `order`, before it leaves."""
        if isinstance(decision, Deny):
            self.ended(order.order_id, Outcome.DENIED, decision.reason, market_time_ns)
        elif isinstance(decision, Clip):
            self._ledger.record_outcome(
                order.order_id, Outcome.CLIPPED, detail="cap or position", qty_e8=decision.qty_e8, market_time_ns=market_time_ns
            )

    def ended(self, order_id: str, outcome: Outcome, detail: str, market_time_ns: int) -> None:
        """The order is over without (further) fills."""
        self._ledger.record_outcome(order_id, outcome, detail=detail, market_time_ns=market_time_ns)

    def filled(
        self, order_id: str, fill_id: str, *, asset: str, sign: int, qty_e8: int, price_e8: int, fee_micro: int, market_time_ns: int
    ) -> FillResult:
        """Books a fill; says what it realised before fees, and whether the ledger knew its order."""
        return self._ledger.record_fill(
            order_id,
            fill_id,
            asset=asset,
            side=side_of(sign),
            qty_e8=qty_e8,
            price_e8=price_e8,
            fee_micro_usd=fee_micro,
            market_time_ns=market_time_ns,
        )

    def value(self, closing_prices_e8: Mapping[str, int]) -> int | None:
        """Values the account at the prices at which each position could be closed; None if an open position has none."""
        is_known = all(asset in closing_prices_e8 for asset in self._ledger.positions)
        self.equity_micro = self._ledger.equity_at(closing_prices_e8) if is_known else None
        return self.equity_micro

    def mark(self, market_time_ns: int) -> None:
        """Has the ledger take the last valuation: for the drawdown, and written down if it has moved."""
        if self.equity_micro is not None:
            self._ledger.mark(self.equity_micro, market_time_ns)

    def close(self, market_time_ns: int, reason: str) -> None:
        """Ends the run in good order."""
        self._ledger.close_run(market_time_ns, reason=reason)
        self._ledger.close()

    def _close_out(self, market_time_ns: int) -> None:
        ledger = self._ledger
        marked_micro = ledger.equity_micro_usd
        for asset, position in sorted(ledger.positions.items()):
            order_id, qty_e8 = f"R-{ledger.epoch}-{asset}", abs(position.qty_e8)
            sign = -1 if position.qty_e8 > 0 else 1
            price_e8 = max(1, abs(position.cost_micro_usd) * ONE_E8 * ONE_E8 // 1_000_000 // qty_e8)
            ledger.record_intent(
                order_id,
                asset=asset,
                side=side_of(sign),
                qty_e8=qty_e8,
                price_e8=None,
                is_reduce_only=True,
                cap_ppm=0,
                posture="HIBERNATE",
                commands=(),
                market_time_ns=market_time_ns,
            )
            ledger.record_fill(
                order_id,
                "restart",
                asset=asset,
                side=side_of(sign),
                qty_e8=qty_e8,
                price_e8=price_e8,
                fee_micro_usd=0,
                market_time_ns=market_time_ns,
            )
        open_loss_micro = self.cash_micro - marked_micro
        if open_loss_micro > 0:
            ledger.record_fee(open_loss_micro, detail="open loss at the last mark of the run before", market_time_ns=market_time_ns)
