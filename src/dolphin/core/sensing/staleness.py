"""How long an asset has said nothing, and whether its book, once it was continuous, still is."""

from typing import Final

from dolphin.core.control.breaker import UNKNOWN_PPM
from dolphin.core.sensing import severity
from dolphin.core.sensing.readings import AssetReading
from dolphin.core.sensing.votes import VoteReading
from dolphin.core.units import SECOND_NS

SILENT_AFTER_NS: Final = 2 * SECOND_NS
"""An asset that said nothing for so long has no readings for the account."""


def vote_on(reading: AssetReading, now_ns: int, *, was_synced: bool) -> VoteReading:
    """What the asset's silence says; `was_synced`: its book has been continuous at some time."""
    if reading.updated_at_ns is None or not was_synced:
        return VoteReading(UNKNOWN_PPM, "order book not there yet", reading.last_cause)
    age_s = max(0, now_ns - reading.updated_at_ns) / SECOND_NS
    silent = severity.through(severity.AGE_KNOTS, age_s)
    if not reading.is_synced and silent < severity.UNSYNCED_PPM:
        return VoteReading(severity.UNSYNCED_PPM, "order book out of sync", reading.depth_cause or reading.last_cause)
    return VoteReading(silent, f"last message {age_s:.1f} s ago", reading.last_cause)


def is_heard(reading: AssetReading, now_ns: int) -> bool:
    """Whether the asset has spoken lately."""
    return reading.updated_at_ns is not None and now_ns - reading.updated_at_ns <= SILENT_AFTER_NS
