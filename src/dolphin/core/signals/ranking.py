"""Which assets are worth the leverage: ARS = S · ℓ.

Every signal is made comparable across assets as a cross-sectional robust z, clipped to ±Z_LIMIT and mapped to 0..1 with 0.5 at the
median. S is their weighted mean, so it is positive, and the factors of the law mean the same for every asset: a thin book costs up to
10 %, a challenger must be better by 2 %. (With raw z a negative S would be *raised* by a small ℓ.) The order of S is that of Σ w·z.

A missing signal counts as neutral and is named in the output; a missing depth counts as the thinnest book.

The weights follow what worked: the rank correlation of each signal with the opportunity that the following minute really offered,
exponentially averaged. A prior keeps them equal while that average is small; with few assets it is not updated at all.

Arrays are (assets,) in the order of symbols, signals are (SIGNALS, assets).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dolphin.core.signals.statistics import Floats, rank_correlation, robust_z

SIGNALS: Final = ("loading", "idio_vel_div", "volume", "spread_cost", "volatility_fit")
Z_LIMIT: Final = 3.0
WEIGHT_FLOOR: Final = 0.05
PRIOR_STRENGTH: Final = 0.25
"""Sum of rank correlations at which evidence weighs as much as the equal prior."""
WEIGHT_HALF_LIFE_NS: Final = 3_600_000_000_000
OPPORTUNITY_NS: Final = 60_000_000_000
"""The window after a ranking over which its opportunity is realised."""
MIN_SAMPLE: Final = 10
"""Fewest assets whose rank correlation says anything; below it the weights stay."""
LIQUIDITY_RANGE: Final = 0.10
HYSTERESIS: Final = 0.02


def signals(loading: Floats, idio_vel_div: Floats, volume_usd: Floats, spread_bps: Floats, sigma: Floats) -> Floats:
    """Cross-sectional z of the five SIGNALS, (5, assets), within ±Z_LIMIT; NaN where the input is unknown or out of range.

    loading on the market mode; divergence of the idiosyncratic share, 1/s; ln(1 + volume); −ln spread; volatility fit, the negative
    distance of ln σ from the median asset's.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_sigma = np.log(sigma)
        rows = [
            loading,
            idio_vel_div,
            np.log1p(volume_usd),
            -np.log(spread_bps),
            -np.abs(robust_z(log_sigma)),
        ]
        return np.array([np.clip(robust_z(row), -Z_LIMIT, Z_LIMIT) for row in rows])


def depth_z(depth_usd: Floats) -> Floats:
    """Cross-sectional robust z of ln depth (the 10 % time-weighted quantile, USD); NaN where unknown, −inf for none at all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_depth = np.log(depth_usd)
    return np.where(depth_usd == 0, -np.inf, robust_z(log_depth))


def liquidity_multiplier(z: Floats) -> Floats:
    """ℓ = clip(1 + 0.10·tanh(z/2), 0.90, 1.10); 0.90 where z is NaN, since an unknown book never counts as good."""
    worst = 1 - LIQUIDITY_RANGE
    return np.where(np.isnan(z), worst, np.clip(1 + LIQUIDITY_RANGE * np.tanh(z / 2), worst, 1 + LIQUIDITY_RANGE))


def weighted_score(z: Floats, weights: Floats) -> Floats:
    """S, (assets,) in 0..1: weighted mean of the signals `z` (5, assets) mapped to 0..1; a missing one is 0.5."""
    return weights @ (0.5 + np.nan_to_num(z) / (2 * Z_LIMIT))


def weights_of(correlation: Floats) -> Floats:
    """Weights (5,) from the averaged rank correlations (5,): bounded below by WEIGHT_FLOOR, summing to 1, equal without evidence.

    Only a positive correlation earns weight: a signal that predicts the opposite is not turned round, it falls to the floor.
    """
    count = correlation.size
    evidence = np.maximum(correlation, 0.0) + PRIOR_STRENGTH / count
    return WEIGHT_FLOOR + (1 - count * WEIGHT_FLOOR) * evidence / evidence.sum()


def opportunity(mid_then: Floats, mid_now: Floats, spread_bps_then: Floats) -> Floats:
    """What the window really offered: the absolute log return less the spread that was to be paid, as a fraction."""
    return np.abs(np.log(mid_now / mid_then)) - spread_bps_then * 1e-4


def learned(correlation: Floats, z_then: Floats, realised: Floats, elapsed_ns: int) -> Floats:
    """`correlation` (5,) after one more window: signals `z_then` (5, assets) were followed by `realised` opportunity (assets,).

    `elapsed_ns` since the update before sets the decay. A signal known for fewer than MIN_SAMPLE assets keeps its value.
    """
    kept = 0.5 ** (elapsed_ns / WEIGHT_HALF_LIFE_NS)
    result = correlation.copy()
    for k, z in enumerate(z_then):
        known = np.isfinite(z) & np.isfinite(realised)
        if np.count_nonzero(known) < MIN_SAMPLE:
            continue
        found = rank_correlation(z[known], realised[known])
        if np.isfinite(found):
            result[k] = kept * correlation[k] + (1 - kept) * found
    return result


def best_first(scores: Floats) -> NDArray[np.intp]:
    """Order of `scores`, highest first, ties by symbol."""
    return np.argsort(-scores, kind="stable")


def traded_set(scores: Floats, incumbent: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The up to `size` assets to trade, (assets,) bool: `incumbent`s stay unless a challenger's score is better by HYSTERESIS.

    Only ranked assets are in the arrays, so a stale incumbent has already lost its place. Free places go to the best.
    """
    order = best_first(scores)
    held = [i for i in order if incumbent[i]][:size]
    others = [i for i in order if not incumbent[i]]
    free = size - len(held)
    chosen = sorted(held + others[:free], key=lambda i: (-scores[i], i))
    challengers = others[free:]
    for place, challenger in enumerate(challengers[: len(chosen)]):
        weakest = len(chosen) - 1 - place
        if not scores[challenger] > scores[chosen[weakest]] * (1 + HYSTERESIS):
            break
        chosen[weakest] = challenger
    result = np.zeros(scores.size, np.bool_)
    result[chosen] = True
    return result
