"""The curves of the law: exact at their knots, and rounded so that nothing is granted by rounding."""

import pytest

from dolphin.core.control.curves import falling, interpolate, rising
from dolphin.core.units import ONE

BEYOND_FLOATS = 2**53 + 1


@pytest.mark.parametrize(("x", "value"), [(9, ONE), (10, ONE), (11, 940_000), (15, 700_000), (19, 460_000), (20, 400_000), (99, 400_000)])
def test_a_band_falls_linearly_between_its_edges(x: int, value: int) -> None:
    assert falling(x, 10, 20, 400_000) == value
    assert rising(30 - x, 10, 20, 400_000) == value


def test_a_band_rounds_down_and_is_exact_at_any_size() -> None:
    assert falling(1, 0, 3, 0) == 666_666
    assert rising(2, 0, 3, 0) == 666_666
    wide = BEYOND_FLOATS * ONE
    assert falling(wide // ONE, 0, wide, 0) == rising(wide - wide // ONE, 0, wide, 0) == ONE - 1
    assert type(falling(15, 10, 20, 0)) is type(rising(15, 10, 20, 0)) is int


@pytest.mark.parametrize(("x", "value"), [(0, 90), (1, 80), (2, 70), (3, 60), (5, 20), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (100, 0)])
def test_a_table_is_linear_between_its_knots_and_constant_beyond(x: int, value: int) -> None:
    assert interpolate((90, 60, 0), 3, x) == value


def test_interpolation_rounds_down_and_is_exact_at_any_size() -> None:
    assert interpolate((10, 0), 3, 1) == 6
    assert interpolate((BEYOND_FLOATS, 0), 1, 0) == BEYOND_FLOATS
