"""What a ranking remembers between scans, and one ranking after the other.

It remembers the traded set (for hysteresis), the averaged rank correlations behind the weights, and the scans of the last minute, whose
opportunity has yet to show. The rules and numbers of one ranking are in `ranking`.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

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

MAX_PENDING: Final = 64
"""Scans whose opportunity is still open: one minute at the fastest interval, and some."""


class Eligible(NamedTuple):
    """What a scan says of the eligible assets; arrays are (assets,), in the order of symbols."""

    assets: list[str]
    loading: Floats
    idio_vel_div: Floats
    volume_5m_usd: Floats
    spread_bps: Floats
    sigma_5s: Floats
    depth_q10_usd: Floats
    mid: Floats


class RankedAssets(NamedTuple):
    """A ranking; `order` holds rows of `Eligible`: the traded set first, each part best first. The other arrays are in that order."""

    order: NDArray[np.int64]
    score: Floats
    s: Floats
    liquidity_multiplier: Floats
    z_depth: Floats
    is_incumbent: NDArray[np.bool_]
    missing: list[str]
    """Signals that counted as neutral, comma-separated."""
    weights: Floats
    """(SIGNALS,)."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A scan that waits for its opportunity to show; arrays in the order of symbols."""

    time_ns: int
    assets: list[str]
    z: Floats
    mid: Floats
    spread_bps: Floats


@dataclass(slots=True)
class Ranker:
    """The memory between rankings."""

    traded: int
    """Size of the traded set."""
    incumbents: list[str] = field(default_factory=list)
    correlation: Floats = field(default_factory=lambda: np.zeros(len(SIGNALS)))
    pending: list[Pending] = field(default_factory=list)
    time_ns: int = -1

    def step(self, time_ns: int, eligible: Eligible) -> RankedAssets:
        """The ranking of the scan of `time_ns`."""
        e = eligible
        z = signals(e.loading, e.idio_vel_div, e.volume_5m_usd, e.spread_bps, e.sigma_5s)
        self._learn(Pending(time_ns, e.assets, z, e.mid, e.spread_bps))
        weights = weights_of(self.correlation)
        s = weighted_score(z, weights)
        z_depth = depth_z(e.depth_q10_usd)
        multiplier = liquidity_multiplier(z_depth)
        score = s * multiplier
        chosen = traded_set(score, np.isin(_names(e.assets), _names(self.incumbents)), self.traded)
        self.incumbents = [asset for asset, is_in in zip(e.assets, chosen, strict=True) if is_in]
        order = best_first(score)
        order = np.concatenate([order[chosen[order]], order[~chosen[order]]])
        missing = [",".join(name for name, is_out in zip(SIGNALS, np.isnan(column), strict=True) if is_out) for column in z.T[order]]
        return RankedAssets(order, score[order], s[order], multiplier[order], z_depth[order], chosen[order], missing, weights)

    def state(self) -> dict[str, Any]:
        """Everything the next ranking depends on."""
        pending = [[p.time_ns, p.assets, p.z, p.mid, p.spread_bps] for p in self.pending]
        return {"incumbents": self.incumbents, "correlation": self.correlation, "pending": pending, "time_ns": self.time_ns}

    def restored(self, state: dict[str, Any]) -> "Ranker":
        """A ranker of this size with the memory of `state`."""
        pending = [Pending(*entry) for entry in state["pending"]]
        return Ranker(self.traded, state["incumbents"], state["correlation"], pending, state["time_ns"])

    def _learn(self, now: Pending) -> None:
        """Judge the signals of the scan one window ago by what `now` shows, and put `now` in line."""
        due_ns = now.time_ns - OPPORTUNITY_NS
        for then in self.pending:
            if then.time_ns == due_ns:
                _, i, j = np.intersect1d(_names(then.assets), _names(now.assets), assume_unique=True, return_indices=True)
                realised = opportunity(then.mid[i], now.mid[j], then.spread_bps[i])
                self.correlation = learned(self.correlation, then.z[:, i], realised, now.time_ns - self.time_ns)
        self.pending = [then for then in self.pending if then.time_ns > due_ns][-MAX_PENDING + 1 :]
        self.pending.append(now)
        self.time_ns = now.time_ns


def _names(assets: list[str]) -> NDArray[np.str_]:
    return np.array(assets, dtype=str)
