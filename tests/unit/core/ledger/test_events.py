"""What an entry can say, and the names under which it is stored."""

from typing import get_args

import pytest

from dolphin.core.ledger.events import Fee, LedgerEvent, Outcome, RunStart, Side, kind


def test_an_event_is_stored_under_its_own_name() -> None:
    assert (kind(RunStart()), kind(Fee(1, ""))) == ("run_start", "fee")
    kinds = [each.__struct_config__.tag for each in get_args(LedgerEvent)]
    assert len(set(kinds)) == len(kinds) == 11


def test_a_buy_adds_and_a_sale_takes_away() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_but_clipping_ends_an_order(outcome: Outcome) -> None:
    assert outcome.is_final is (outcome is not Outcome.CLIPPED)


def test_a_side_is_known_by_its_sign() -> None:
    assert [Side.of(sign) for sign in (1, -1)] == [Side.BUY, Side.SELL]
    assert [side.sign for side in Side] == [1, -1]
