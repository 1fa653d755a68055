"""One asset's votes for its breaker: a vote of each of its four sources at every grid point of market time.

Sources: `taker` (who crosses the spread, against its own day), `spread`, `depth` and `stale` (silence, a book out of sync). A reading is
what held at the grid point, of spread and depth the worst since the one before. An asset is granted nothing before every source is warm:
the breaker starts it cut to 0. Every vote carries its lease.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from dolphin.core.sensing import depth, spread, staleness
from dolphin.core.sensing.readings import AssetReading
from dolphin.core.sensing.taker import AssetTaker
from dolphin.core.sensing.trail import Trail
from dolphin.core.sensing.votes import CLEAR_PPM, VoteReading, VoteSource

SOURCES: Final = ("depth", "spread", "stale", "taker")


class VoteTiming(NamedTuple):
    """Market times: of a vote's lease, before a source is warm."""

    lease_ns: int
    warm_up_ns: int


@dataclass(slots=True)
class AssetVotes:
    """What is remembered about one asset."""

    was_synced: bool = False
    sources: dict[str, VoteSource] = field(default_factory=lambda: {name: VoteSource() for name in SOURCES})
    taker: AssetTaker = field(default_factory=AssetTaker)
    spread: Trail = field(default_factory=Trail)
    depth: Trail = field(default_factory=Trail)

    def step(self, reading: AssetReading, now_ns: int, timing: VoteTiming) -> list[dict[str, object]]:
        """The votes after `reading` at the grid point `now_ns`, as the breaker reads them."""
        for name, source in self.sources.items():
            source.take(self._measure(name, reading, now_ns, timing.warm_up_ns))
        return [_as_signal(name, source.vote(), now_ns, timing) for name, source in self.sources.items()]

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        sources = {name: source.to_list() for name, source in self.sources.items()}
        trails = [self.taker.trail.to_list(), self.spread.to_list(), self.depth.to_list()]
        return [self.taker.is_out, self.was_synced, sources, trails]

    @classmethod
    def from_list(cls, fields: list[Any]) -> "AssetVotes":
        """The memory that `to_list` wrote."""
        is_taker_out, was_synced, sources, trails = fields
        taker, spreads, depths = (Trail.from_list(each) for each in trails)
        read = {name: VoteSource.from_list(each) for name, each in sources.items()}
        return cls(was_synced, read, AssetTaker(taker, is_taker_out), spreads, depths)

    def _measure(self, name: str, reading: AssetReading, now_ns: int, warm_up_ns: int) -> VoteReading:
        match name:
            case "taker":
                return self.taker.read(reading, now_ns, warm_up_ns)
            case "spread":
                return spread.vote_on(self.spread, reading, now_ns, warm_up_ns)
            case "depth":
                return depth.vote_on(self.depth, reading, now_ns, warm_up_ns)
            case _:
                self.was_synced = self.was_synced or reading.is_synced
                return staleness.vote_on(reading, now_ns, was_synced=self.was_synced)


def _as_signal(name: str, vote: VoteReading, now_ns: int, timing: VoteTiming) -> dict[str, object]:
    return {
        "source": name,
        "seq": now_ns,
        "time_ns": now_ns,
        "severity_ppm": vote.severity_ppm,
        "is_clear": 0 <= vote.severity_ppm < CLEAR_PPM,
        "reason": vote.reason,
        "cause_id": vote.cause_id,
        "expires_at_ns": now_ns + timing.lease_ns,
    }
