"""Spectra against closed forms, numpy's own decomposition, simulated noise and a recorded crash."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from dolphin.core.signals import null_spectrum
from dolphin.core.signals.spectrum import Spectrum, absorbed_modes, absorption, effective_rank, entropy, spectrum, standardise, varies
from dolphin.core.signals.statistics import Floats

SHAPES = [(50, 2), (50, 8), (50, 50), (50, 51), (50, 400), (750, 50), (750, 400), (20, 3), (21, 120)]
SHARED_DATA = Path(os.environ.get("DOLPHIN_SHARED_DATA", Path(__file__).resolve().parents[5] / "shared" / "data"))


def one_factor(samples: int, assets: int, loading: float, seed: int) -> Floats:
    """Returns of unit variance that share one factor, correlation loading² between any two."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(samples, 1))
    return loading * common + np.sqrt(1 - loading**2) * rng.normal(size=(samples, assets))


def orthogonal_returns(samples: int, assets: int) -> Floats:
    """Returns whose sample correlation matrix is exactly the identity (up to rounding)."""
    noise = np.random.default_rng(0).normal(size=(samples, assets))
    return np.linalg.qr(noise - noise.mean(axis=0))[0]


@pytest.mark.parametrize(("samples", "assets"), SHAPES)
def test_eigenvalues_are_numpys_of_the_full_correlation_matrix(samples: int, assets: int) -> None:
    returns = one_factor(samples, assets, 0.6, seed=samples + assets) * 1e-4
    expected = np.linalg.eigvalsh(np.corrcoef(returns, rowvar=False))[::-1]
    np.testing.assert_allclose(spectrum(returns).eigenvalues, expected, atol=1e-9)


@pytest.mark.parametrize(("samples", "assets"), SHAPES)
def test_eigenvalues_sum_to_the_number_of_assets(samples: int, assets: int) -> None:
    assert spectrum(one_factor(samples, assets, 0.5, seed=1)).eigenvalues.sum() == pytest.approx(assets, abs=1e-9)


@pytest.mark.parametrize(("samples", "assets"), SHAPES)
def test_loadings_are_correlations_with_the_market_mode(samples: int, assets: int) -> None:
    returns = one_factor(samples, assets, 0.6, seed=5)
    found = spectrum(returns)
    vectors = np.linalg.eigh(np.corrcoef(returns, rowvar=False))[1][:, -1]
    mode = standardise(returns) @ vectors
    expected = np.array([np.corrcoef(mode, column)[0, 1] for column in returns.T])
    np.testing.assert_allclose(found.loadings, expected * np.sign(expected.sum()), atol=1e-7)
    assert found.loadings @ found.loadings == pytest.approx(found.eigenvalues[0])


def test_uncorrelated_assets_have_entropy_one() -> None:
    found = spectrum(orthogonal_returns(200, 10))
    np.testing.assert_allclose(found.eigenvalues, 1.0, atol=1e-9)
    assert entropy(found.eigenvalues) == pytest.approx(1.0, abs=1e-9)
    assert effective_rank(found.eigenvalues) == pytest.approx(10.0)
    assert absorption(found.eigenvalues, 2) == pytest.approx(0.2)


@pytest.mark.parametrize(("samples", "assets"), [(50, 8), (50, 400)])
def test_assets_that_move_as_one_have_entropy_zero(samples: int, assets: int) -> None:
    common = np.random.default_rng(3).normal(size=(samples, 1))
    found = spectrum(common * np.linspace(1e-5, 1e-2, assets))
    assert found.eigenvalues[0] == pytest.approx(assets)
    assert entropy(found.eigenvalues) == pytest.approx(0.0, abs=1e-9)
    assert effective_rank(found.eigenvalues) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(found.loadings, 1.0, atol=1e-6)


@pytest.mark.parametrize(("samples", "assets"), [(60, 12), (50, 120)])
def test_the_order_of_assets_does_not_matter(samples: int, assets: int) -> None:
    returns = one_factor(samples, assets, 0.5, seed=9)
    order = np.random.default_rng(4).permutation(assets)
    a, b = spectrum(returns), spectrum(returns[:, order])
    np.testing.assert_allclose(b.eigenvalues, a.eigenvalues, atol=1e-9)
    np.testing.assert_allclose(b.loadings, a.loadings[order], atol=1e-7)


def test_scale_and_drift_of_an_asset_do_not_matter() -> None:
    returns = one_factor(80, 12, 0.5, seed=10)
    scaled = returns * np.logspace(-6, 2, 12) + np.linspace(-1, 1, 12)
    np.testing.assert_allclose(spectrum(scaled).eigenvalues, spectrum(returns).eigenvalues, atol=1e-7)


def test_a_known_loading_is_found() -> None:
    found = spectrum(one_factor(20_000, 30, 0.7, seed=12))
    assert found.eigenvalues[0] == pytest.approx(1 + 29 * 0.7**2, rel=0.02)
    # the sample's leading vector mixes in a little of each asset's own noise
    np.testing.assert_allclose(found.loadings, np.sqrt(found.eigenvalues[0] / 30), atol=0.03)


def test_two_assets_have_one_plus_minus_their_correlation() -> None:
    returns = one_factor(50, 2, 0.4, seed=13)
    rho = np.corrcoef(returns[:, 0], returns[:, 1])[0, 1]
    np.testing.assert_allclose(spectrum(returns).eigenvalues, [1 + abs(rho), 1 - abs(rho)])


def test_assets_that_do_not_move_or_have_holes_are_no_part_of_a_window() -> None:
    returns = np.array([[0.0, 1.0, np.nan, 2.0], [0.0, 2.0, 1.0, 2.0], [0.0, 1.0, 1.0, 2.5]])
    np.testing.assert_array_equal(varies(returns), [False, True, False, True])


@pytest.mark.parametrize(("assets", "samples", "expected"), [(2, 50, 1), (5, 50, 1), (40, 50, 8), (400, 750, 80), (400, 50, 9), (3, 3, 1)])
def test_absorption_counts_fewer_modes_than_the_rank(assets: int, samples: int, expected: int) -> None:
    assert absorbed_modes(assets, samples) == expected


def test_with_few_samples_absorption_is_not_identically_one() -> None:
    found = spectrum(one_factor(50, 400, 0.0, seed=14)).eigenvalues
    assert absorption(found, 80) == pytest.approx(1.0)  # the naive fifth of the assets says nothing
    assert 0.2 < absorption(found, absorbed_modes(400, 50)) < 0.5


@pytest.mark.parametrize(("samples", "assets"), [(50, 40), (50, 50), (50, 400), (750, 50), (750, 400)])
def test_independent_assets_are_one_relative_to_the_null(samples: int, assets: int) -> None:
    spectra: list[Spectrum] = [spectrum(np.random.default_rng(seed).normal(size=(samples, assets))) for seed in range(8)]
    mean = np.mean([s.eigenvalues for s in spectra], axis=0)
    modes = absorbed_modes(assets, samples)
    entropies = np.mean([entropy(s.eigenvalues) for s in spectra])
    assert mean[0] / null_spectrum.edge(assets, samples) == pytest.approx(1.0, abs=0.12)  # the edge is approached from below
    assert entropies / null_spectrum.entropy(assets, samples) == pytest.approx(1.0, abs=0.01)
    assert absorption(mean, modes) / null_spectrum.absorption(assets, samples, modes) == pytest.approx(1.0, abs=0.03)


def test_the_null_of_all_modes_absorbs_everything() -> None:
    for samples, assets in [(50, 40), (50, 51), (50, 400)]:
        assert null_spectrum.absorption(assets, samples, assets) == pytest.approx(1.0, abs=1e-3)


def daily_market_share(panel: Path, day_start_ms: int) -> float:
    """λ1/N of the 24 h of 5 min returns from `day_start_ms`, over the coins that traded throughout."""
    with gzip.open(panel, "rt") as file:
        rows = [r for r in csv.reader(file) if r[0].isdigit() and day_start_ms <= int(r[0]) < day_start_ms + 86_400_000]
    prices = np.array([[float(x) if x else np.nan for x in r[1:]] for r in rows])
    returns = np.diff(np.log(prices), axis=0)
    found = spectrum(returns[:, varies(returns)]).eigenvalues
    return found[0] / found.size


def test_the_crash_of_2021_05_19_tightens_the_market_as_recorded() -> None:
    panel = SHARED_DATA / "panel_5m_2021-05" / "close.csv.gz"
    if not panel.exists():
        pytest.skip(f"the recorded panel is not on this machine: {panel}")
    may_18, may_19 = (daily_market_share(panel, 1_621_296_000_000 + day * 86_400_000) for day in range(2))
    assert may_18 == pytest.approx(0.56, abs=0.01)
    assert may_19 == pytest.approx(0.73, abs=0.01)
