"""The sizing rule: convex in the plunge, falling in volatility, never above the bound."""

import math

from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.placing.sizer import AlphaBetSizer
from dolphin.core.units import ONE

SIZER = AlphaBetSizer()
EQUITY = 100_000 * ONE
number = st.floats(allow_nan=True, allow_infinity=True)


@given(st.integers(-(10**15), 10**15), st.integers(-ONE, 6 * ONE), number, number, number)
def test_the_target_is_within_equity_times_cap(equity: int, cap: int, weight: float, depth: float, sigma: float) -> None:
    assert 0 <= SIZER.target_micro(equity, cap, weight, depth, sigma) <= max(0, equity * cap // ONE)


def test_a_deep_plunge_in_a_calm_asset_takes_the_whole_bound() -> None:
    assert SIZER.target_micro(EQUITY, 2 * ONE, 1.0, 6.0, 1e-4) == 200_000 * ONE


@given(st.floats(0, 5), st.floats(0.01, 1))
def test_conviction_is_convex_and_rising_in_depth(depth: float, width: float) -> None:
    low, middle, high = (SIZER.conviction(depth + k * width / 2) for k in range(3))
    assert low <= middle <= high
    assert middle <= (low + high) / 2 + 1e-12


def test_conviction_stays_within_its_ends() -> None:
    assert SIZER.conviction(-3.0) == SIZER.conviction(0.0) == SIZER.conviction(math.nan) == SIZER.base_conviction
    assert SIZER.conviction(6.0) == SIZER.conviction(1e9) == 1.0


def test_volatility_only_ever_scales_down() -> None:
    calm, target, wild = (SIZER.target_micro(EQUITY, ONE, 0.5, 0.0, sigma) for sigma in (1e-5, 4e-4, 8e-4))
    assert calm == target
    assert abs(wild - target // 2) <= 1


def test_what_is_not_known_gives_no_position() -> None:
    for sigma in (math.nan, math.inf, 0.0, -1.0):
        assert SIZER.target_micro(EQUITY, ONE, 0.5, 3.0, sigma) == 0
    for weight in (math.nan, 0.0, -0.1, 1.1):
        assert SIZER.target_micro(EQUITY, ONE, weight, 3.0, 1e-4) == 0
