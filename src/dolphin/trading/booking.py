"""The account's ledger for the length of one run: taking it over, valuing it, and closing out what a killed run left open.

Equity is the ledger's cash plus open profit at the prices at which the positions could be closed now.

A run that was killed leaves positions that the sandbox venue, which lived in the same process, no longer has. The next run closes them in
the ledger, openly: a comparison with the venue, a closing fill at average cost under the order id `R-<epoch>-<asset>`, and the loss that
the last mark showed as a charge. A gain that the last mark showed is not granted.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from dolphin.core.audit.comparison import compared
from dolphin.core.audit.steps import LossCharged, OrderLost, PositionClosedOut, RunStarted, Step
from dolphin.core.units import price_of_cost_e8
from dolphin.host.home import Home
from dolphin.host.home_lock import require_whole
from dolphin.host.space import Room
from dolphin.storage.ledger import SqliteLedger


class Booking:
    """One account's ledger for the length of one run."""

    def __init__(self, ledger: SqliteLedger, room: Room) -> None:
        self.ledger = ledger
        self.room = room
        self.equity_micro: int | None = None
        """At the last valuation; None while an open position has no price, which lets no entry through."""

    @classmethod
    def open(cls, path: Path, *, account: str, run_id: str, opening_deposit_micro: int) -> "Booking":
        """Takes over the account. BadInput or Refused where the file is no ledger, does not add up, or is being restored."""
        require_whole(Home(path.parent))
        room = Room(path)
        ledger = SqliteLedger.open(path, account=account, owner=run_id, make_room=room.give_up)
        ledger.ensure_opening(opening_deposit_micro, 0)
        return cls(ledger, room)

    @property
    def epoch(self) -> int:
        """This writer's number; part of every order id, so that ids never repeat."""
        return self.ledger.epoch

    @property
    def cash_micro(self) -> int:
        return self.ledger.balance()

    @property
    def drawdown_ppm(self) -> int:
        """From the high-water mark of all sessions."""
        return self.ledger.drawdown_ppm

    def start_run(self, tell: Callable[[Step], object]) -> None:
        """Begins the run, and closes out what a killed run left open; each step is told as it is taken."""
        tell(RunStarted())
        for order in self.ledger.open_orders():
            tell(OrderLost(order.order_id, "venue restarted"))
        marked_micro = self.ledger.equity_micro_usd
        positions = self.ledger.positions
        for comparison in compared({asset: position.qty_e8 for asset, position in positions.items()}, {}):
            tell(comparison)
        for asset, position in sorted(positions.items()):
            qty_e8 = abs(position.qty_e8)
            price_e8 = price_of_cost_e8(abs(position.cost_micro_usd), qty_e8)
            tell(PositionClosedOut(f"R-{self.epoch}-{asset}", asset, -1 if position.qty_e8 > 0 else 1, qty_e8, price_e8))
        open_loss_micro = self.cash_micro - marked_micro
        if positions and open_loss_micro > 0:
            tell(LossCharged(open_loss_micro, "open loss at the last mark of the run before"))

    def value(self, closing_prices_e8: Mapping[str, int]) -> int | None:
        """Values the account at the prices at which each position could be closed; None if an open position has none."""
        is_known = all(asset in closing_prices_e8 for asset in self.ledger.positions)
        self.equity_micro = self.ledger.equity_at(closing_prices_e8) if is_known else None
        return self.equity_micro

    def close(self) -> None:
        """Lets the ledger go."""
        self.ledger.close()
