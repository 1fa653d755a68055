"""What the spectrum would show if the assets had nothing to do with each other.

A sample correlation matrix of N independent assets over n samples has spread-out eigenvalues by chance alone (Marchenko and Pastur 1967):
density √((λ₊ − λ)(λ − λ₋)) / (2πqλ) with q = N/n and edges λ± = (1 ± √q)², plus a mass of zeros where q > 1. A raw λ1, entropy or
absorption ratio means something only next to its value under this null for the actual N and n. Removing the mean costs one sample:
n here is the number of samples less one.
"""

from functools import lru_cache

import numpy as np

_ANGLES = 4096
"""Grid of the numerical inversion; its error is far below the sampling noise of any window."""


def _degrees(samples: int) -> int:
    return max(samples - 1, 1)


def edge(assets: int, samples: int) -> float:
    """Upper edge λ₊ of the noise spectrum: where λ1 of independent assets lies (for large N and n)."""
    return float((1 + np.sqrt(assets / _degrees(samples))) ** 2)


def entropy(assets: int, samples: int) -> float:
    """Expected spectral entropy of N ≥ 2 independent assets: (ln m − m/2M) / ln N, m and M the smaller and larger of N, n (Page 1993)."""
    small, large = sorted((assets, _degrees(samples)))
    return float((np.log(small) - small / (2 * large)) / np.log(assets))


def effective_rank(assets: int, samples: int) -> float:
    """Effective rank at the expected entropy of independent assets."""
    return float(np.exp(entropy(assets, samples) * np.log(assets)))


@lru_cache(maxsize=4096)
def absorption(assets: int, samples: int, modes: int) -> float:
    """Share of the variance that the `modes` strongest of N independent assets' modes hold by chance.

    With λ = 1 + q + 2√q cos θ the variance above λ(θ) is (θ − sin θ cos θ)/π and the number of eigenvalues is
    N ∫ 2 sin²/(πλ) dθ; the angle at which that number is `modes` is found on a grid.
    """
    q = assets / _degrees(samples)
    theta = np.linspace(0.0, np.pi, _ANGLES)
    # λ vanishes at θ = π for q = 1; the integrand's limit there is finite
    eigenvalue = np.maximum(1 + q + 2 * np.sqrt(q) * np.cos(theta), 1e-12)
    density = 2 * np.sin(theta) ** 2 / (np.pi * eigenvalue)
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2) * (theta[1] - theta[0])])
    angle = float(np.interp(modes / assets, mass, theta))
    return (angle - np.sin(angle) * np.cos(angle)) / np.pi
