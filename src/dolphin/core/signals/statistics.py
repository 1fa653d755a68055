"""Small robust statistics that scans and rankings share.

Unknown values are NaN: they take no part in an estimate and stay NaN in a result. Nothing here raises on any float input.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

MAD_TO_SIGMA = 1.482602218505602
"""A normal sample's standard deviation over its median absolute deviation: 1 / Φ⁻¹(3/4)."""
MEAN_AD_TO_SIGMA = 1.2533141373155001
"""The same for the mean absolute deviation: √(π/2)."""


def centre_and_scale(sample: Floats) -> tuple[float, float]:
    """Median and robust standard deviation of the finite values of `sample` (1-D).

    The scale is the median absolute deviation, or where more than half of the values are equal the mean absolute deviation
    (Iglewicz and Hoaglin 1993, section 3.3), both scaled to the normal; 0 where all are equal, NaN for both without a finite value.
    """
    known = sample[np.isfinite(sample)]
    if known.size == 0:
        return np.nan, np.nan
    centre = float(np.median(known))
    deviations = np.abs(known - centre)
    scale = MAD_TO_SIGMA * float(np.median(deviations))
    return centre, scale if scale > 0 else MEAN_AD_TO_SIGMA * float(deviations.mean())


def robust_z(values: Floats, sample: Floats | None = None) -> Floats:
    """How many robust standard deviations each of `values` (1-D) lies from the median of `sample`, by default of `values` itself.

    Where the sample has no spread, a value at its median is 0 and any other ±inf. Not finite in, NaN out.
    """
    centre, scale = centre_and_scale(values if sample is None else sample)
    deviations = np.where(np.isfinite(values), values, np.nan) - centre
    if scale == 0:
        return np.where(np.isnan(deviations), np.nan, np.where(deviations == 0, 0.0, np.copysign(np.inf, deviations)))
    return deviations / scale


def ols_slope(y: Floats, step: float) -> Floats:
    """Least-squares slope of `y` (m, ...) along its first axis, the m ≥ 2 samples being `step` apart; in units of y per unit of step."""
    x = (np.arange(len(y)) - (len(y) - 1) / 2) * step
    return np.einsum("i,i...->...", x, y) / float(x @ x)


def average_ranks(values: Floats) -> Floats:
    """Ranks 1..n of finite `values` (1-D), ties sharing the mean of their ranks."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right") + 1) / 2


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's rank correlation of finite `a` and `b` (1-D, same length); NaN where either has no spread."""
    x = average_ranks(a) - (a.size + 1) / 2
    y = average_ranks(b) - (b.size + 1) / 2
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else np.nan
