"""The accounts' rules one by one: which legs an event has, what is refused and why, when an order is open, when equity is written down."""

import pytest

from dolphin.core.ledger.accounts import Accounts, BookingDecision, Plan, Refusal, Repeat
from dolphin.core.ledger.chain import Content
from dolphin.core.ledger.chart import CASH, FEES, FUNDING, OPEN_CONTRACTS, OPENING_CAPITAL, REALISED_PNL, Leg
from dolphin.core.ledger.events import (
    Fee,
    Fill,
    Funding,
    GateReading,
    LedgerEvent,
    Mark,
    OpeningDeposit,
    Operation,
    OperationStage,
    OrderIntent,
    OrderOutcome,
    Outcome,
    Reconciliation,
    RunEnd,
    RunStart,
    Side,
)
from dolphin.core.ledger.position import Position

BTC = 10**8
USD = 10**8
DOLLAR = 1_000_000
DEPOSIT = 10_000 * DOLLAR

HELD = GateReading("APEX", 6_000_000, 1_000_000, "", "APEX", 0, 0)
OPERATION = Operation("op-1", OperationStage.ASKED, "ann", "force TURTLE", "paper", "news", "", HELD, HELD)


def intent(order_id: str = "O-1", qty_e8: int = 2 * BTC, price_e8: int | None = None) -> OrderIntent:
    return OrderIntent(order_id, "BTCUSDT", Side.BUY, qty_e8, price_e8, False, 2_000_000, "STALKER", ())


def fill(fill_id: str = "1", side: Side = Side.BUY, qty_e8: int = BTC, price_e8: int = 100 * USD, fee: int = 5) -> Fill:
    return Fill("O-1", fill_id, "BTCUSDT", side, qty_e8, price_e8, fee)


def accounts_of(*events: LedgerEvent) -> Accounts:
    accounts = Accounts()
    for event in (OpeningDeposit(DEPOSIT), *events):
        decision = accounts.plan(event)
        assert isinstance(decision, Plan), (event, decision)
        accounts.apply(Content(0, event, decision.legs))
    return accounts


@pytest.mark.parametrize(
    ("event", "legs"),
    [
        (RunStart(), ()),
        (RunEnd("done"), ()),
        (intent(), ()),
        (Reconciliation("BTCUSDT", 0, 3), ()),
        (OPERATION, ()),
        (Mark(DEPOSIT - 1, DEPOSIT), ()),
        (Fee(7, "withdrawal"), (Leg(FEES, 7), Leg(CASH, -7))),
        (Funding("BTCUSDT", 7), (Leg(CASH, 7), Leg(FUNDING, -7))),
        (Funding("BTCUSDT", -7), (Leg(CASH, -7), Leg(FUNDING, 7))),
        (fill(fee=0), (Leg("position:BTCUSDT", 100 * DOLLAR), Leg(OPEN_CONTRACTS, -100 * DOLLAR))),
        (
            fill(fee=-3),
            (Leg("position:BTCUSDT", 100 * DOLLAR), Leg(OPEN_CONTRACTS, -100 * DOLLAR), Leg(FEES, -3), Leg(CASH, 3)),
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else "legs",
)
def test_the_legs_of(event: LedgerEvent, legs: tuple[Leg, ...]) -> None:
    assert accounts_of().plan(event) == Plan(legs)


def test_the_opening_deposit_is_capital_and_comes_once() -> None:
    assert Accounts().plan(OpeningDeposit(1)) == Plan((Leg(CASH, 1), Leg(OPENING_CAPITAL, -1)))
    assert isinstance(accounts_of().plan(OpeningDeposit(5)), Refusal)


def test_a_closing_fill_moves_its_profit_from_realised_pnl_to_cash_and_pays_its_fee() -> None:
    decision = accounts_of(fill(fee=0)).plan(fill("2", Side.SELL, price_e8=110 * USD))
    assert decision == Plan(
        (
            Leg("position:BTCUSDT", -100 * DOLLAR),
            Leg(OPEN_CONTRACTS, 100 * DOLLAR),
            Leg(CASH, 10 * DOLLAR),
            Leg(REALISED_PNL, -10 * DOLLAR),
            Leg(FEES, 5),
            Leg(CASH, -5),
        )
    )


def refused(decision: BookingDecision, *whys: str) -> bool:
    """For one of these reasons, to the letter: a person has to act on it."""
    return isinstance(decision, Refusal) and decision.why in whys


def test_new_accounts_hold_nothing() -> None:
    accounts = Accounts()
    assert set(accounts.balances.values()) == {0}
    assert (accounts.positions, accounts.open_orders(), accounts.is_opened) == ({}, (), False)
    assert accounts.mark() == accounts.recorded == Mark(0, 0)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_opening_deposit_must_be_positive(amount: int) -> None:
    assert refused(Accounts().plan(OpeningDeposit(amount)), "amount_micro_usd of an opening deposit must be positive")


@pytest.mark.parametrize("event", [intent(qty_e8=0), intent(qty_e8=-1), fill(qty_e8=0), fill(qty_e8=-1)], ids=repr)
def test_a_quantity_must_be_positive(event: LedgerEvent) -> None:
    assert refused(accounts_of().plan(event), "qty_e8 must be positive", "qty_e8 and price_e8 of a fill must be positive")


@pytest.mark.parametrize("event", [intent(price_e8=0), intent(price_e8=-1), fill(price_e8=0), fill(price_e8=-1)], ids=repr)
def test_a_price_must_be_positive(event: LedgerEvent) -> None:
    assert refused(
        accounts_of().plan(event), "price_e8 must be positive, or None for a market order", "qty_e8 and price_e8 of a fill must be positive"
    )


@pytest.mark.parametrize("event", [intent(qty_e8=1, price_e8=1), fill(qty_e8=1, price_e8=1)], ids=repr)
def test_the_smallest_quantity_and_price_are_booked(event: LedgerEvent) -> None:
    assert isinstance(accounts_of().plan(event), Plan)


def test_an_order_id_names_one_order() -> None:
    accounts = accounts_of(intent())
    assert accounts.plan(intent()) == Repeat()
    assert refused(accounts.plan(intent(qty_e8=BTC)), "order_id is taken by another order")


def test_a_fill_id_names_one_fill_of_its_order() -> None:
    accounts = accounts_of(fill())
    assert accounts.plan(fill()) == Repeat()
    assert refused(accounts.plan(fill(qty_e8=BTC + 1)), "this fill_id of this order is booked with other values")
    assert isinstance(accounts.plan(Fill("O-2", "1", "BTCUSDT", Side.BUY, BTC, 100 * USD, 5)), Plan)


def test_an_outcome_needs_an_intent() -> None:
    assert refused(accounts_of().plan(OrderOutcome("O-1", Outcome.CANCELLED, "", None)), "no intent of this order_id is booked")


def test_the_same_outcome_again_is_a_repeat_and_another_one_a_fact() -> None:
    accounts = accounts_of(intent(), OrderOutcome("O-1", Outcome.CANCELLED, "by the order gate", None))
    assert accounts.plan(OrderOutcome("O-1", Outcome.CANCELLED, "late", None)) == Repeat()
    assert accounts.plan(OrderOutcome("O-1", Outcome.EXPIRED, "", None)) == Plan()


@pytest.mark.parametrize("qty_e8", [None, 0, -1, 2 * BTC + 1])
def test_clipping_never_enlarges_an_order(qty_e8: int | None) -> None:
    assert refused(
        accounts_of(intent()).plan(OrderOutcome("O-1", Outcome.CLIPPED, "", qty_e8)),
        "qty_e8 of a clipped order must be positive and not above what it was",
    )


def test_clipping_to_what_it_is_repeats_and_a_final_outcome_has_no_quantity() -> None:
    accounts = accounts_of(intent())
    assert accounts.plan(OrderOutcome("O-1", Outcome.CLIPPED, "", 2 * BTC)) == Repeat()
    assert refused(accounts.plan(OrderOutcome("O-1", Outcome.DENIED, "", 1)), "only a clipped order has a new qty_e8")


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.REJECTED, Outcome.CANCELLED, Outcome.EXPIRED])
def test_an_order_is_open_until_it_has_a_final_outcome(outcome: Outcome) -> None:
    assert [order.order_id for order in accounts_of(intent(qty_e8=1)).open_orders()] == ["O-1"]
    assert accounts_of(intent(), OrderOutcome("O-1", outcome, "", None)).open_orders() == ()


def test_an_order_is_open_until_it_is_filled_or_what_was_left_after_clipping_is() -> None:
    clipped = OrderOutcome("O-1", Outcome.CLIPPED, "over the cap", BTC)
    assert len(accounts_of(intent(), fill()).open_orders()) == 1
    assert len(accounts_of(intent(), clipped).open_orders()) == 1
    assert accounts_of(intent(), fill(), fill("2")).open_orders() == ()
    assert accounts_of(intent(), clipped, fill()).open_orders() == ()


def test_a_fill_without_an_intent_is_booked_all_the_same() -> None:
    accounts = accounts_of(fill())
    assert accounts.position("BTCUSDT") == Position(BTC, 100 * DOLLAR)
    assert (accounts.orders["O-1"].intent, accounts.orders["O-1"].qty_e8) == (None, 0)
    assert accounts.open_orders() == ()


def test_a_fill_that_comes_after_the_cancel_is_booked_all_the_same() -> None:
    accounts = accounts_of(intent(), OrderOutcome("O-1", Outcome.CANCELLED, "", None), fill())
    assert accounts.position("BTCUSDT").qty_e8 == BTC


def test_a_flat_position_is_gone() -> None:
    assert accounts_of(fill(), fill("2", Side.SELL)).positions == {}


def test_equity_is_cash_and_open_profit_and_needs_every_price() -> None:
    accounts = accounts_of(fill(fee=0))
    assert accounts.equity_at({"BTCUSDT": 103 * USD}) == DEPOSIT + 3 * DOLLAR
    with pytest.raises(KeyError):
        accounts.equity_at({"ETHUSDT": USD})


@pytest.mark.parametrize(("moved", "is_written"), [(0, False), (DOLLAR, False), (DOLLAR + 1, True), (-DOLLAR, False), (-DOLLAR - 1, True)])
def test_equity_is_written_down_when_it_has_moved_by_more_than_a_basis_point(moved: int, is_written: bool) -> None:
    accounts = accounts_of()
    accounts.observe(DEPOSIT + moved)
    assert accounts.is_worth_marking() is is_written


def test_a_high_that_came_and_went_is_written_down_too() -> None:
    accounts = accounts_of()
    accounts.observe(DEPOSIT + 2 * DOLLAR)
    accounts.observe(DEPOSIT)
    assert accounts.is_worth_marking()
    assert accounts.mark() == Mark(DEPOSIT, DEPOSIT + 2 * DOLLAR)


@pytest.mark.parametrize("mark", [Mark(DEPOSIT + 1, DEPOSIT), Mark(0, DEPOSIT - 1)], ids=repr)
def test_the_high_water_mark_never_falls_and_is_never_below_equity(mark: Mark) -> None:
    assert refused(accounts_of().plan(mark), "the high-water mark can be neither below the equity nor lower than it was")


@pytest.mark.parametrize(
    ("equity", "drawdown_ppm"),
    [(DEPOSIT, 0), (DEPOSIT - 1, 1), (DEPOSIT * 9 // 10, 100_000), (1, 1_000_000), (0, 1_000_000), (-DEPOSIT, 1_000_000)],
)
def test_drawdown(equity: int, drawdown_ppm: int) -> None:
    accounts = accounts_of()
    accounts.observe(equity)
    assert accounts.drawdown_ppm == drawdown_ppm


def test_without_any_equity_ever_everything_counts_as_lost() -> None:
    accounts = Accounts()
    assert accounts.drawdown_ppm == 1_000_000
    accounts.observe(1)
    assert accounts.drawdown_ppm == 0


def test_a_reconciliation_must_state_the_ledgers_own_position() -> None:
    assert refused(accounts_of(fill()).plan(Reconciliation("BTCUSDT", 0, BTC)), "ledger_qty_e8 is not what the entries add up to")
    assert accounts_of(fill()).plan(Reconciliation("BTCUSDT", BTC, 0)) == Plan()


@pytest.mark.parametrize(
    "event",
    [
        fill(qty_e8=2**63),
        fill(fee=-(2**63)),
        fill(qty_e8=2**62, price_e8=2**62),
        fill(qty_e8=2**63 - 1, price_e8=1),
        Fee(2**63 - 1, "more than cash can hold after one more"),
        Fill("O-1", "1", "BTCUSDT", Side.BUY, 1.5, USD, 0),  # type: ignore[arg-type]
        Fill("O-1", "1", "BTCUSDT", Side.BUY, BTC, float("nan"), 0),  # type: ignore[arg-type]
        Fill("O-1", "1", "BTCUSDT", "HOLD", BTC, USD, 0),  # type: ignore[arg-type]
        RunEnd("\ud800"),
    ],
    ids=repr,
)
def test_what_no_store_could_hold_is_refused(event: LedgerEvent) -> None:
    accounts = accounts_of(Fill("O-0", "0", "BTCUSDT", Side.BUY, 1, 1, 0), Fee(-(2**62), "rebate"), Fee(2**62, "fee"), Fee(2**62, "fee"))
    assert isinstance(accounts.plan(event), Refusal)


@pytest.mark.parametrize("side", Side)
def test_a_position_may_grow_to_the_last_representable_unit_and_no_further(side: Side) -> None:
    accounts = accounts_of(fill(side=side, qty_e8=2**63 - 2, price_e8=1), fill("2", side, qty_e8=1, price_e8=1))
    assert abs(accounts.position("BTCUSDT").qty_e8) == 2**63 - 1
    assert refused(accounts.plan(fill("3", side, qty_e8=1, price_e8=1)), "an amount or a quantity would leave the 64-bit range")


def test_an_order_may_be_clipped_to_its_smallest_unit() -> None:
    assert accounts_of(intent()).plan(OrderOutcome("O-1", Outcome.CLIPPED, "", 1)) == Plan()


def test_the_balances_are_the_legs_added_up() -> None:
    balances = accounts_of(fill(), fill("2")).balances
    assert (balances["position:BTCUSDT"], balances[OPEN_CONTRACTS], balances[FEES]) == (200 * DOLLAR, -200 * DOLLAR, 10)
    assert balances[CASH] == DEPOSIT - 10


def test_a_mark_in_the_ledger_is_what_the_next_run_starts_from() -> None:
    accounts = accounts_of(Mark(DEPOSIT - 5, DEPOSIT + 7))
    assert accounts.mark() == accounts.recorded == Mark(DEPOSIT - 5, DEPOSIT + 7)
    assert not accounts.is_worth_marking()


def test_a_basis_point_of_any_equity_is_exact() -> None:
    deposit = 9_000_000_000_000_009_999  # its basis point lies so close below a whole number that a float would round it up
    accounts = Accounts()
    accounts.apply(Content(0, OpeningDeposit(deposit), ()))
    accounts.observe(deposit - (deposit // 10_000 + 1))
    assert accounts.is_worth_marking()
