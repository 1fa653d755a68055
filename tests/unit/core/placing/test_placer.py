"""Which style a posture asks for, and when a resting order has had its time."""

import pytest

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Style
from dolphin.core.placing.placer import Resting, is_outdated, price_of, style_of
from dolphin.core.placing.view import Touch

TOUCH = Touch(99, 101, 5, 5)
APEX, STALKER, TURTLE, HIBERNATE = (Grant(name, 1, 1, False) for name in ("APEX", "STALKER", "TURTLE", "HIBERNATE"))
ENTRY = Resting("A", False, Style.POST_ONLY, 99, 10)
EXIT = Resting("A", True, Style.POST_ONLY, 101, 10)


@pytest.mark.parametrize(
    ("grant", "entry", "leaving"),
    [
        (APEX, Style.MARKET, Style.MARKET),
        (APEX._replace(passive_only=True), Style.POST_ONLY, Style.MARKET),
        (STALKER, Style.POST_ONLY, Style.MARKET),
        (TURTLE, Style.POST_ONLY, Style.POST_ONLY),
        (HIBERNATE, Style.POST_ONLY, Style.MARKET),
    ],
)
def test_the_posture_asks_for_a_style(grant: Grant, entry: Style, leaving: Style) -> None:
    assert style_of(grant, is_exit=False) is entry
    assert style_of(grant, is_exit=True) is leaving


def test_a_passive_order_rests_at_the_touch_of_its_own_side_and_a_market_order_has_no_price() -> None:
    assert price_of(TOUCH, Style.POST_ONLY, is_exit=False) == 99
    assert price_of(TOUCH, Style.POST_ONLY, is_exit=True) == 101
    assert price_of(TOUCH, Style.MARKET, is_exit=True) is None


@pytest.mark.parametrize(
    ("resting", "gap", "grant", "now", "touch", "is_over"),
    [
        (ENTRY, 5, STALKER, 12, TOUCH, False),
        (ENTRY, 0, STALKER, 12, TOUCH, True),  # nothing is wanted any more
        (ENTRY, -5, STALKER, 12, TOUCH, True),  # the other way is wanted
        (EXIT, 5, TURTLE, 12, TOUCH, True),
        (EXIT, -5, TURTLE, 12, TOUCH, False),
        (EXIT, -5, STALKER, 12, TOUCH, True),  # the market is wanted now
        (ENTRY._replace(style=Style.MARKET, price_e8=None), 5, STALKER, 99, TOUCH, False),  # it is on its way
        (ENTRY, 5, STALKER, 11, Touch(98, 101, 5, 5), False),  # it has its time
        (ENTRY, 5, STALKER, 12, Touch(98, 101, 5, 5), True),
        (EXIT, -5, TURTLE, 12, Touch(99, 102, 5, 5), True),
        (ENTRY._replace(price_e8=None), 5, STALKER, 99, TOUCH, False),
    ],
)
def test_an_order_has_had_its_time(resting: Resting, gap: int, grant: Grant, now: int, touch: Touch, *, is_over: bool) -> None:
    assert is_outdated(resting, gap, touch, grant, now, 2) is is_over
