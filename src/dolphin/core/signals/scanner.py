"""From mid prices to correlation structure, one scan at a time.

A scan takes the mids of all assets at one moment. Its log returns against the scan before join a ring of the last LONG returns; the
last SHORT and the last LONG of them are the two windows whose spectra are compared. The rules that keep the structure honest:

* An asset that is stale, or whose history has a hole inside a window, is left out of that window; nothing is ever filled in.
* A window reaches back as far as COVERAGE_PERCENT of the fresh assets have unbroken history, so that a late starter costs itself and not
  everybody, and after an outage the windows refill. Below the minimum fill there is no structure.
* A scan that does not follow the one before it by one interval gives no returns, and velocities start anew.

Assets are kept in the order of their symbols, so the same prices give the same bits however they arrived.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dolphin.core.signals import null_spectrum
from dolphin.core.signals.divergence import VELOCITY_SCANS, plunge, trailing_z
from dolphin.core.signals.spectrum import Spectrum, absorbed_modes, absorption, effective_rank, entropy, spectrum, varies
from dolphin.core.signals.statistics import Floats, ols_slope
from dolphin.core.units import DAY_NS, HOUR_NS

SHORT: Final = 50
LONG: Final = 750
MIN_FILL_SHORT: Final = 20
MIN_FILL_LONG: Final = 60
"""More than SHORT: over equal windows the divergence would be zero by construction."""
MIN_ASSETS: Final = 2
COVERAGE_PERCENT: Final = 80
STALE_SCANS: Final = 3
IDIO_FLOOR: Final = 1e-6
"""Smallest idiosyncratic variance share whose logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Structure:
    """One scan's view of all assets together. NaN = not known (yet)."""

    n_assets: int
    fill_50: int
    fill_750: int
    lambda1_50: float = np.nan
    lambda1_750: float = np.nan
    lambda1_rel_50: float = np.nan
    lambda1_rel_750: float = np.nan
    v50: float = np.nan
    v750: float = np.nan
    vel_div: float = np.nan
    vel_div_z: float = np.nan
    plunge_depth: float = np.nan
    is_plunge: bool = False
    entropy: float = np.nan
    entropy_rel: float = np.nan
    effective_rank: float = np.nan
    effective_rank_rel: float = np.nan
    absorption: float = np.nan
    absorption_rel: float = np.nan


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of one scan; arrays are (assets,) in the order of `Scanner.assets`."""

    structure: Structure
    log_return: Floats
    loading: Floats
    idio_vel_div: Floats


@dataclass(frozen=True, slots=True)
class _Window:
    """One window of a scan: its length in samples and, where there is enough, the structure over it."""

    fill: int
    used: NDArray[np.bool_]
    spectrum: Spectrum | None

    def log_market_share(self) -> float:
        """x = ln(λ1/N)."""
        return np.nan if self.spectrum is None else float(np.log(self.spectrum.eigenvalues[0] / self.spectrum.eigenvalues.size))

    def loadings(self) -> Floats:
        """(assets,) loading on the market mode, NaN for assets outside the window."""
        loadings = np.full(self.used.size, np.nan)
        if self.spectrum is not None:
            loadings[self.used] = self.spectrum.loadings
        return loadings


class Scanner:
    """The memory between scans. `scan` is deterministic; `state` and `restored` move it between processes exactly."""

    def __init__(self, interval_ns: int) -> None:
        """An empty memory for scans every `interval_ns` of market time."""
        self.interval_ns = interval_ns
        self.assets: list[str] = []
        self._time_ns = -1
        self._rows = 0  # returns recorded so far
        self._returns = np.full((LONG, 0), np.nan)  # ring
        self._unbroken = np.zeros(0, np.int64)  # latest consecutive returns per asset
        self._mids = np.full(0, np.nan)  # of the latest scan, NaN where stale
        self._modes = np.full((VELOCITY_SCANS, 2), np.nan)  # x of both windows, oldest first
        self._idio = np.full((VELOCITY_SCANS, 2, 0), np.nan)  # log idiosyncratic share of both windows
        self._vel_div = np.full(DAY_NS // interval_ns, np.nan)  # ring over a day
        self._vel_div_z = np.full(HOUR_NS // interval_ns, np.nan)  # ring over an hour
        self._scans = 0
        self._is_plunge = False

    def state(self) -> dict[str, Any]:
        """Everything the next scan depends on, as values and arrays."""
        return {name.lstrip("_"): value for name, value in vars(self).items()}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "Scanner":
        """The scanner whose `state()` this is."""
        scanner = cls(state["interval_ns"])
        for name in vars(scanner):
            setattr(scanner, name, state[name.lstrip("_")])
        return scanner

    def add_asset(self, asset: str) -> int:
        """Make room for a new `asset`; its index. Everybody behind it in the order of symbols moves up."""
        at = int(np.searchsorted(np.array(self.assets, dtype=str), asset)) if self.assets else 0
        self.assets.insert(at, asset)
        self._returns = np.insert(self._returns, at, np.nan, axis=1)
        self._unbroken = np.insert(self._unbroken, at, 0)
        self._mids = np.insert(self._mids, at, np.nan)
        self._idio = np.insert(self._idio, at, np.nan, axis=2)
        return at

    def scan(self, time_ns: int, mids: Floats, is_fresh: NDArray[np.bool_]) -> Scan:
        """Take the scan of `time_ns`: mids (assets,) and which of them are fresh, in the order of `assets`."""
        log_return = self._record(time_ns, np.where(is_fresh, mids, np.nan))
        short = self._window(SHORT, MIN_FILL_SHORT, is_fresh)
        long = self._window(LONG, MIN_FILL_LONG, is_fresh)
        velocities, idio_vel_div = self._velocities(short, long)
        structure = self._structure(short, long, velocities, int(np.count_nonzero(is_fresh)))
        return Scan(structure, log_return, short.loadings(), idio_vel_div)

    def _record(self, time_ns: int, mids: Floats) -> Floats:
        """Take returns over the last interval into the ring; the returns."""
        follows = time_ns - self._time_ns == self.interval_ns
        log_return = np.log(mids / self._mids) if follows else np.full(mids.size, np.nan)
        if follows:
            self._returns[self._rows % LONG] = log_return
            self._rows += 1
            self._unbroken = np.where(np.isnan(log_return), 0, self._unbroken + 1)
        else:
            self._modes[:] = np.nan
            self._idio[:] = np.nan
        self._mids = mids
        self._time_ns = time_ns
        return log_return

    def _window(self, length: int, min_fill: int, is_fresh: NDArray[np.bool_]) -> _Window:
        unbroken = np.sort(self._unbroken[is_fresh])[::-1]
        if unbroken.size == 0:
            return _Window(0, is_fresh, None)
        fill = int(min(unbroken[-(-unbroken.size * COVERAGE_PERCENT // 100) - 1], length))
        used = is_fresh & (self._unbroken >= fill)
        if fill < min_fill:
            return _Window(fill, used, None)
        returns = self._returns[np.arange(self._rows - fill, self._rows) % LONG]
        used = used & varies(returns)
        if np.count_nonzero(used) < MIN_ASSETS:
            return _Window(fill, used, None)
        return _Window(fill, used, spectrum(returns[:, used]))

    def _velocities(self, short: _Window, long: _Window) -> tuple[Floats, Floats]:
        """Velocity of both windows' market modes (2,), and the divergence of each asset's idiosyncratic share (assets,), per second."""
        seconds = self.interval_ns / 1e9
        shares = [np.log(np.maximum(1 - window.loadings() ** 2, IDIO_FLOOR)) for window in (short, long)]
        self._modes = np.vstack([self._modes[1:], [short.log_market_share(), long.log_market_share()]])
        self._idio = np.concatenate([self._idio[1:], np.array([shares])])
        idio = ols_slope(self._idio, seconds)
        return ols_slope(self._modes, seconds), idio[0] - idio[1]

    def _structure(self, short: _Window, long: _Window, velocities: Floats, n_assets: int) -> Structure:
        vel_div = float(velocities[0] - velocities[1])
        z = trailing_z(vel_div, self._vel_div)
        self._vel_div[self._scans % self._vel_div.size] = vel_div
        self._vel_div_z[self._scans % self._vel_div_z.size] = z
        self._scans += 1
        state = plunge(z, self._vel_div_z, self._is_plunge)
        self._is_plunge = state.is_plunge
        known = {} if short.spectrum is None else _short_structure(short.spectrum.eigenvalues, short.fill)
        if long.spectrum is not None:
            eigenvalues = long.spectrum.eigenvalues
            known["lambda1_750"] = float(eigenvalues[0])
            known["lambda1_rel_750"] = float(eigenvalues[0]) / null_spectrum.edge(eigenvalues.size, long.fill)
        return Structure(
            n_assets=n_assets,
            fill_50=short.fill,
            fill_750=long.fill,
            v50=float(velocities[0]),
            v750=float(velocities[1]),
            vel_div=vel_div,
            vel_div_z=z,
            plunge_depth=state.depth,
            is_plunge=state.is_plunge,
            **known,
        )


def _short_structure(eigenvalues: Floats, fill: int) -> dict[str, float]:
    """Everything that is told about the short window, raw and relative to independent assets."""
    assets = eigenvalues.size
    modes = absorbed_modes(assets, fill)
    absorbed = absorption(eigenvalues, modes)
    return {
        "lambda1_50": float(eigenvalues[0]),
        "lambda1_rel_50": float(eigenvalues[0]) / null_spectrum.edge(assets, fill),
        "entropy": entropy(eigenvalues),
        "entropy_rel": entropy(eigenvalues) / null_spectrum.entropy(assets, fill),
        "effective_rank": effective_rank(eigenvalues),
        "effective_rank_rel": effective_rank(eigenvalues) / null_spectrum.effective_rank(assets, fill),
        "absorption": absorbed,
        "absorption_rel": absorbed / null_spectrum.absorption(assets, fill, modes),
    }
