"""FEATURES in, votes of the adaptive cut-off out: one signal per asset for the entry `account/asset`.

Four sources read each asset: `taker` (who crosses the spread, against its own day), `spread`, `depth` and `stale` (silence, a book out of
sync). Each keeps its last three readings, a reading being a new message or 250 ms; it votes their middle, so two of three must agree and
one bad tick moves nothing. A source that does not know yet, or whose newest reading is unknown, votes -1: it never counts as clear. So an
asset is granted nothing before every source is warm: the breaker starts it cut to 0.
Signals leave every 250 ms of market time per asset (they carry the lease), and at once when a source reaches a higher level.
"""

from dataclasses import dataclass, field
from typing import Any

import msgpack
import pyarrow as pa

from dolphin.core.contract import names
from dolphin.core.contract.schemas import SIGNALS
from dolphin.core.control.breaker import UNKNOWN_PPM, level_of
from dolphin.core.control.command import pack
from dolphin.core.control.params import BreakerParams
from dolphin.core.sensing import severity
from dolphin.core.sensing.trail import SECOND_NS, Trail
from dolphin.errors import BadInput
from python_udfs import readings
from python_udfs.readings import AssetReading

SOURCES = ("depth", "spread", "stale", "taker")
CLEAR_PPM = BreakerParams().clear_ppm
MIN_SAMPLES = 30
MIN_TRADES_1M = 5
SPREAD_FLOOR_BPS = 1.0  # a spread one basis point wider costs little, however constant it was
OF_READINGS = 3
SNAPSHOT = ["acb", 1]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one source."""

    severity_ppm: int
    reason: str
    cause_id: str


UNREAD = Reading(UNKNOWN_PPM, "not known yet", "")


@dataclass(slots=True)
class Source:
    """The last readings of one source, newest last."""

    read_at_ns: int = -1
    message_id: int | None = None  # behind the newest reading
    recent: list[Reading] = field(default_factory=list)
    level: int = 0  # of the last vote that left

    def is_due(self, now_ns: int, message_id: int | None, spacing_ns: int) -> bool:
        """Whether there is something to read: a new message, or `spacing_ns` passed."""
        return not self.recent or message_id != self.message_id or now_ns - self.read_at_ns >= spacing_ns

    def take(self, now_ns: int, message_id: int | None, reading: Reading) -> None:
        """Remember a reading."""
        self.recent = [*self.recent[1 - OF_READINGS :], reading]
        self.read_at_ns, self.message_id = now_ns, message_id

    def vote(self) -> Reading:
        """The middle of three; unknown if the newest is, unless two of three are unclear."""
        if len(self.recent) < OF_READINGS:
            return UNREAD
        middle = sorted(self.recent, key=lambda reading: reading.severity_ppm)[OF_READINGS // 2]
        newest = self.recent[-1]
        return newest if newest.severity_ppm == UNKNOWN_PPM and middle.severity_ppm < CLEAR_PPM else middle


@dataclass(slots=True)
class AssetVotes:
    """What is remembered about one asset."""

    voted_at_ns: int = -1
    is_taker_out: bool = False
    was_synced: bool = False
    sources: dict[str, Source] = field(default_factory=lambda: {name: Source() for name in SOURCES})
    taker: Trail = field(default_factory=Trail)
    spread: Trail = field(default_factory=Trail)
    depth: Trail = field(default_factory=Trail)


class AcbVotes:
    """The stage. `account` names the entries; times are market time."""

    INPUT = readings.INPUT
    OUTPUT = SIGNALS

    def __init__(self, account: str, interval_ms: int = 250, lease_ms: int = 2_000, warm_up_s: int = 60) -> None:
        for name, value in (("interval_ms", interval_ms), ("lease_ms", lease_ms), ("warm_up_s", warm_up_s)):
            if not 1 <= value <= 3_600_000:
                raise BadInput("must be from 1 to 3600000", field=name, value=value, remedy="Leave it out for its default.")
        self._account = account
        self._interval_ns = interval_ms * 1_000_000
        self._lease_ns = lease_ms * 1_000_000
        self._warm_up_ns = warm_up_s * SECOND_NS
        self._now_ns = 0
        self._assets: dict[str, AssetVotes] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """Votes due after `batch`. A batch older than the last one is not voted on: its leases were already decided."""
        now_ns = readings.market_time_ns(batch)
        if now_ns is None or now_ns < self._now_ns:
            return None
        self._now_ns = now_ns
        keys: list[str] = []
        values: list[bytes] = []
        for reading in readings.read(batch):
            memory = self._assets.get(reading.asset)
            if memory is None:
                memory = self._assets[reading.asset] = AssetVotes()
            has_read = self._read(memory, reading, now_ns)
            votes = self._due(memory, now_ns, has_read)
            if votes:
                keys.append(names.gate_key(self._account, reading.asset))
                values.append(pack({"kind": "vote", "votes": votes}))
        if not keys:
            return None
        return pa.RecordBatch.from_arrays([pa.array(keys, pa.utf8()), pa.array(values, pa.binary())], schema=self.OUTPUT)

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        assets = {asset: _pack_asset(memory) for asset, memory in self._assets.items()}
        return pack([*SNAPSHOT, self._now_ns, assets])

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput where it is not its snapshot."""
        try:
            name, version, now_ns, assets = msgpack.unpackb(data)
            restored = {asset: _unpack_asset(fields) for asset, fields in assets.items()}
        except Exception as error:  # damaged bytes raise many kinds; every one means the same
            raise _not_ours(str(error)) from error
        if [name, version] != SNAPSHOT:
            raise _not_ours(f"{name} {version}")
        self._now_ns, self._assets = now_ns, restored

    def _read(self, memory: AssetVotes, reading: AssetReading, now_ns: int) -> bool:
        """Take what is due of the four sources; whether anything was."""
        has_read = False
        for name, message_id, measure in (
            ("taker", reading.taker_id, self._taker),
            ("spread", reading.book_id, self._spread),
            ("depth", reading.depth_id, self._depth),
            ("stale", reading.last_id, self._stale),
        ):
            source = memory.sources[name]
            if source.is_due(now_ns, message_id, self._interval_ns):
                source.take(now_ns, message_id, measure(memory, reading, now_ns))
                has_read = True
        return has_read

    def _taker(self, memory: AssetVotes, reading: AssetReading, now_ns: int) -> Reading:
        """The log odds of buying in the last minute: out when beyond the 1 % quantile and 3 sigma, in again below 2 sigma."""
        buy, sell = reading.taker_buy_usd, reading.taker_sell_usd
        if buy is None or sell is None or buy + sell <= 0.0 or (reading.trades_1m or 0) < MIN_TRADES_1M:
            return Reading(UNKNOWN_PPM, "too few trades in the last minute", reading.taker_cause)
        odds = severity.log_odds(buy, sell)
        is_warm = memory.taker.is_warm(now_ns, self._warm_up_ns, MIN_SAMPLES)
        if not is_warm:
            memory.taker.add(now_ns, odds)
            return Reading(UNKNOWN_PPM, "warming up", reading.taker_cause)
        usual = memory.taker.statistics()
        memory.taker.add(now_ns, odds)
        z = abs(odds - usual.median) / severity.log_odds_scale(usual.scale)
        if z >= 3.0 and not usual.low < odds < usual.high:
            memory.is_taker_out = True
        elif z < 2.0:
            memory.is_taker_out = False
        severity_ppm = severity.through(severity.Z_KNOTS, z)
        if not memory.is_taker_out:
            severity_ppm = min(severity_ppm, 249_999)
        return Reading(severity_ppm, f"buy share {buy / (buy + sell):.3f} in 1 min, robust z {z:.1f}", reading.taker_cause)

    def _spread(self, memory: AssetVotes, reading: AssetReading, now_ns: int) -> Reading:
        """The spread against its own day; the scale is at least one tick (the smallest spread seen) and one basis point."""
        spread_bps = reading.spread_bps
        if spread_bps is None:
            return Reading(UNKNOWN_PPM, "no spread", reading.book_cause)
        is_warm = memory.spread.is_warm(now_ns, self._warm_up_ns, MIN_SAMPLES)
        memory.spread.add(now_ns, spread_bps)
        if not is_warm:
            return Reading(UNKNOWN_PPM, "warming up", reading.book_cause)
        usual = memory.spread.statistics()
        z = max(0.0, spread_bps - usual.median) / max(usual.scale, usual.smallest, SPREAD_FLOOR_BPS)
        return Reading(
            severity.through(severity.Z_KNOTS, z),
            f"spread {spread_bps:.2f} bps, usually {usual.median:.2f}, robust z {z:.1f}",
            reading.book_cause,
        )

    def _depth(self, memory: AssetVotes, reading: AssetReading, now_ns: int) -> Reading:
        """The thinner side of the book against its trailing median."""
        depth_usd = reading.depth_usd
        if depth_usd is None:
            return Reading(UNKNOWN_PPM, "no depth", reading.depth_cause)
        is_warm = memory.depth.is_warm(now_ns, self._warm_up_ns, MIN_SAMPLES)
        memory.depth.add(now_ns, depth_usd)
        if not is_warm:
            return Reading(UNKNOWN_PPM, "warming up", reading.depth_cause)
        usual_usd = memory.depth.statistics().median
        left = depth_usd / usual_usd if usual_usd > 0.0 else 0.0
        return Reading(
            severity.through(severity.DEPTH_KNOTS, max(0.0, 1.0 - left)),
            f"depth {depth_usd:.0f} USD within 10 bps, {left:.0%} of usual",
            reading.depth_cause,
        )

    def _stale(self, memory: AssetVotes, reading: AssetReading, now_ns: int) -> Reading:
        """How long the asset has said nothing, and whether its book, once it was continuous, still is."""
        memory.was_synced = memory.was_synced or reading.is_synced
        if reading.updated_at_ns is None or not memory.was_synced:
            return Reading(UNKNOWN_PPM, "order book not there yet", reading.last_cause)
        age_s = max(0, now_ns - reading.updated_at_ns) / SECOND_NS
        silent = severity.through(severity.AGE_KNOTS, age_s)
        if not reading.is_synced and silent < severity.UNSYNCED_PPM:
            return Reading(severity.UNSYNCED_PPM, "order book out of sync", reading.depth_cause or reading.last_cause)
        return Reading(silent, f"last message {age_s:.1f} s ago", reading.last_cause)

    def _due(self, memory: AssetVotes, now_ns: int, has_read: bool) -> list[dict[str, object]]:
        """The votes to send now, or none."""
        is_renewal = memory.voted_at_ns < 0 or now_ns - memory.voted_at_ns >= self._interval_ns
        if not is_renewal and not has_read:
            return []
        votes = {name: source.vote() for name, source in memory.sources.items()}
        if not is_renewal and all(level_of(vote.severity_ppm) <= memory.sources[name].level for name, vote in votes.items()):
            return []
        memory.voted_at_ns = now_ns
        for name, vote in votes.items():
            memory.sources[name].level = level_of(vote.severity_ppm)
        return [
            {
                "source": name,
                "seq": now_ns,
                "time_ns": now_ns,
                "severity_ppm": vote.severity_ppm,
                "is_clear": 0 <= vote.severity_ppm < CLEAR_PPM,
                "reason": vote.reason,
                "cause_id": vote.cause_id,
                "expires_at_ns": now_ns + self._lease_ns,
            }
            for name, vote in votes.items()
        ]


def _pack_asset(memory: AssetVotes) -> list[Any]:
    sources = {
        name: [
            source.read_at_ns,
            source.message_id,
            [[each.severity_ppm, each.reason, each.cause_id] for each in source.recent],
            source.level,
        ]
        for name, source in memory.sources.items()
    }
    trails = [memory.taker.to_list(), memory.spread.to_list(), memory.depth.to_list()]
    return [memory.voted_at_ns, memory.is_taker_out, memory.was_synced, sources, trails]


def _unpack_asset(fields: list[Any]) -> AssetVotes:
    voted_at_ns, is_taker_out, was_synced, sources, trails = fields
    read = {
        name: Source(read_at_ns, message_id, [Reading(*each) for each in recent], level)
        for name, (read_at_ns, message_id, recent, level) in sources.items()
    }
    return AssetVotes(voted_at_ns, is_taker_out, was_synced, read, *(Trail.from_list(each) for each in trails))


def _not_ours(what: str) -> BadInput:
    return BadInput(f"not a snapshot of the acb stage ({what})", field="snapshot", remedy="Cancel the job and submit it anew.")
