"""The ledger as the agent uses it: valuation, and what a killed run leaves behind."""

from pathlib import Path

from dolphin.core.audit.steps import AccountValued, Entry, OrderFilled, OrderWanted, Step
from dolphin.core.audit.trace import TraceEvent
from dolphin.core.contract.lines import Line
from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Order, Style
from dolphin.core.units import ONE, ONE_E8
from dolphin.storage.ledger import SqliteLedger
from dolphin.trading.booking import Booking
from dolphin.trading.telling import Telling

GRANT = Grant("APEX", ONE, ONE, False)


class Run:
    """A booking with the telling around it, as the desk uses them."""

    def __init__(self, home: Path, run_id: str) -> None:
        self.booking = Booking.open(home / "ledger.sqlite", account="paper", run_id=run_id, opening_deposit_micro=1_000 * ONE)
        self.lines: list[Line] = []
        self.trace: list[TraceEvent] = []
        self.telling = Telling(self.booking.ledger, self.lines.append, self.trace.append)
        with self.telling.together():
            self.booking.start_run(self.tell)
            self.booking.value({})
            self.mark()

    def tell(self, step: Step) -> None:
        self.telling.tell(Entry(1, 1, step))

    def mark(self) -> None:
        if self.booking.equity_micro is not None:
            self.tell(AccountValued(self.booking.equity_micro))

    def buy(self, order_id: str, qty_e8: int, price_e8: int, fee_micro: int = 0) -> None:
        order = Order(order_id, "A", 1, qty_e8, Style.MARKET, None, False)
        self.tell(OrderWanted(order, GRANT, ()))
        self.tell(OrderFilled(order_id, "t1", "A", 1, qty_e8, price_e8, fee_micro, False, True))


def test_equity_is_cash_and_open_profit_at_closing_prices(tmp_path: Path) -> None:
    run = Run(tmp_path, "one")
    run.buy("1", 2 * ONE_E8, 100 * ONE_E8, fee_micro=ONE)
    assert run.booking.value({"A": 90 * ONE_E8}) == (1_000 - 1 - 20) * ONE
    run.mark()
    assert run.booking.drawdown_ppm == 21_000


def test_a_position_without_a_price_makes_equity_unknown(tmp_path: Path) -> None:
    run = Run(tmp_path, "one")
    run.buy("1", ONE_E8, 100 * ONE_E8)
    assert run.booking.value({}) is None
    run.mark()
    assert run.booking.drawdown_ppm == 0, "an unknown equity is no reading"


def test_positions_of_a_killed_run_are_closed_at_their_last_marked_worth(tmp_path: Path) -> None:
    first = Run(tmp_path, "one")
    first.buy("1", 3 * ONE_E8, 33_333_333_333)
    worth = first.booking.value({"A": 300 * ONE_E8})
    first.mark()
    second = Run(tmp_path, "two")
    assert second.booking.equity_micro == second.booking.cash_micro == worth
    second.booking.close()
    ledger = SqliteLedger.open(tmp_path / "ledger.sqlite", account="paper", owner="reader")
    assert not ledger.positions
    assert not ledger.open_orders()


def test_a_gain_that_was_only_marked_is_not_granted(tmp_path: Path) -> None:
    first = Run(tmp_path, "one")
    first.buy("1", ONE_E8, 100 * ONE_E8)
    first.booking.value({"A": 150 * ONE_E8})
    first.mark()
    second = Run(tmp_path, "two")
    assert second.booking.cash_micro == 1_000 * ONE
    assert second.booking.drawdown_ppm > 0, "the high-water mark stays"


def test_order_ids_of_two_runs_differ(tmp_path: Path) -> None:
    assert Run(tmp_path, "one").booking.epoch != Run(tmp_path, "two").booking.epoch


def test_the_opening_deposit_is_booked_once(tmp_path: Path) -> None:
    Run(tmp_path, "one").booking.close()
    assert Run(tmp_path, "two").booking.cash_micro == 1_000 * ONE


def test_what_a_killed_run_left_is_closed_out_openly(tmp_path: Path) -> None:
    first = Run(tmp_path, "one")
    first.buy("1", ONE_E8, 100 * ONE_E8)
    first.tell(OrderWanted(Order("2", "A", 1, ONE_E8, Style.LIMIT, 90 * ONE_E8, False), GRANT, ()))
    first.booking.value({"A": 60 * ONE_E8})
    first.mark()
    second = Run(tmp_path, "two")
    order_id = f"R-{second.booking.epoch}-A"
    told = [{key: value for key, value in line.items() if key != "market_time_ns"} for line in second.lines]
    assert told == [
        {"type": "lost", "order_id": "2", "reason": "venue restarted"},
        {"type": "compared", "asset": "A", "ledger_qty": "1", "venue_qty": "0"},
        {"type": "closed_out", "order_id": order_id, "asset": "A", "side": "SELL", "qty": "1", "price": "100"},
        {"type": "charged", "amount_micro_usd": 40 * ONE, "reason": "open loss at the last mark of the run before"},
    ]
    assert not second.trace, "the venue that the model checker knows began with this run"
