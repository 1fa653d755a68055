"""Why a lease ended: the market was silent, or it went on and no newer command came in time.

A lease that runs out takes the cap to nothing until the next command. That is no cut: nobody decided it. The agent knows only that no
command came, and whether one did later. The feed's journal knows the rest: how far it had got, and how far it was behind its own clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from dolphin.core.control.belief import LEASE_EXPIRED
from dolphin.core.words import clock
from dolphin.operator.views.plain import seconds

BY_TIME: Final = frozenset({LEASE_EXPIRED, "silence"})
"""Reasons of changes that nothing but time made."""

STOOD_STILL_NS: Final = 3_000_000_000
"""Wall time between two lines of the feed's journal, written every second, after which it stood still."""
BEHIND_NS: Final = 500_000_000
"""Wall time behind its own clock from which a feed is slow."""

SILENCE: Final = "silence"
TOO_SLOW: Final = "too_slow"
UNKNOWN: Final = "unknown"


class FeedSample(NamedTuple):
    """Where the feed was at a moment of wall time."""

    wall_ns: int
    market_time_ns: int
    lag_ns: int


@dataclass(slots=True)
class LeaseEnd:
    """A cap that only time took away; `asset` "" is the account's."""

    asset: str
    expired_at_ns: int
    is_renewed: bool = False
    """Whether a command granted something again."""


def cause_of(end: LeaseEnd, samples: Sequence[FeedSample], speed: float) -> str:
    """`SILENCE` where the feed had stopped or stood still when the lease ran out, `TOO_SLOW` where the market went on; `UNKNOWN` without a
    feed's journal. `samples` are in order; `speed` is market time per wall time, 0 where it is not paced.

    The clock of an agent that is behind runs on beyond the market: a lease that ended later than all of it and was renewed was too late.
    """
    if not samples:
        return UNKNOWN
    before = next((sample for sample in reversed(samples) if sample.market_time_ns <= end.expired_at_ns), samples[0])
    after = next((sample for sample in samples if sample.market_time_ns > end.expired_at_ns), None)
    if after is None:
        return TOO_SLOW if end.is_renewed else SILENCE
    if after.lag_ns > BEHIND_NS * (speed or 1.0):
        return TOO_SLOW
    return SILENCE if after.wall_ns - before.wall_ns > STOOD_STILL_NS else TOO_SLOW


def is_after_the_market(end: LeaseEnd, last_time_ns: int) -> bool:
    """Whether it ran out behind a market that ended by itself at `last_time_ns`: nothing was due any more, so nothing was missing."""
    return end.expired_at_ns > last_time_ns and not end.is_renewed


def told(ends: Sequence[LeaseEnd], causes: Sequence[str]) -> list[str]:
    """Lines for people: how often each happened, and when first and last."""
    lines: list[str] = []
    for cause, words in _WORDS.items():
        times = [end.expired_at_ns for end, found in zip(ends, causes, strict=True) if found == cause]
        if times:
            when = f"at {clock(times[0])}" if len(times) == 1 else f"from {clock(min(times))} to {clock(max(times))}"
            lines.append(f"{len(times)} ended {when}: {words}")
    return lines


_WORDS: Final = {
    SILENCE: "nothing came from the market (the feed was silent, stopped or dead)",
    TOO_SLOW: f"the market went on, but commands came late: the machine, or a job, was too slow (a slower --speed helps; "
    f"the feed itself counts as slow from {seconds(BEHIND_NS)} behind its clock)",
    UNKNOWN: "no journal of the feed says why",
}
