"""FEATURES rows in; at every scan time, one SCAN row per known asset out.

When a scan is due and of what it is taken is `dolphin.core.signals.panel`, which sees grid points of market time only; this stage turns
batches into arrays and a scan into a batch.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dolphin.core.arrow.columns import by_name
from dolphin.core.arrow.moments import grid_points
from dolphin.core.contract.schemas import FEATURES, SCAN, part
from dolphin.core.signals.panel import LONGEST_NS, SHORTEST_NS, Panel, PanelScan
from dolphin.errors import BadInput
from dolphin.stage import snapshot

_CARRIED: Final = part(FEATURES, "sigma_5s", "volume_5m_usd", "spread_bps", "depth_q10_usd")
"""Columns that pass through from FEATURES as they were at the scan time."""

_SNAPSHOT: Final = ("scan", 2)


class Scan:
    """The scan stage, fed by every shard's features. Sees one market: the latest row of each asset."""

    INPUT: Final = FEATURES
    OUTPUT: Final = SCAN

    def __init__(self, interval_ns: int = 5_000_000_000) -> None:
        """`interval_ns`: market time between scans, 1 to 60 s; BadInput otherwise."""
        if not SHORTEST_NS <= interval_ns <= LONGEST_NS:
            raise BadInput("a scan interval is 1 to 60 s", field="interval_ns", value=interval_ns, remedy="Set it to 5000000000")
        self._interval_ns = interval_ns
        self._panel = Panel(interval_ns, len(_CARRIED))

    def process(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The scans that `batch` (FEATURES) makes due: none or one in a job, any number where a file's batch holds many moments."""
        return list(self._scans(batch))

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        return snapshot.pack(*_SNAPSHOT, self._panel.state(), columns=_CARRIED)

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        panel = snapshot.restored(data, *_SNAPSHOT, Panel.restored, columns=_CARRIED)
        found_ns = panel.scanner.interval_ns
        if found_ns != self._interval_ns:
            raise BadInput(
                f"the snapshot was taken with a scan interval of {found_ns}",
                field="interval_ns",
                value=self._interval_ns,
                remedy="Use that interval, or start the job anew without a snapshot",
            )
        self._panel = panel

    def _scans(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        for time_ns, rows in grid_points(batch):
            mids = (_floats(rows, "bid") + _floats(rows, "ask")) / 2
            carried = np.array([_floats(rows, name) for name in _CARRIED])
            updated = rows.column("book_updated_at_ns").to_numpy()
            assets = cast("list[str]", rows.column("asset").to_pylist())  # never null, as FEATURES says
            scan = self._panel.step(time_ns, assets, mids, updated, carried)
            if scan is not None:
                yield _batch(scan)


def _batch(taken: PanelScan) -> pa.RecordBatch:
    size, scan = len(taken.assets), taken.scan
    columns: dict[str, Any] = {
        "asset": taken.assets,
        "market_time_ns": np.full(size, taken.time_ns),
        "eligible": taken.is_eligible,
        "mid": taken.mids,
        "log_return": scan.log_return,
        "loading": scan.loading,
        "idio_vel_div": scan.idio_vel_div,
        **dict(zip(_CARRIED, taken.carried, strict=True)),
        **{name: np.full(size, value) for name, value in asdict(scan.structure).items()},
    }
    return by_name(columns, SCAN)


def _floats(batch: pa.RecordBatch, name: str) -> NDArray[np.float64]:
    return batch.column(name).to_numpy(zero_copy_only=False)
