"""The latest of every asset between scans, and when a scan is due.

Scan times are the multiples of the interval of market time. A scan is taken from what was known when its time came: the moment that carries
market time to it or past it only triggers it, so it is of the grid point before. Where market time jumps over several scan times at once,
the latest of them is taken and the missed ones give no returns.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dolphin.core.signals.scanner import STALE_SCANS, Scan, Scanner
from dolphin.core.signals.statistics import Floats
from dolphin.core.units import SECOND_NS

SHORTEST_NS: Final = SECOND_NS
LONGEST_NS: Final = 60_000_000_000


class PanelScan(NamedTuple):
    """One scan with what it was taken from; arrays are (assets,) in the order of `assets`."""

    time_ns: int
    assets: tuple[str, ...]
    is_eligible: NDArray[np.bool_]
    mids: Floats
    carried: Floats
    """(columns, assets)."""
    scan: Scan


class Panel:
    """Mids, their times and what is carried along of each asset, in the order of symbols."""

    def __init__(self, interval_ns: int, carried: int) -> None:
        """`carried`: how many columns pass through."""
        assert SHORTEST_NS <= interval_ns <= LONGEST_NS
        self.scanner = Scanner(interval_ns)
        self._clock_ns = 0
        self._index: dict[str, int] = {}
        self._mids = np.empty(0)
        self._book_updated_at_ns = np.empty(0, np.int64)
        self._carried = np.empty((carried, 0))

    def step(
        self, time_ns: int, assets: list[str], mids: Floats, book_updated_at_ns: NDArray[np.int64], carried: Floats
    ) -> PanelScan | None:
        """The scan that market time `time_ns` makes due, of what was known before; then what `assets` are now is remembered.

        mids, book_updated_at_ns: (assets,); carried: (columns, assets).
        """
        interval_ns = self.scanner.interval_ns
        now_ns = max(self._clock_ns, time_ns)
        due_ns = now_ns // interval_ns * interval_ns
        is_due = self._clock_ns > 0 and due_ns > self._clock_ns // interval_ns * interval_ns
        scan = self._scan(due_ns) if is_due and self._index else None
        self._clock_ns = now_ns
        self._remember(assets, mids, book_updated_at_ns, carried)
        return scan

    def state(self) -> dict[str, Any]:
        """Everything the next step depends on."""
        latest = {"mids": self._mids, "book_updated_at_ns": self._book_updated_at_ns, "carried": self._carried}
        return {"clock_ns": self._clock_ns, "scanner": self.scanner.state(), **latest}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> "Panel":
        """The panel that `state` came from."""
        panel = cls(state["scanner"]["interval_ns"], len(state["carried"]))
        panel.scanner = Scanner.restored(state["scanner"])
        panel._clock_ns, panel._mids, panel._carried = state["clock_ns"], state["mids"], state["carried"]
        panel._book_updated_at_ns = state["book_updated_at_ns"]
        panel._reindex()
        return panel

    def _reindex(self) -> None:
        self._index = {asset: i for i, asset in enumerate(self.scanner.assets)}

    def _remember(self, assets: list[str], mids: Floats, book_updated_at_ns: NDArray[np.int64], carried: Floats) -> None:
        for name in assets:
            if name not in self._index:
                at = self.scanner.add_asset(name)
                self._mids = np.insert(self._mids, at, np.nan)
                self._book_updated_at_ns = np.insert(self._book_updated_at_ns, at, -1)
                self._carried = np.insert(self._carried, at, np.nan, axis=1)
                self._reindex()
        rows = np.array([self._index[name] for name in assets], np.int64)
        self._mids[rows] = mids
        self._book_updated_at_ns[rows] = book_updated_at_ns
        self._carried[:, rows] = carried

    def _scan(self, time_ns: int) -> PanelScan:
        """An asset is eligible whose book spoke in the last STALE_SCANS scans."""
        age_ns = time_ns - self._book_updated_at_ns
        is_fresh = (self._book_updated_at_ns >= 0) & (age_ns <= STALE_SCANS * self.scanner.interval_ns) & np.isfinite(self._mids)
        scan = self.scanner.scan(time_ns, self._mids, is_fresh)
        return PanelScan(time_ns, tuple(self.scanner.assets), is_fresh, self._mids.copy(), self._carried.copy(), scan)
