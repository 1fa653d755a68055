"""The ledger as the agent uses it: valuation, and what a killed run leaves behind."""

from pathlib import Path

from dolphin.core.order_gate import ONE, ONE_E8, Grant, Order, Style
from dolphin.storage.ledger import SqliteLedger
from dolphin.trading.booking import Booking

GRANT = Grant("APEX", ONE, ONE, False)


def open_booking(home: Path, run_id: str) -> Booking:
    booking = Booking.open(home / "ledger.sqlite", account="paper", run_id=run_id, opening_deposit_micro=1_000 * ONE)
    booking.start_run(1)
    return booking


def buy(booking: Booking, order_id: str, qty_e8: int, price_e8: int, fee_micro: int = 0) -> None:
    booking.intend(Order(order_id, "A", 1, qty_e8, Style.MARKET, None, False), GRANT, (), 2)
    booking.filled(order_id, "t1", asset="A", sign=1, qty_e8=qty_e8, price_e8=price_e8, fee_micro=fee_micro, market_time_ns=3)


def test_equity_is_cash_and_open_profit_at_closing_prices(tmp_path: Path) -> None:
    booking = open_booking(tmp_path, "one")
    buy(booking, "1", 2 * ONE_E8, 100 * ONE_E8, fee_micro=ONE)
    assert booking.value({"A": 90 * ONE_E8}) == (1_000 - 1 - 20) * ONE
    booking.mark(4)
    assert booking.drawdown_ppm == 21_000


def test_a_position_without_a_price_makes_equity_unknown(tmp_path: Path) -> None:
    booking = open_booking(tmp_path, "one")
    buy(booking, "1", ONE_E8, 100 * ONE_E8)
    assert booking.value({}) is None
    booking.mark(4)
    assert booking.drawdown_ppm == 0, "an unknown equity is no reading"


def test_positions_of_a_killed_run_are_closed_at_their_last_marked_worth(tmp_path: Path) -> None:
    first = open_booking(tmp_path, "one")
    buy(first, "1", 3 * ONE_E8, 33_333_333_333)
    worth = first.value({"A": 300 * ONE_E8})
    first.mark(4)
    second = open_booking(tmp_path, "two")
    assert second.equity_micro == second.cash_micro == worth
    second.close(9, "done")
    ledger = SqliteLedger.open(tmp_path / "ledger.sqlite", account="paper", owner="reader")
    assert not ledger.positions
    assert not ledger.open_orders()


def test_a_gain_that_was_only_marked_is_not_granted(tmp_path: Path) -> None:
    first = open_booking(tmp_path, "one")
    buy(first, "1", ONE_E8, 100 * ONE_E8)
    first.value({"A": 150 * ONE_E8})
    first.mark(4)
    second = open_booking(tmp_path, "two")
    assert second.cash_micro == 1_000 * ONE
    assert second.drawdown_ppm > 0, "the high-water mark stays"


def test_order_ids_of_two_runs_differ(tmp_path: Path) -> None:
    assert open_booking(tmp_path, "one").epoch != open_booking(tmp_path, "two").epoch


def test_the_opening_deposit_is_booked_once(tmp_path: Path) -> None:
    open_booking(tmp_path, "one").close(5, "done")
    assert open_booking(tmp_path, "two").cash_micro == 1_000 * ONE
