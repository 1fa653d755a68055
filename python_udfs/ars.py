"""SCAN rows in, the ranked assets out.

Ranks the eligible assets of every scan and remembers three things between scans: the traded set (for hysteresis), the averaged rank
correlations behind the weights, and the scans of the last minute, whose opportunity has yet to show. Rules and numbers are in
`dolphin.core.signals.ranking`.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dolphin.core.arrow.moments import moments
from dolphin.core.contract.schemas import RANKING, SCAN, part
from dolphin.core.signals.ranking import (
    OPPORTUNITY_NS,
    SIGNALS,
    best_first,
    depth_z,
    learned,
    liquidity_multiplier,
    opportunity,
    signals,
    traded_set,
    weighted_score,
    weights_of,
)
from dolphin.core.signals.statistics import Floats
from dolphin.errors import BadInput
from dolphin.stage import snapshot

_INPUTS: Final = part(
    SCAN,
    "loading",
    "idio_vel_div",
    "volume_5m_usd",
    "spread_bps",
    "sigma_5s",
    "depth_q10_usd",
    "plunge_depth",
    "mid",
)

assert RANKING.names[-len(SIGNALS) :] == [f"w_{name}" for name in SIGNALS]

_SNAPSHOT: Final = ("ars", 1)
MAX_PENDING: Final = 64
"""Scans whose opportunity is still open: one minute at the fastest interval, and some."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A scan that waits for its opportunity to show; arrays in the order of symbols."""

    time_ns: int
    assets: list[str]
    z: Floats
    mid: Floats
    spread_bps: Floats


class Ars:
    """The ranking stage."""

    INPUT: Final = SCAN
    OUTPUT: Final = RANKING

    def __init__(self, traded: int = 10) -> None:
        """`traded`: size of the traded set, at least 1; BadInput otherwise."""
        if traded < 1:
            raise BadInput("the traded set holds at least one asset", field="traded", value=traded, remedy="Set it to 1 or more")
        self._traded = traded
        self._incumbents: list[str] = []
        self._correlation = np.zeros(len(SIGNALS))
        self._pending: list[_Pending] = []
        self._time_ns = -1

    def process(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The ranking of each scan in `batch` (SCAN), one in a job; without rows where no asset is eligible."""
        return [self._ranking(time_ns, rows) for time_ns, rows in moments(batch)]

    def _ranking(self, time_ns: int, scan: pa.RecordBatch) -> pa.RecordBatch:
        eligible = scan.filter(scan.column("eligible")).sort_by("asset")
        assets: list[str] = eligible.column("asset").to_pylist()
        columns = {name: eligible.column(name).to_numpy(zero_copy_only=False) for name in _INPUTS}
        z = signals(columns["loading"], columns["idio_vel_div"], columns["volume_5m_usd"], columns["spread_bps"], columns["sigma_5s"])
        self._learn(_Pending(time_ns, assets, z, columns["mid"], columns["spread_bps"]))
        return self._rank(time_ns, assets, z, columns)

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        pending = [[p.time_ns, p.assets, p.z, p.mid, p.spread_bps] for p in self._pending]
        state = {"incumbents": self._incumbents, "correlation": self._correlation, "pending": pending, "time_ns": self._time_ns}
        return snapshot.pack(*_SNAPSHOT, state)

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        state = snapshot.unpack(data, *_SNAPSHOT)
        self._incumbents = state["incumbents"]
        self._correlation = state["correlation"]
        self._pending = [_Pending(*entry) for entry in state["pending"]]
        self._time_ns = state["time_ns"]

    def _learn(self, now: _Pending) -> None:
        """Judge the signals of the scan one window ago by what `now` shows, and put `now` in line."""
        due_ns = now.time_ns - OPPORTUNITY_NS
        for then in self._pending:
            if then.time_ns == due_ns:
                _, i, j = np.intersect1d(_names(then.assets), _names(now.assets), assume_unique=True, return_indices=True)
                realised = opportunity(then.mid[i], now.mid[j], then.spread_bps[i])
                self._correlation = learned(self._correlation, then.z[:, i], realised, now.time_ns - self._time_ns)
        self._pending = [then for then in self._pending if then.time_ns > due_ns][-MAX_PENDING + 1 :]
        self._pending.append(now)
        self._time_ns = now.time_ns

    def _rank(self, time_ns: int, assets: list[str], z: Floats, columns: dict[str, NDArray[Any]]) -> pa.RecordBatch:
        weights = weights_of(self._correlation)
        s = weighted_score(z, weights)
        z_depth = depth_z(columns["depth_q10_usd"])
        multiplier = liquidity_multiplier(z_depth)
        score = s * multiplier
        incumbent = np.isin(_names(assets), _names(self._incumbents))
        chosen = traded_set(score, incumbent, self._traded)
        self._incumbents = [asset for asset, is_in in zip(assets, chosen, strict=True) if is_in]
        order = best_first(score)
        order = np.concatenate([order[chosen[order]], order[~chosen[order]]])
        missing = [",".join(name for name, is_out in zip(SIGNALS, np.isnan(column), strict=True) if is_out) for column in z.T[order]]
        values: list[Any] = [
            np.arange(1, order.size + 1, dtype=np.int32),
            [assets[i] for i in order],
            score[order],
            s[order],
            multiplier[order],
            z_depth[order],
            np.full(order.size, time_ns),
            columns["plunge_depth"][order],
            columns["sigma_5s"][order],
            columns["mid"][order],
            chosen[order],
            missing,
            *(np.full(order.size, weight) for weight in weights),
        ]
        return pa.RecordBatch.from_arrays([pa.array(v, f.type) for v, f in zip(values, RANKING, strict=True)], schema=RANKING)


def _names(assets: list[str]) -> NDArray[np.str_]:
    return np.array(assets, dtype=str)
