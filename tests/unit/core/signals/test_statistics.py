"""Robust statistics against closed forms and against definitions written out."""

import numpy as np
import pytest

from dolphin.core.signals.statistics import average_ranks, centre_and_scale, ols_slope, rank_correlation, robust_z


def test_the_scale_of_a_normal_sample_is_its_standard_deviation() -> None:
    sample = np.random.default_rng(1).normal(3.0, 2.0, 100_000)
    assert centre_and_scale(sample) == (pytest.approx(3.0, abs=0.03), pytest.approx(2.0, rel=0.02))


def test_outliers_do_not_move_a_robust_z() -> None:
    calm = np.linspace(-1, 1, 101)
    wild = np.concatenate([calm, [1e9, -1e9]])
    assert robust_z(np.array([0.5]), wild)[0] == pytest.approx(robust_z(np.array([0.5]), calm)[0], rel=0.05)


def test_where_most_are_equal_the_mean_deviation_is_the_scale() -> None:
    z = robust_z(np.array([0.0, 0.0, 0.0, 0.0, 5.0]))
    assert z[0] == 0.0
    assert z[4] == pytest.approx(5.0 / (1.2533141373155001 * 1.0))


def test_without_spread_a_value_is_at_the_median_or_infinitely_far() -> None:
    z = robust_z(np.array([2.0, 3.0, 1.0, np.nan]), np.array([2.0, 2.0]))
    np.testing.assert_array_equal(z, [0.0, np.inf, -np.inf, np.nan])


def test_unknown_values_take_no_part_and_stay_unknown() -> None:
    z = robust_z(np.array([1.0, np.nan, 3.0, np.inf, 2.0]))
    np.testing.assert_array_equal(np.isnan(z), [False, True, False, True, False])
    np.testing.assert_allclose(z[[0, 2, 4]], robust_z(np.array([1.0, 3.0, 2.0])))
    assert np.isnan(robust_z(np.array([1.0]), np.array([np.nan]))[0])


def test_the_slope_of_a_line_is_per_unit_of_step() -> None:
    t = np.arange(0.0, 30.0, 5.0)
    np.testing.assert_allclose(ols_slope(np.stack([3.0 * t + 7, -0.5 * t], axis=1), 5.0), [3.0, -0.5])


def test_the_slope_is_the_least_squares_one() -> None:
    y = np.random.default_rng(2).normal(size=9)
    assert ols_slope(y, 2.0) == pytest.approx(np.polyfit(np.arange(9) * 2.0, y, 1)[0])


def test_ties_share_their_mean_rank() -> None:
    np.testing.assert_array_equal(average_ranks(np.array([10.0, 30.0, 10.0, 20.0])), [1.5, 4.0, 1.5, 3.0])


@pytest.mark.parametrize(("b", "expected"), [([1, 4, 9, 16], 1.0), ([4, 3, 2, 1], -1.0), ([1, 3, 2, 4], 0.8)])
def test_rank_correlation_of_known_orders(b: list[int], expected: float) -> None:
    assert rank_correlation(np.array([1.0, 2.0, 3.0, 4.0]), np.array(b, dtype=float)) == pytest.approx(expected)


def test_rank_correlation_without_spread_is_unknown() -> None:
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))
