"""A cause id names one exchange message."""

import pytest

from dolphin.core.contract.causes import STREAM_OF_KIND, cause_id
from dolphin.core.contract.kinds import Kind
from tests.makers import Cause, cause_of


@pytest.mark.parametrize("kind", [kind for kind in STREAM_OF_KIND if kind is not Kind.GAP])
def test_a_cause_id_names_the_message_it_was_made_from(kind: Kind) -> None:
    assert cause_of(cause_id("BTCUSDT", kind, 5123107852948)) == Cause("BTCUSDT", kind, 5123107852948)


def test_the_two_trade_streams_have_distinct_causes() -> None:
    assert cause_id("BTCUSDT", Kind.TRADE, 7) == "BTCUSDT@trade#7"
    assert cause_id("BTCUSDT", Kind.AGG_TRADE, 7) == "BTCUSDT@aggTrade#7"


def test_a_gap_is_caused_by_the_depth_message_that_did_not_fit() -> None:
    assert cause_of(cause_id("BTCUSDT", Kind.GAP, 7)).kind is Kind.DEPTH


def test_a_tick_has_no_cause() -> None:
    with pytest.raises(KeyError):
        cause_id("", Kind.TICK, 0)
