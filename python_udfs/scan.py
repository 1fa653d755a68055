"""FEATURES rows in; at every scan time, one SCAN row per known asset out.

Scan times are the multiples of `interval_ns` of market time. A scan is taken from what was known when its time came: the batch that
carries market time past it only triggers it. Where market time jumps over several scan times at once, the latest of them is taken and
the missed ones give no returns.
"""

from dataclasses import asdict
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dolphin.core.arrow.moments import moments
from dolphin.core.contract.schemas import FEATURES, OF_ALL_ASSETS, SCAN, part
from dolphin.core.signals.scanner import STALE_SCANS, Scanner, Structure
from dolphin.core.signals.scanner import Scan as ScanResult
from dolphin.errors import BadInput
from dolphin.stage import snapshot

_CARRIED: Final = part(FEATURES, "sigma_5s", "volume_5m_usd", "spread_bps", "depth_q10_usd")
"""Columns that pass through from FEATURES as they were at the scan time."""
assert tuple(Structure.__annotations__) == OF_ALL_ASSETS

_SNAPSHOT: Final = ("scan", 1)
_SECOND_NS: Final = 1_000_000_000


class Scan:
    """The scan stage, fed by every shard's features. Sees one market: the latest row of each asset."""

    INPUT: Final = FEATURES
    OUTPUT: Final = SCAN

    def __init__(self, interval_ns: int = 5 * _SECOND_NS) -> None:
        """`interval_ns`: market time between scans, 1 to 60 s; BadInput otherwise."""
        if not _SECOND_NS <= interval_ns <= 60 * _SECOND_NS:
            raise BadInput("a scan interval is 1 to 60 s", field="interval_ns", value=interval_ns, remedy="Set it to 5000000000")
        self._scanner = Scanner(interval_ns)
        self._clock_ns = 0
        self._index: dict[str, int] = {}
        self._mids = np.empty(0)
        self._book_updated_at_ns = np.empty(0, np.int64)
        self._carried = np.empty((len(_CARRIED), 0))

    def process(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The scans that `batch` (FEATURES) makes due: none or one in a job, any number where a file's batch holds many moments."""
        scans = [self._moment(time_ns, rows) for time_ns, rows in moments(batch)]
        return [scan for scan in scans if scan is not None]

    def _moment(self, time_ns: int, rows: pa.RecordBatch) -> pa.RecordBatch | None:
        interval_ns = self._scanner.interval_ns
        now_ns = max(self._clock_ns, time_ns)
        due_ns = now_ns // interval_ns * interval_ns
        is_due = self._clock_ns > 0 and due_ns > self._clock_ns // interval_ns * interval_ns
        scan = self._scan(due_ns) if is_due else None
        self._clock_ns = now_ns
        self._remember(rows)
        return scan

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        latest = {"mids": self._mids, "book_updated_at_ns": self._book_updated_at_ns, "carried": self._carried}
        return snapshot.pack(*_SNAPSHOT, {"clock_ns": self._clock_ns, "scanner": self._scanner.state(), **latest})

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        state = snapshot.unpack(data, *_SNAPSHOT)
        found_ns, wanted_ns = state["scanner"]["interval_ns"], self._scanner.interval_ns
        if found_ns != wanted_ns:
            raise BadInput(
                f"the snapshot was taken with a scan interval of {found_ns}",
                field="interval_ns",
                value=wanted_ns,
                remedy="Use that interval, or start the job anew without a snapshot",
            )
        self._scanner = Scanner.restored(state["scanner"])
        self._clock_ns = state["clock_ns"]
        self._mids = state["mids"]
        self._book_updated_at_ns = state["book_updated_at_ns"]
        self._carried = state["carried"]
        self._reindex()

    def _reindex(self) -> None:
        self._index = {asset: i for i, asset in enumerate(self._scanner.assets)}

    def _remember(self, batch: pa.RecordBatch) -> None:
        names: list[str] = batch.column("asset").to_pylist()
        for name in names:
            if name not in self._index:
                at = self._scanner.add_asset(name)
                self._mids = np.insert(self._mids, at, np.nan)
                self._book_updated_at_ns = np.insert(self._book_updated_at_ns, at, -1)
                self._carried = np.insert(self._carried, at, np.nan, axis=1)
                self._reindex()
        rows = np.array([self._index[name] for name in names])
        self._mids[rows] = (_floats(batch, "bid") + _floats(batch, "ask")) / 2
        self._book_updated_at_ns[rows] = batch.column("book_updated_at_ns").to_numpy()
        for row, name in zip(self._carried, _CARRIED, strict=True):
            row[rows] = _floats(batch, name)

    def _scan(self, time_ns: int) -> pa.RecordBatch | None:
        assets = self._scanner.assets
        if not assets:
            return None
        age_ns = time_ns - self._book_updated_at_ns
        is_fresh = (self._book_updated_at_ns >= 0) & (age_ns <= STALE_SCANS * self._scanner.interval_ns) & np.isfinite(self._mids)
        return self._batch(time_ns, is_fresh, self._scanner.scan(time_ns, self._mids, is_fresh))

    def _batch(self, time_ns: int, is_fresh: NDArray[np.bool_], result: ScanResult) -> pa.RecordBatch:
        assets = len(is_fresh)
        columns: list[Any] = [
            pa.array(self._scanner.assets, pa.utf8()),
            np.full(assets, time_ns),
            is_fresh,
            self._mids.copy(),  # Arrow takes arrays as they are: what is emitted must not change with the next batch
            result.log_return,
            result.loading,
            result.idio_vel_div,
            *self._carried.copy(),
        ]
        structure = asdict(result.structure)
        columns += [np.full(assets, structure[field.name]) for field in list(SCAN)[len(columns) :]]
        return pa.RecordBatch.from_arrays([pa.array(column, field.type) for column, field in zip(columns, SCAN, strict=True)], schema=SCAN)


def _floats(batch: pa.RecordBatch, name: str) -> NDArray[np.float64]:
    return batch.column(name).to_numpy(zero_copy_only=False)
