"""Timed: the spectra of a scan of 400 assets, ours, numpy's of the full matrix, and the matrix product alone."""

import sys

import numpy as np

from bench.signal_rig.fresh import report
from dolphin.core.signals.scanner import LONG, SHORT, Scanner
from dolphin.core.signals.spectrum import spectrum
from dolphin.core.signals.statistics import Floats

ASSETS = 400
_INTERVAL_NS = 5_000_000_000


def filled_scanner(mids: Floats) -> Scanner:
    """A scanner whose long window is full."""
    scanner = Scanner(_INTERVAL_NS)
    for i in range(ASSETS):
        scanner.add_asset(f"A{i:03d}")
    scanner._time_ns = 0
    scanner._mids = mids[0]
    for i in range(1, LONG + 1):
        scanner._record(i * _INTERVAL_NS, mids[i])
    return scanner


def main(seconds: float) -> None:
    rng = np.random.default_rng(1)
    returns = 0.7 * rng.normal(size=(LONG + 1, 1)) + 0.7 * rng.normal(size=(LONG + 1, ASSETS))
    mids = 100 * np.exp(np.cumsum(returns * 5e-4, axis=0))
    scanner = filled_scanner(mids)
    is_fresh = np.ones(ASSETS, bool)
    time_ns = LONG * _INTERVAL_NS

    def step() -> None:
        nonlocal time_ns
        time_ns += _INTERVAL_NS
        scanner.scan(time_ns, mids[time_ns // _INTERVAL_NS % LONG], is_fresh)

    short, long = returns[-SHORT:], returns[-LONG:]
    report(
        {
            "ours_50": lambda: spectrum(short),
            "peer_50": lambda: np.linalg.eigvalsh(np.corrcoef(short, rowvar=False)),
            "floor_50": lambda: short @ short.T,
            "ours_750": lambda: spectrum(long),
            "peer_750": lambda: np.linalg.eigvalsh(np.corrcoef(long, rowvar=False)),
            "floor_750": lambda: long.T @ long,
            "step": step,
        },
        seconds,
    )


if __name__ == "__main__":
    main(float(sys.argv[1]))
