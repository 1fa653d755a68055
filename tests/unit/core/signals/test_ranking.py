"""The ranking rules: scores, weights, and who keeps a place."""

import numpy as np
import pytest

from dolphin.core.signals.ranking import (
    MIN_SAMPLE,
    SIGNALS,
    WEIGHT_FLOOR,
    WEIGHT_HALF_LIFE_NS,
    best_first,
    depth_z,
    learned,
    liquidity_multiplier,
    opportunity,
    signals,
    traded_set,
    weighted_score,
    weights_of,
)

EQUAL = np.full(len(SIGNALS), 1 / len(SIGNALS))


@pytest.mark.parametrize(("z", "expected"), [(0.0, 1.0), (2.0, 1 + 0.1 * np.tanh(1.0)), (-np.inf, 0.9), (np.inf, 1.1), (np.nan, 0.9)])
def test_the_liquidity_multiplier_is_the_laws(z: float, expected: float) -> None:
    assert liquidity_multiplier(np.array([z]))[0] == pytest.approx(expected)


def test_no_book_and_an_unknown_book_count_as_the_thinnest() -> None:
    multiplier = liquidity_multiplier(depth_z(np.array([1e5, 2e5, 3e5, 0.0, np.nan])))
    assert multiplier[3] == multiplier[4] == pytest.approx(0.9)
    np.testing.assert_array_equal(depth_z(np.array([1e5, 0.0, np.nan])), [0.0, -np.inf, np.nan])
    assert multiplier[0] < 1 < multiplier[2]


def test_a_thin_book_costs_and_a_deep_one_gains_also_below_the_median_score() -> None:
    z = np.full((5, 2), -2.0)
    s = weighted_score(z, EQUAL)
    assert (s > 0).all()
    assert s[0] * 0.9 < s[0] < s[0] * 1.1


def test_scores_order_assets_as_their_weighted_z_do() -> None:
    rng = np.random.default_rng(1)
    z = np.clip(rng.normal(size=(5, 40)), -3, 3)
    weights = weights_of(np.array([0.3, 0.0, -0.5, 0.1, 0.02]))
    np.testing.assert_array_equal(best_first(weighted_score(z, weights)), best_first(weights @ z))


def test_a_missing_signal_is_neutral() -> None:
    z = np.array([[1.0, np.nan], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert weighted_score(z, EQUAL)[1] == 0.5


def test_each_signal_points_to_the_better_asset() -> None:
    base = np.ones(5)
    better = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    kwargs = {"loading": base, "idio_vel_div": base, "volume_usd": base, "spread_bps": base, "sigma": base}
    for row, name in enumerate(("loading", "idio_vel_div", "volume_usd")):
        assert (np.diff(signals(**kwargs | {name: better})[row]) > 0).all(), name
    assert (np.diff(signals(**kwargs | {"spread_bps": better})[3]) < 0).all()
    fit = signals(**kwargs | {"sigma": np.exp(better)})[4]
    assert fit.argmax() == 2
    assert fit[0] == fit[4]


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_an_impossible_reading_is_missing_and_not_good(bad: float) -> None:
    fine = np.array([1.0, 2.0, 3.0])
    z = signals(fine, fine, np.array([1.0, bad, 3.0]), np.array([1.0, bad, 3.0]), np.array([1.0, bad, 3.0]))
    assert np.isnan(z[2:, 1]).all() or (bad == -1.0 and not (z[2:, 1] > 0).any())


@pytest.mark.parametrize("correlation", [np.zeros(5), np.array([1.0, -1, 0.5, 0, -0.2]), np.full(5, -1.0), np.array([1.0, 0, 0, 0, 0])])
def test_weights_sum_to_one_above_their_floor(correlation: np.ndarray) -> None:
    weights = weights_of(correlation)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= WEIGHT_FLOOR).all()
    assert weights.argmax() == correlation.argmax() or (correlation <= 0).all()


def test_without_evidence_the_weights_are_equal() -> None:
    np.testing.assert_allclose(weights_of(np.zeros(5)), EQUAL)
    np.testing.assert_allclose(weights_of(np.full(5, -0.3)), EQUAL)


def test_a_signal_that_predicts_gains_weight_and_one_that_does_not_falls() -> None:
    rng = np.random.default_rng(2)
    correlation = np.zeros(5)
    for _ in range(3_000):
        z = rng.normal(size=(5, 40))
        correlation = learned(correlation, z, z[1] + 0.5 * rng.normal(size=40), WEIGHT_HALF_LIFE_NS // 720)
    weights = weights_of(correlation)
    assert weights[1] > 0.6
    assert np.delete(weights, 1).max() < 0.12


def test_with_few_assets_nothing_is_learned() -> None:
    z = np.tile(np.arange(MIN_SAMPLE - 1.0), (5, 1))
    np.testing.assert_array_equal(learned(EQUAL, z, z[0], WEIGHT_HALF_LIFE_NS), EQUAL)
    z = np.tile(np.arange(float(MIN_SAMPLE)), (5, 1))
    np.testing.assert_allclose(learned(EQUAL, z, z[0], WEIGHT_HALF_LIFE_NS), (EQUAL + 1) / 2)


def test_only_signals_known_for_enough_assets_are_judged() -> None:
    z = np.tile(np.arange(MIN_SAMPLE + 0.0), (5, 1))
    z[2, 0] = np.nan
    assert learned(np.zeros(5), z, z[0], WEIGHT_HALF_LIFE_NS)[2] == 0.0


def test_opportunity_is_the_move_less_the_spread() -> None:
    found = opportunity(np.array([100.0, 100.0]), np.array([101.0, 99.0]), np.array([10.0, 10.0]))
    np.testing.assert_allclose(found, [np.log(1.01) - 1e-3, -np.log(0.99) - 1e-3])


def test_ties_go_by_symbol() -> None:
    assert best_first(np.array([0.5, 0.7, 0.5, 0.7])).tolist() == [1, 3, 0, 2]


@pytest.mark.parametrize(
    ("scores", "incumbents", "size", "expected"),
    [
        ([5, 4, 3, 2], [], 2, [0, 1]),
        ([1.00, 1.01], [0], 1, [0]),  # 1 % better is not enough
        ([1.00, 1.02], [0], 1, [0]),  # nor exactly 2 %
        ([1.00, 1.0201], [0], 1, [1]),
        ([1.0, 2.0, 3.0], [0], 2, [1, 2]),  # the free place goes to the best, then the weakest is challenged
        ([1.00, 1.01, 1.01], [0], 2, [0, 1]),  # a free place needs no margin; ties by symbol
        ([10, 1, 9, 2], [1, 3], 2, [0, 2]),
        ([3, 2], [0, 1], 1, [0]),  # a smaller set keeps its best
        ([2.0], [], 10, [0]),
        ([], [], 3, []),
        ([0.0, 0.0], [1], 1, [1]),
    ],
)
def test_the_traded_set(scores: list[float], incumbents: list[int], size: int, expected: list[int]) -> None:
    incumbent = np.zeros(len(scores), bool)
    incumbent[incumbents] = True
    assert np.flatnonzero(traded_set(np.array(scores, dtype=float), incumbent, size)).tolist() == expected
