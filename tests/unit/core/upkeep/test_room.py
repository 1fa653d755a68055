"""How much room is enough; what is set aside is never counted as free."""

from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.upkeep.room import ENOUGH, MIB, RESERVE, SHORT, SLICE, TO_START, is_short, may_refill, missing_to_start

BYTES = st.integers(0, 4 * TO_START)
RESERVED = st.integers(0, RESERVE)


def test_entries_are_denied_below_one_threshold_and_let_again_above_a_higher_one() -> None:
    assert not is_short(SHORT, RESERVE, was_short=False)
    assert is_short(SHORT - 1, RESERVE, was_short=False)
    assert is_short(ENOUGH - 1, RESERVE, was_short=True)
    assert not is_short(ENOUGH, RESERVE, was_short=True)


@given(free=BYTES, reserve=RESERVED, was_short=st.booleans())
def test_no_entry_leaves_while_the_reserve_is_not_whole(free: int, reserve: int, was_short: bool) -> None:
    assert is_short(free, reserve, was_short=was_short) or reserve == RESERVE


@given(free=BYTES, reserve=RESERVED)
def test_a_refill_leaves_enough_for_entries_to_leave_again(free: int, reserve: int) -> None:
    if may_refill(free, reserve):
        assert reserve < RESERVE
        assert not is_short(free - (RESERVE - reserve), RESERVE, was_short=True)


@given(free=BYTES, reserve=RESERVED)
def test_what_is_missing_to_start_is_exactly_what_has_to_be_freed(free: int, reserve: int) -> None:
    missing = missing_to_start(free, reserve)
    assert missing_to_start(free + missing, reserve) == 0
    assert missing == 0 or missing_to_start(free + missing - 1, reserve) == 1


def test_a_start_has_room_for_more_than_a_shortage() -> None:
    assert TO_START > ENOUGH > SHORT > 0
    assert RESERVE % SLICE == 0
    assert missing_to_start(0, 0) == TO_START + RESERVE
    assert SLICE >= MIB
