"""The scanner's windows: who is in them, from when on there is structure, and what time does to velocities."""

import numpy as np
import pytest

from dolphin.core.signals.scanner import MIN_FILL_LONG, MIN_FILL_SHORT, SHORT, Scan, Scanner
from dolphin.core.signals.spectrum import spectrum
from dolphin.core.signals.statistics import Floats, ols_slope

INTERVAL_NS = 5_000_000_000


def prices(scans: int, assets: int, seed: int = 0, loading: float = 0.6) -> Floats:
    rng = np.random.default_rng(seed)
    returns = loading * rng.normal(size=(scans, 1)) + np.sqrt(1 - loading**2) * rng.normal(size=(scans, assets))
    return 100 * np.exp(np.cumsum(returns * 5e-4, axis=0))


def scanner(assets: int, interval_ns: int = INTERVAL_NS) -> Scanner:
    result = Scanner(interval_ns)
    for i in range(assets):
        result.add_asset(f"A{i:03d}")
    return result


def run(scanner: Scanner, mids: Floats, is_fresh: np.ndarray | None = None, first: int = 0) -> list[Scan]:
    fresh = np.ones(mids.shape, bool) if is_fresh is None else is_fresh
    return [scanner.scan((first + i) * scanner.interval_ns, row, f) for i, (row, f) in enumerate(zip(mids, fresh, strict=True))]


def test_there_is_no_structure_before_the_minimum_fill() -> None:
    scans = run(scanner(4), prices(MIN_FILL_LONG + 2, 4))
    for i, scan in enumerate(scans):
        assert scan.structure.fill_50 == min(i, SHORT)
        assert np.isnan(scan.structure.lambda1_50) == (i < MIN_FILL_SHORT)
        assert np.isnan(scan.loading).all() == (i < MIN_FILL_SHORT)
        assert np.isnan(scan.structure.lambda1_750) == (i < MIN_FILL_LONG)
        assert np.isnan(scan.log_return).all() == (i == 0)


@pytest.mark.parametrize("interval_ns", [1_000_000_000, 5_000_000_000, 6_000_000_000])
def test_structure_is_that_of_the_latest_returns(interval_ns: int) -> None:
    mids = prices(120, 7, seed=1)
    last = run(scanner(7, interval_ns), mids)[-1]
    returns = np.diff(np.log(mids), axis=0)
    assert last.structure.lambda1_50 == pytest.approx(spectrum(returns[-50:]).eigenvalues[0])
    assert last.structure.lambda1_750 == pytest.approx(spectrum(returns).eigenvalues[0])
    np.testing.assert_allclose(last.loading, spectrum(returns[-50:]).loadings)
    modes = [[np.log(spectrum(returns[max(0, i - w) : i]).eigenvalues[0] / 7) for w in (50, 750)] for i in range(114, 120)]
    v50, v750 = ols_slope(np.array(modes), interval_ns / 1e9)
    assert last.structure.v50 == pytest.approx(v50)
    assert last.structure.vel_div == pytest.approx(v50 - v750)


def test_a_stale_asset_is_dropped_and_not_taken_for_uncorrelated() -> None:
    mids = prices(100, 5, seed=2)
    is_fresh = np.ones(mids.shape, bool)
    is_fresh[80:, 2] = False
    mids[80:, 2] = mids[79, 2]  # its last price, repeated
    last = run(scanner(5), mids, is_fresh)[-1]
    others = np.delete(mids, 2, axis=1)
    assert last.structure.n_assets == 4
    assert last.structure.lambda1_50 == pytest.approx(spectrum(np.diff(np.log(others), axis=0)[-50:]).eigenvalues[0])
    assert np.isnan(last.loading[2])


def test_an_asset_with_a_hole_in_the_window_stays_out_until_the_hole_has_passed() -> None:
    mids = prices(130, 6, seed=3)
    is_fresh = np.ones(mids.shape, bool)
    is_fresh[70, 1] = False
    scans = run(scanner(6), mids, is_fresh)
    known = [not np.isnan(scan.loading[1]) for scan in scans]
    assert known[69]
    assert not any(known[70:121])
    assert all(known[122:])
    assert all(np.isfinite(scan.loading[0]) for scan in scans[MIN_FILL_SHORT:])


def test_a_late_starter_costs_itself_and_not_everybody() -> None:
    mids = prices(90, 10, seed=4)
    is_fresh = np.ones(mids.shape, bool)
    is_fresh[:60, 0] = False
    scans = run(scanner(10), mids, is_fresh)
    assert scans[-1].structure.fill_50 == 50
    assert np.isnan(scans[-1].loading[0])
    assert scans[-1].structure.n_assets == 10


def test_after_an_outage_of_most_assets_the_windows_refill() -> None:
    mids = prices(120, 10, seed=5)
    is_fresh = np.ones(mids.shape, bool)
    is_fresh[60, :5] = False
    fills = [scan.structure.fill_50 for scan in run(scanner(10), mids, is_fresh)]
    assert fills[59] == 50
    assert fills[62] == 1
    assert fills[62 + MIN_FILL_SHORT] == 1 + MIN_FILL_SHORT


def test_a_missed_scan_gives_no_return_and_velocities_start_anew() -> None:
    mids = prices(100, 5, seed=6)
    s = scanner(5)
    run(s, mids[:70])
    scans = run(s, mids[71:], first=71)  # scan 70 is missing
    assert np.isnan(scans[0].log_return).all()
    assert scans[0].structure.fill_50 == 50
    assert [np.isnan(scan.structure.v50) for scan in scans[:7]] == [True] * 5 + [False] * 2


def test_an_asset_that_drops_out_does_not_make_the_market_mode_jump() -> None:
    mids = prices(100, 20, seed=7, loading=0.95)
    is_fresh = np.ones(mids.shape, bool)
    is_fresh[90:, 0] = False
    with_all, without = run(scanner(20), mids)[92], run(scanner(20), mids, is_fresh)[92]
    assert without.structure.v50 == pytest.approx(with_all.structure.v50, abs=3e-4)  # ln 20/19 over 6 scans would be 1.7e-3 and more


def test_the_order_in_which_assets_appear_changes_no_bit() -> None:
    mids = prices(80, 6, seed=8)
    sorted_first, sorted_last = scanner(6), Scanner(INTERVAL_NS)
    for i in (3, 0, 5, 1, 4, 2):
        sorted_last.add_asset(f"A{i:03d}")
    assert sorted_last.assets == sorted_first.assets
    a, b = run(sorted_first, mids)[-1], run(sorted_last, mids)[-1]
    assert a.structure == b.structure or np.isnan(a.structure.vel_div_z)
    assert a.loading.tobytes() == b.loading.tobytes()


def test_assets_that_move_oppositely_or_not_at_all_are_no_error() -> None:
    mids = prices(40, 3, seed=9)
    mids[:, 1] = 1e4 / mids[:, 0]
    mids[:, 2] = 7.0
    last = run(scanner(3), mids)[-1]
    assert last.structure.lambda1_50 == pytest.approx(2.0)
    assert np.isnan(last.loading[2])


def test_a_single_asset_has_no_structure() -> None:
    last = run(scanner(1), prices(40, 1))[-1]
    assert np.isnan(last.structure.lambda1_50)
    assert last.structure.n_assets == 1


def test_a_tightening_market_raises_v50_above_v750() -> None:
    loose, tight = prices(400, 20, seed=10, loading=0.3), prices(30, 20, seed=11, loading=0.97)
    mids = np.vstack([loose, loose[-1] * tight / tight[0]])
    scans = run(scanner(20), mids)
    assert max(scan.structure.vel_div for scan in scans[401:425]) > 5 * np.nanstd([scan.structure.vel_div for scan in scans[300:400]])
    assert max(scan.structure.lambda1_rel_50 for scan in scans[401:]) > 2 * scans[399].structure.lambda1_rel_50
