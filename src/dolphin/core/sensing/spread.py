"""The spread against its own trailing day."""

from typing import Final

from dolphin.core.control.breaker import UNKNOWN_PPM
from dolphin.core.sensing import severity
from dolphin.core.sensing.readings import AssetReading
from dolphin.core.sensing.trail import MIN_SAMPLES, Trail, Usual
from dolphin.core.sensing.votes import VoteReading
from dolphin.core.units import ONE

FLOOR_BPS: Final = 1.0  # a spread one basis point wider costs little, however constant it was


def vote_on(trail: Trail, reading: AssetReading, now_ns: int, warm_up_ns: int) -> VoteReading:
    """What an asset's spread says; the scale is at least one tick (the smallest spread seen) and one basis point."""
    spread_bps = reading.spread_bps
    if spread_bps is None:
        return VoteReading(UNKNOWN_PPM, "no spread", reading.book_cause)
    is_warm = trail.is_warm(now_ns, warm_up_ns, MIN_SAMPLES)
    trail.add(now_ns, spread_bps)
    if not is_warm:
        return VoteReading(UNKNOWN_PPM, "warming up", reading.book_cause)
    usual = trail.statistics()
    z = max(0.0, spread_bps - usual.median) / max(usual.scale, usual.smallest, FLOOR_BPS)
    return VoteReading(
        severity.through(severity.Z_KNOTS, z),
        f"spread {spread_bps:.2f} bps, usually {usual.median:.2f}, robust z {z:.1f}",
        reading.book_cause,
    )


def ratio_ppm(spread: Usual, reading: AssetReading, now_ns: int, warm_up_ns: int) -> int | None:
    """Spread now over its trailing day's median in ppm, rounded up; None where it is not known yet."""
    if reading.spread_bps is None:
        return None
    spread.add(now_ns, reading.spread_bps)
    if not spread.trail.is_warm(now_ns, warm_up_ns, MIN_SAMPLES):
        return None
    usual_bps = spread.trail.statistics().median
    return int(spread.now() / usual_bps * ONE) + 1 if usual_bps > 0.0 else ONE
