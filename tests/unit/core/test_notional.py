"""The units: integers of any size, exactly."""

import pytest

from dolphin.core.units import E8_SQUARE_PER_MICRO, ONE_E8, is_count, is_price, notional_micro, qty_within_e8

BEYOND_FLOATS = 2**53 + 1
"""Micro-dollars (9 billion dollars) that a 64-bit float cannot hold."""


@pytest.mark.parametrize("room_micro", [0, -1, -BEYOND_FLOATS])
def test_no_room_holds_nothing(room_micro: int) -> None:
    assert qty_within_e8(room_micro, 1, 1) == 0


@pytest.mark.parametrize(
    ("room_micro", "price_e8", "step_e8", "qty_e8"),
    [
        (1, ONE_E8, 1, 100),
        (1, 100 * ONE_E8, 1, 1),
        (1, 100 * ONE_E8 + 1, 1, 0),
        (1, ONE_E8, 30, 90),
        (BEYOND_FLOATS, E8_SQUARE_PER_MICRO, 1, BEYOND_FLOATS),
    ],
)
def test_the_largest_quantity_within_a_room_is_exact(room_micro: int, price_e8: int, step_e8: int, qty_e8: int) -> None:
    assert qty_within_e8(room_micro, price_e8, step_e8) == qty_e8
    assert notional_micro(qty_e8, price_e8) <= room_micro


def test_notionals_of_any_size_are_exact() -> None:
    assert notional_micro(-BEYOND_FLOATS, E8_SQUARE_PER_MICRO) == BEYOND_FLOATS


def test_the_smallest_price_is_one() -> None:
    assert is_price(1)
    assert not is_price(0)
    assert not is_price(True)
    assert not is_count(True)
    assert is_count(-1)
