"""The eigenvalues of a window's correlation matrix, and what they say in one number each.

Returns are standardised per window, X (n samples, N assets) with zero mean and unit variance per column, so the correlation matrix is
C = XᵀX / n and Σλ = N. For N > n the Gram matrix XXᵀ / n has the same spectrum but for zeros and is smaller: whichever is smaller is
decomposed. The leading vector comes from one step of inverse iteration at λ1, four times cheaper than all vectors.

Nothing here is comparable across N or n without `null_spectrum`. One BLAS thread is enough and keeps latency even: start the process with
OPENBLAS_NUM_THREADS=1.
"""

from dataclasses import dataclass

import numpy as np

from dolphin.core.signals.statistics import Floats

_SHIFT = 1e-9
"""Relative distance of the inverse iteration's shift from λ1: small against any gap that matters, large against rounding."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Correlation structure of one window."""

    eigenvalues: Floats
    """(N,) descending, Σ = N, zeros beyond the rank."""
    loadings: Floats
    """(N,) correlation of each asset with the market mode, √λ1·v; signed so that they sum to ≥ 0. Σ loading² = λ1."""


def standardise(returns: Floats) -> Floats:
    """`returns` (n, N) with every column at mean 0 and variance 1 (divisor n). Every column must vary."""
    centred = returns - returns.mean(axis=0)
    return centred / np.sqrt(np.mean(centred * centred, axis=0))


def varies(returns: Floats) -> np.ndarray:
    """(N,) bool: columns of `returns` (n, N) that are finite throughout and not constant. Others have no correlation."""
    return np.isfinite(returns).all(axis=0) & (returns.max(axis=0) > returns.min(axis=0))


def spectrum(returns: Floats) -> Spectrum:
    """Spectrum of the correlation matrix of `returns` (n ≥ 2 samples, N ≥ 1 assets), all of whose columns vary (see `varies`)."""
    samples, assets = returns.shape
    x = standardise(returns)
    is_gram = assets > samples
    matrix = (x @ x.T if is_gram else x.T @ x) / samples
    eigenvalues = np.zeros(assets)
    eigenvalues[: matrix.shape[0]] = np.maximum(np.linalg.eigvalsh(matrix)[::-1], 0.0)
    vector = _leading_vector(matrix, eigenvalues[0])
    if is_gram:
        vector = x.T @ vector
        vector /= np.sqrt(vector @ vector)
    if vector.sum() < 0:
        vector = -vector
    return Spectrum(eigenvalues, np.sqrt(eigenvalues[0]) * vector)


def _leading_vector(matrix: Floats, eigenvalue: float) -> Floats:
    """Unit eigenvector of symmetric `matrix` at its largest `eigenvalue`: one step of inverse iteration (Golub and Van Loan, 8.2.2).

    The start is the column of largest norm, which cannot be orthogonal to the leading vector unless that column is.
    """
    start = matrix[:, np.argmax(np.einsum("ij,ij->j", matrix, matrix))]
    shifted = matrix - eigenvalue * (1 + _SHIFT) * np.eye(matrix.shape[0])
    vector = np.linalg.solve(shifted, start)
    return vector / np.sqrt(vector @ vector)


def entropy(eigenvalues: Floats) -> float:
    """Spectral entropy −Σ p ln p / ln N with p = λ/Σλ: 1 for uncorrelated assets, 0 for one common movement. NaN for N < 2."""
    assets = eigenvalues.size
    if assets < 2:
        return np.nan
    p = eigenvalues[eigenvalues > 0] / eigenvalues.sum()
    return float(-(p @ np.log(p)) / np.log(assets)) + 0.0


def effective_rank(eigenvalues: Floats) -> float:
    """Number of equally strong independent movements with the same entropy, e^(H ln N) (Roy and Vetterli 2007): 1 to N."""
    return float(np.exp(entropy(eigenvalues) * np.log(eigenvalues.size)))


def absorbed_modes(assets: int, samples: int) -> int:
    """How many modes the absorption ratio counts: a fifth of the assets, or of the rank where that is not below the rank."""
    rank = min(assets, samples - 1)
    fifth = max(1, assets // 5)
    return fifth if fifth < rank else max(1, rank // 5)


def absorption(eigenvalues: Floats, modes: int) -> float:
    """Share of the variance in the `modes` strongest modes (Kritzman et al. 2011): modes/N for uncorrelated assets, up to 1."""
    return float(eigenvalues[:modes].sum() / eigenvalues.sum())
