"""The chart of accounts: legs that balance, and amounts as people read them."""

import pytest

from dolphin.core.ledger.chart import (
    CASH,
    FEES,
    FUNDING,
    OPEN_CONTRACTS,
    OPENING_CAPITAL,
    REALISED_PNL,
    Leg,
    decimal_e8,
    imbalance,
    natural,
    position_account,
    transfer,
    usd,
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.000000"), (1, "0.000001"), (-1, "-0.000001"), (1_234_567, "1.234567"), (-12_000_000, "-12.000000")],
)
def test_dollars_have_six_decimals_and_their_sign(amount: int, text: str) -> None:
    assert usd(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (5_000_000, "0.05"), (-1, "-0.00000001"), (100_000_000, "1"), (10_000_000_000, "100"), (-1_050_000_000, "-10.5")],
)
def test_quantities_lose_their_trailing_zeros_only_behind_the_point(amount: int, text: str) -> None:
    assert decimal_e8(amount) == text


def test_a_transfer_balances_and_nothing_moves_nothing() -> None:
    assert transfer(CASH, FEES, 7) == (Leg(CASH, 7), Leg(FEES, -7))
    assert transfer(CASH, FEES, -1) == (Leg(CASH, -1), Leg(FEES, 1))
    assert transfer(CASH, FEES, 0) == ()
    assert imbalance(transfer(CASH, FEES, 7)) == 0
    assert imbalance([Leg(CASH, 3), Leg(FEES, -1)]) == 2


def test_sources_of_value_are_shown_positive_and_costs_as_they_are() -> None:
    stored = {CASH: 5, FEES: 1, position_account("A"): 2, OPENING_CAPITAL: -9, REALISED_PNL: -3, FUNDING: 4, OPEN_CONTRACTS: -2}
    assert natural(stored) == {CASH: 5, FEES: 1, "position:A": 2, OPENING_CAPITAL: 9, REALISED_PNL: 3, FUNDING: -4, OPEN_CONTRACTS: 2}
