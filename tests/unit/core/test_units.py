"""Integer arithmetic: exact at any size, an int whatever happens, and rounded so that nothing is granted by rounding."""

import pytest

from dolphin.core.units import ONE, ONE_E8, as_int, mul, price_of_cost_e8

BEYOND_FLOATS = 2**53 + 1


def test_a_product_is_rounded_toward_zero_and_exact_at_any_size() -> None:
    assert mul(999_999, 999_999) == 999_998
    assert mul(1, 999_999) == 0
    assert mul(BEYOND_FLOATS, ONE) == BEYOND_FLOATS


@pytest.mark.parametrize(("reading", "found"), [(3, 3), (5, 5), (2, None), (6, None), (True, None), (3.0, None), ("3", None), (None, None)])
def test_only_an_integer_in_range_is_one(reading: object, found: int | None) -> None:
    assert as_int(reading, 3, 5) == found


def test_the_price_of_a_cost_is_rounded_down_and_never_zero() -> None:
    assert price_of_cost_e8(100_000_000, ONE_E8) == 100 * ONE_E8
    assert price_of_cost_e8(1, 3) == 3_333_333_333
    assert price_of_cost_e8(2**53 + 1, 10_000) == (2**53 + 1) * ONE_E8 * ONE_E8 // 1_000_000 // 10_000
    assert price_of_cost_e8(0, ONE_E8) == 1
    assert price_of_cost_e8(1, 10_000_000_000) == 1
    assert price_of_cost_e8(1, 10_000_000_001) == 1
