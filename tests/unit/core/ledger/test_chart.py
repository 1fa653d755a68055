"""The chart of accounts: legs that balance."""

from dolphin.core.ledger.chart import (
    CASH,
    FEES,
    FUNDING,
    OPEN_CONTRACTS,
    OPENING_CAPITAL,
    REALISED_PNL,
    Leg,
    imbalance,
    natural,
    position_account,
    transfer,
)


def test_a_transfer_balances_and_nothing_moves_nothing() -> None:
    assert transfer(CASH, FEES, 7) == (Leg(CASH, 7), Leg(FEES, -7))
    assert transfer(CASH, FEES, -1) == (Leg(CASH, -1), Leg(FEES, 1))
    assert transfer(CASH, FEES, 0) == ()
    assert imbalance(transfer(CASH, FEES, 7)) == 0
    assert imbalance([Leg(CASH, 3), Leg(FEES, -1)]) == 2


def test_sources_of_value_are_shown_positive_and_costs_as_they_are() -> None:
    stored = {CASH: 5, FEES: 1, position_account("A"): 2, OPENING_CAPITAL: -9, REALISED_PNL: -3, FUNDING: 4, OPEN_CONTRACTS: -2}
    assert natural(stored) == {CASH: 5, FEES: 1, "position:A": 2, OPENING_CAPITAL: 9, REALISED_PNL: 3, FUNDING: -4, OPEN_CONTRACTS: 2}
