"""FEATURES in, demands of the survival controller out: one signal for the entry `account` of `POSTURE`.

The stage turns a batch into the readings of `dolphin.core.control.assessment` and holds no rule of its own beyond that:
* heartbeat: market time between batches (the feed sends a TICK every 250 ms when nothing else happens).
* jitter, latency, depth, spread: each asset's reading, then the 80 % quantile of the worse side over assets. With few assets the account
  is as good as its worst one; with many a fifth may be bad, for the cut-off handles those one by one. A silent asset is the worst reading.
* taker: a shock when the account-wide log odds of buying in the last minute fall below their own 1 % quantile and 4 sigma, in two of
  three seconds.

A market that was made under another control law (`dolphin.core.law`) is a broken invariant: it is said with every such batch, and
no demand is made of it.

A recorder's clock may be off by seconds (a real recording has delays of -1.3 s). Latency is therefore the delay beyond the smallest one of
the last minutes, which FEATURES gives: a constant offset is no fault.
Not sensed here: forewarner, implied volatility, plunge (it is in SCAN), equity (the agent
applies f5, which only lowers).
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgpack
import pyarrow as pa
from msgspec.structs import astuple, replace

from dolphin.core.contract.schemas import SIGNALS
from dolphin.core.control.assessment import Demand, Inputs, Memory, assess
from dolphin.core.control.command import pack
from dolphin.core.control.params import SurvivalParams
from dolphin.core.sensing import severity
from dolphin.core.sensing.trail import SECOND_NS, Trail
from dolphin.core.units import ONE
from dolphin.errors import BadInput
from python_udfs import readings
from python_udfs.readings import AssetReading

SILENT_AFTER_NS = 2 * SECOND_NS  # an asset that said nothing for so long has no readings
DEPTH_HORIZON_NS = 3_600 * SECOND_NS
MIN_SAMPLES = 30
MIN_TRADES_1M = 20
NOW_SECONDS = 5  # depth and spread now = the median of the last 5 s: one flicker of the book is not a collapse
SHOCK_SIGMA = 4.0
SNAPSHOT = ["survival", 2]


@dataclass(slots=True)
class Usual:
    """One reading of one asset: what is usual, and what it is now."""

    trail: Trail
    second: int = -1
    recent: list[float] = field(default_factory=list)  # one a second, newest last

    def add(self, now_ns: int, value: float) -> None:
        """Take the reading at market time `now_ns`."""
        self.trail.add(now_ns, value)
        if now_ns // SECOND_NS > self.second:
            self.second = now_ns // SECOND_NS
            self.recent = [*self.recent[1 - NOW_SECONDS :], value]

    def now(self) -> float:
        """The lower median of the last seconds; needs at least one reading."""
        return sorted(self.recent)[(len(self.recent) - 1) // 2]

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        return [self.trail.to_list(), self.second, self.recent]

    @classmethod
    def from_list(cls, fields: list[Any]) -> "Usual":
        """The reading that `to_list` wrote."""
        trail, second, recent = fields
        return cls(Trail.from_list(trail), second, recent)


@dataclass(slots=True)
class AssetMemory:
    """What is remembered about one asset."""

    depth_usd: Usual = field(default_factory=lambda: Usual(Trail(DEPTH_HORIZON_NS)))
    spread_bps: Usual = field(default_factory=lambda: Usual(Trail()))


class Survival:
    """The stage. `account` names the entry; times are market time."""

    INPUT = readings.INPUT
    OUTPUT = SIGNALS

    def __init__(self, account: str, interval_ms: int = 250, warm_up_s: int = 60) -> None:
        for name, value in (("interval_ms", interval_ms), ("warm_up_s", warm_up_s)):
            if not 1 <= value <= 3_600_000:
                raise BadInput("must be from 1 to 3600000", field=name, value=value, remedy="Leave it out for its default.")
        self._account = account
        self._interval_ns = interval_ms * 1_000_000
        self._warm_up_ns = warm_up_s * SECOND_NS
        self._params = SurvivalParams()
        self._memory = Memory()
        self._epoch = 0  # market time of the first batch: a job submitted anew has a larger one
        self._seq = 0
        self._sent: Demand | None = None
        self._assets: dict[str, AssetMemory] = {}
        self._taker = Trail()
        self._shocks: list[bool] = []  # of the last seconds, newest last
        self._shock_second = -1

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """The demand after `batch`, when it takes something away or the lease is due for renewal."""
        now_ns = readings.market_time_ns(batch)
        if now_ns is None:
            return None
        if wrong := readings.other_law(batch):
            return self._signals({"kind": "broken", "source": "survival", "reason": wrong, "cause_id": ""})
        self._epoch = self._epoch or now_ns
        inputs = self._inputs(list(readings.read(batch)), now_ns)
        self._memory, demand = assess(self._memory, inputs, self._params)
        if not self._is_due(demand):
            return None
        self._sent = demand
        self._seq += 1
        return self._signals(self._signal(demand))

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        assets = {asset: [memory.depth_usd.to_list(), memory.spread_bps.to_list()] for asset, memory in self._assets.items()}
        sent = None if self._sent is None else astuple(self._sent)
        return pack(
            [
                *SNAPSHOT,
                astuple(self._memory),
                self._epoch,
                self._seq,
                sent,
                assets,
                self._taker.to_list(),
                self._shocks,
                self._shock_second,
            ]
        )

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput where it is not its snapshot."""
        try:
            name, version, memory, epoch, seq, sent, assets, taker, shocks, shock_second = msgpack.unpackb(data)
            restored = {asset: AssetMemory(*map(Usual.from_list, fields)) for asset, fields in assets.items()}
            remembered = _unpack_memory(memory)
            demand = None if sent is None else _unpack_demand(sent)
            trail = Trail.from_list(taker)
        except Exception as error:  # damaged bytes raise many kinds; every one means the same
            raise _not_ours(str(error)) from error
        if [name, version] != SNAPSHOT:
            raise _not_ours(f"{name} {version}")
        self._memory, self._epoch, self._seq, self._sent = remembered, epoch, seq, demand
        self._assets, self._taker, self._shocks, self._shock_second = restored, trail, shocks, shock_second

    def _inputs(self, rows: list[AssetReading], now_ns: int) -> Inputs:
        """The account's readings; None where they are not known yet."""
        last_ns = self._memory.time_ns or now_ns
        heard = [_is_heard(row, now_ns) for row in rows]
        jitter = _worst([row.jitter_ns if is_heard else None for row, is_heard in zip(rows, heard, strict=True)])
        latency = _worst([row.latency_ns if is_heard else None for row, is_heard in zip(rows, heard, strict=True)])
        depth = _worst([self._depth_gone(row, now_ns) if is_heard else None for row, is_heard in zip(rows, heard, strict=True)])
        spread = _worst([self._spread_ratio(row, now_ns) if is_heard else None for row, is_heard in zip(rows, heard, strict=True)])
        is_shock, most_sold = self._taker_shock(rows, now_ns)
        return Inputs(
            now_ns=now_ns,
            heartbeat_age_ns=max(0, now_ns - last_ns),
            jitter_ns=jitter.reading,
            latency_ns=latency.reading,
            depth_ratio_ppm=None if depth.reading is None else max(0, ONE - depth.reading),
            spread_ratio_ppm=spread.reading,
            is_taker_shock=is_shock,
            causes=(
                ("jitter", rows[jitter.row].last_cause),
                ("latency", rows[latency.row].last_cause),
                ("depth", rows[depth.row].depth_cause),
                ("spread", rows[spread.row].book_cause),
                ("taker", rows[most_sold].taker_cause),
            )
            if rows
            else (),
        )

    def _depth_gone(self, row: AssetReading, now_ns: int) -> int | None:
        """The part of its trailing hour's median depth that is gone now, in ppm rounded up; negative when there is more."""
        depth = self._remembered(row.asset).depth_usd
        if row.depth_usd is None:
            return None
        depth.add(now_ns, row.depth_usd)
        if not depth.trail.is_warm(now_ns, self._warm_up_ns, MIN_SAMPLES):
            return None
        usual_usd = depth.trail.statistics().median
        return ONE - int(depth.now() / usual_usd * ONE) if usual_usd > 0.0 else ONE

    def _spread_ratio(self, row: AssetReading, now_ns: int) -> int | None:
        """Spread now over its trailing day's median in ppm, rounded up."""
        spread = self._remembered(row.asset).spread_bps
        if row.spread_bps is None:
            return None
        spread.add(now_ns, row.spread_bps)
        if not spread.trail.is_warm(now_ns, self._warm_up_ns, MIN_SAMPLES):
            return None
        usual_bps = spread.trail.statistics().median
        return int(spread.now() / usual_bps * ONE) + 1 if usual_bps > 0.0 else ONE

    def _remembered(self, asset: str) -> AssetMemory:
        memory = self._assets.get(asset)
        if memory is None:
            memory = self._assets[asset] = AssetMemory()
        return memory

    def _taker_shock(self, rows: list[AssetReading], now_ns: int) -> tuple[bool | None, int]:
        """Whether selling overwhelms the account's assets, and the row of the asset sold most."""
        buys = [row.taker_buy_usd or 0.0 for row in rows]
        sells = [row.taker_sell_usd or 0.0 for row in rows]
        buy, sell = sum(buys), sum(sells)
        most_sold = sells.index(max(sells, default=0.0)) if rows else 0
        if buy + sell <= 0.0 or sum(row.trades_1m or 0 for row in rows) < MIN_TRADES_1M:
            return None, most_sold
        odds = severity.log_odds(buy, sell)
        is_warm = self._taker.is_warm(now_ns, self._warm_up_ns, MIN_SAMPLES)
        second = now_ns // SECOND_NS
        if is_warm and second > self._shock_second:
            usual = self._taker.statistics()
            is_low = odds <= usual.low and usual.median - odds >= SHOCK_SIGMA * severity.log_odds_scale(usual.scale)
            self._shocks = [*self._shocks[-2:], is_low]
            self._shock_second = second
        self._taker.add(now_ns, odds)
        return (sum(self._shocks) >= 2 if is_warm else None), most_sold

    def _is_due(self, demand: Demand) -> bool:
        """Whether the demand has to leave now: it takes something away, or the lease is due for renewal."""
        sent = self._sent
        return (
            sent is None
            or demand.r_cmd_ppm < sent.r_cmd_ppm
            or demand.broken != sent.broken
            or demand.is_passive_only != sent.is_passive_only
            or demand.time_ns - sent.time_ns >= self._interval_ns
        )

    def _signal(self, demand: Demand) -> dict[str, object]:
        return {
            "kind": "demand",
            "epoch": self._epoch,
            "seq": self._seq,
            "time_ns": demand.time_ns,
            "is_ready": demand.is_ready,
            "broken": list(demand.broken),
            "r_cmd_ppm": demand.r_cmd_ppm,
            "factors_ppm": list(demand.factors_ppm),
            "passive_only": demand.is_passive_only,
            "reasons": list(demand.reasons),
            "cause_ids": list(demand.cause_ids),
            "expires_at_ns": demand.expires_at_ns,
        }

    def _signals(self, signal: dict[str, object]) -> pa.RecordBatch:
        """One signal for the account's entry, as the stage's output."""
        return pa.RecordBatch.from_arrays([pa.array([self._account], pa.utf8()), pa.array([pack(signal)], pa.binary())], schema=self.OUTPUT)


def _is_heard(row: AssetReading, now_ns: int) -> bool:
    return row.updated_at_ns is not None and now_ns - row.updated_at_ns <= SILENT_AFTER_NS


class Worst(NamedTuple):
    """A reading and the row it came from."""

    reading: int | None
    row: int


def _worst(values: list[int | None]) -> Worst:
    """The 80 % quantile (nearest rank) of values where larger is worse and None is the worst."""
    if not values:
        return Worst(None, 0)
    ordered = sorted((value is None, value or 0, row) for row, value in enumerate(values))
    is_unknown, value, row = ordered[(4 * len(ordered) + 4) // 5 - 1]
    return Worst(None if is_unknown else value, row)


def _unpack_memory(fields: list[Any]) -> Memory:
    memory = Memory(*fields)
    return replace(memory, peaks_ppm=tuple(memory.peaks_ppm))


def _unpack_demand(fields: list[Any]) -> Demand:
    demand = Demand(*fields)
    return replace(
        demand,
        broken=tuple(demand.broken),
        factors_ppm=tuple(demand.factors_ppm),
        reasons=tuple(demand.reasons),
        cause_ids=tuple(demand.cause_ids),
    )


def _not_ours(what: str) -> BadInput:
    return BadInput(f"not a snapshot of the survival stage ({what})", field="snapshot", remedy="Cancel the job and submit it anew.")
