"""Rankings and spectra of any input: complete, bounded, and blind to the order and grouping of assets."""

from random import Random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dolphin.core.signals.ranking import HYSTERESIS, depth_z, liquidity_multiplier, signals, traded_set, weighted_score, weights_of
from dolphin.core.signals.spectrum import entropy, spectrum, varies
from dolphin.core.signals.statistics import Floats, robust_z

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No test here may fail for want of time on a busy machine."""

anything = st.one_of(st.floats(-1e6, 1e6), st.floats(allow_nan=True, allow_infinity=True))


def columns(rows: int) -> st.SearchStrategy[Floats]:
    return st.integers(1, 30).flatmap(lambda assets: arrays(np.float64, (rows, assets), elements=anything))


@settings(UNHURRIED)
@given(columns(6), arrays(np.float64, 5, elements=st.floats(-1, 1)))
def test_every_asset_gets_a_score_between_0_and_1_1_whatever_is_said_about_it(columns: Floats, correlation: Floats) -> None:
    with np.errstate(all="ignore"):
        z = signals(*columns[:5])
        score = weighted_score(z, weights_of(correlation)) * liquidity_multiplier(depth_z(columns[5]))
    assert ((score >= 0) & (score <= 1.1 + 1e-12)).all()


@settings(UNHURRIED)
@given(columns(1), st.randoms(use_true_random=False))
def test_a_z_does_not_depend_on_the_order_of_assets(columns: Floats, random: Random) -> None:
    order = list(range(columns.shape[1]))
    random.shuffle(order)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(robust_z(columns[0][order]), robust_z(columns[0])[order], rtol=1e-9, equal_nan=True)


@st.composite
def contests(draw: st.DrawFn) -> tuple[Floats, np.ndarray, int]:
    count = draw(st.integers(0, 25))
    scores = draw(arrays(np.float64, count, elements=st.integers(0, 60).map(lambda i: i / 50)))
    return scores, draw(arrays(np.bool_, count)), draw(st.integers(1, 12))


@settings(UNHURRIED)
@given(contests())
def test_the_traded_set_is_full_and_nobody_outside_beats_a_member_by_the_margin(contest: tuple[Floats, np.ndarray, int]) -> None:
    scores, incumbent, size = contest
    chosen = traded_set(scores, incumbent, size)
    assert chosen.sum() == min(size, scores.size)
    if not chosen.all() and chosen.any():
        assert scores[~chosen].max() <= scores[chosen].min() * (1 + HYSTERESIS)


@settings(UNHURRIED)
@given(contests())
def test_a_traded_set_is_stable(contest: tuple[Floats, np.ndarray, int]) -> None:
    scores, incumbent, size = contest
    once = traded_set(scores, incumbent, size)
    np.testing.assert_array_equal(traded_set(scores, once, size), once)


@settings(UNHURRIED)
@given(contests())
def test_an_incumbent_leaves_only_for_a_better_challenger_or_a_smaller_set(contest: tuple[Floats, np.ndarray, int]) -> None:
    scores, incumbent, size = contest
    chosen = traded_set(scores, incumbent, size)
    newcomers = scores[chosen & ~incumbent]
    for i in np.flatnonzero(incumbent & ~chosen):
        kept = scores[chosen & incumbent]
        assert (newcomers > scores[i] * (1 + HYSTERESIS)).any() or (kept.size and (kept >= scores[i]).any())


@settings(UNHURRIED, max_examples=60)
@given(st.integers(2, 60), st.integers(3, 60), st.integers(0, 2**32 - 1))
def test_a_spectrum_is_a_spectrum_of_a_correlation_matrix(samples: int, assets: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    returns = np.round(rng.normal(size=(samples, assets)), 1) * np.exp(rng.normal(size=assets) * 5)
    returns = returns[:, varies(returns)]
    if returns.shape[1] == 0:
        return
    found = spectrum(returns)
    assert (np.diff(found.eigenvalues) <= 1e-9).all()
    assert (found.eigenvalues >= 0).all()
    np.testing.assert_allclose(found.eigenvalues.sum(), returns.shape[1], rtol=1e-9)
    np.testing.assert_allclose(found.eigenvalues[samples - 1 :], 0, atol=1e-9)
    assert found.loadings.sum() >= -1e-9
    assert (np.abs(found.loadings) <= 1 + 1e-6).all()
    if returns.shape[1] > 1:
        assert -1e-12 <= entropy(found.eigenvalues) <= 1 + 1e-12
