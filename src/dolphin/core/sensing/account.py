"""The readings of all assets as those of the account, for the survival controller.

* heartbeat: market time since the last batch (the feed sends a TICK every 250 ms when nothing else happens).
* jitter, latency, depth, spread: each asset's reading, then the 80 % quantile of the worse side over assets. With few assets the account is
  as good as its worst one; with many a fifth may be bad, for the cut-off handles those one by one. A silent asset is the worst reading.
* taker: whether selling overwhelms all of them together.

A recorder's clock may be off by seconds (a real recording has delays of -1.3 s). Latency is therefore the delay beyond the smallest one of
the last minutes, which FEATURES gives: a constant offset is no fault. Not sensed here: forewarner, implied volatility, plunge (it is in
SCAN), equity (the agent applies f5, which only lowers).
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dolphin.core.control.assessment import Inputs
from dolphin.core.sensing import depth, spread
from dolphin.core.sensing.readings import AssetReading
from dolphin.core.sensing.staleness import is_heard
from dolphin.core.sensing.taker import AccountTaker
from dolphin.core.sensing.trail import Trail, Usual
from dolphin.core.units import ONE


@dataclass(slots=True)
class AssetUsual:
    """What is usual for one asset."""

    depth_usd: Usual = field(default_factory=lambda: Usual(Trail(depth.ACCOUNT_HORIZON_NS)))
    spread_bps: Usual = field(default_factory=lambda: Usual(Trail()))


@dataclass(slots=True)
class AccountSenses:
    """What is remembered about the account's assets."""

    assets: dict[str, AssetUsual] = field(default_factory=dict)
    taker: AccountTaker = field(default_factory=AccountTaker)

    def step(self, rows: list[AssetReading], now_ns: int, last_ns: int, warm_up_ns: int) -> Inputs:
        """The account's readings at market time `now_ns`, the batch before having been of `last_ns`; None where they are not known yet."""
        heard = [row if is_heard(row, now_ns) else None for row in rows]
        jitter = _worst([row and row.jitter_ns for row in heard])
        latency = _worst([row and row.latency_ns for row in heard])
        thin = _worst([row and depth.gone_ppm(self._usual(row.asset).depth_usd, row, now_ns, warm_up_ns) for row in heard])
        wide = _worst([row and spread.ratio_ppm(self._usual(row.asset).spread_bps, row, now_ns, warm_up_ns) for row in heard])
        is_shock, most_sold = self.taker.read(rows, now_ns, warm_up_ns)
        return Inputs(
            now_ns=now_ns,
            heartbeat_age_ns=max(0, now_ns - last_ns),
            jitter_ns=jitter.reading,
            latency_ns=latency.reading,
            depth_ratio_ppm=None if thin.reading is None else max(0, ONE - thin.reading),
            spread_ratio_ppm=wide.reading,
            is_taker_shock=is_shock,
            causes=(
                ("jitter", rows[jitter.row].last_cause),
                ("latency", rows[latency.row].last_cause),
                ("depth", rows[thin.row].depth_cause),
                ("spread", rows[wide.row].book_cause),
                ("taker", rows[most_sold].taker_cause),
            )
            if rows
            else (),
        )

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        assets = {asset: [usual.depth_usd.to_list(), usual.spread_bps.to_list()] for asset, usual in self.assets.items()}
        return [assets, self.taker.to_list()]

    @classmethod
    def from_list(cls, fields: list[Any]) -> "AccountSenses":
        """The memory that `to_list` wrote."""
        assets, taker = fields
        usual = {asset: AssetUsual(*map(Usual.from_list, each)) for asset, each in assets.items()}
        return cls(usual, AccountTaker.from_list(taker))

    def _usual(self, asset: str) -> AssetUsual:
        usual = self.assets.get(asset)
        if usual is None:
            usual = self.assets[asset] = AssetUsual()
        return usual


class WorstReading(NamedTuple):
    """A reading and the row it came from."""

    reading: int | None
    row: int


def _worst(values: list[int | None]) -> WorstReading:
    """The 80 % quantile (nearest rank) of values where larger is worse and None is the worst."""
    if not values:
        return WorstReading(None, 0)
    ordered = sorted((value is None, value or 0, row) for row, value in enumerate(values))
    is_unknown, value, row = ordered[(4 * len(ordered) + 4) // 5 - 1]
    return WorstReading(None if is_unknown else value, row)
