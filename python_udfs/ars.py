"""SCAN rows in, the ranked assets out.

The rules are `dolphin.core.signals.ranking` and, what is remembered between rankings, `.ranker`; this stage turns batches into arrays and
back.
"""

from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

from dolphin.core.arrow.columns import by_name
from dolphin.core.arrow.moments import moments
from dolphin.core.contract.schemas import RANKING, SCAN, part
from dolphin.core.signals.ranker import Eligible, Ranker
from dolphin.core.signals.ranking import SIGNALS
from dolphin.errors import BadInput
from dolphin.stage import snapshot

_READ: Final = part(SCAN, *Eligible._fields[1:])
_CARRIED: Final = part(SCAN, "plunge_depth", "sigma_5s", "mid")

_SNAPSHOT: Final = ("ars", 1)


class Ars:
    """The ranking stage."""

    INPUT: Final = SCAN
    OUTPUT: Final = RANKING

    def __init__(self, traded: int = 10) -> None:
        """`traded`: size of the traded set, at least 1; BadInput otherwise."""
        if traded < 1:
            raise BadInput("the traded set holds at least one asset", field="traded", value=traded, remedy="Set it to 1 or more")
        self._ranker = Ranker(traded)

    def process(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The ranking of each scan in `batch` (SCAN), one in a job; without rows where no asset is eligible."""
        return [self._ranking(time_ns, rows) for time_ns, rows in moments(batch)]

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        return snapshot.pack(*_SNAPSHOT, self._ranker.state(), columns=SIGNALS)

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        self._ranker = snapshot.restored(data, *_SNAPSHOT, self._ranker.restored, columns=SIGNALS)

    def _ranking(self, time_ns: int, scan: pa.RecordBatch) -> pa.RecordBatch:
        rows = scan.filter(scan.column("eligible")).sort_by("asset")
        assets = cast("list[str]", rows.column("asset").to_pylist())  # never null, as SCAN says
        ranked = self._ranker.step(time_ns, Eligible(assets, **{name: rows.column(name).to_numpy(zero_copy_only=False) for name in _READ}))
        order = ranked.order
        columns: dict[str, Any] = {
            "rank": np.arange(1, order.size + 1, dtype=np.int32),
            "asset": [assets[i] for i in order],
            "score": ranked.score,
            "s": ranked.s,
            "liquidity_multiplier": ranked.liquidity_multiplier,
            "z_depth": ranked.z_depth,
            "market_time_ns": np.full(order.size, time_ns),
            **{name: rows.column(name).to_numpy(zero_copy_only=False)[order] for name in _CARRIED},
            "is_incumbent": ranked.is_incumbent,
            "missing": ranked.missing,
            **{f"w_{name}": np.full(order.size, weight) for name, weight in zip(SIGNALS, ranked.weights, strict=True)},
        }
        return by_name(columns, RANKING)
