"""The thinner side of the book against its own past: a trailing day for an asset's vote, a trailing hour for the account."""

from typing import Final

from dolphin.core.control.breaker import UNKNOWN_PPM
from dolphin.core.sensing import severity
from dolphin.core.sensing.readings import AssetReading
from dolphin.core.sensing.trail import MIN_SAMPLES, Trail, Usual
from dolphin.core.sensing.votes import VoteReading
from dolphin.core.units import ONE, SECOND_NS

ACCOUNT_HORIZON_NS: Final = 3_600 * SECOND_NS


def vote_on(trail: Trail, reading: AssetReading, now_ns: int, warm_up_ns: int) -> VoteReading:
    """What an asset's depth says."""
    depth_usd = reading.depth_usd
    if depth_usd is None:
        return VoteReading(UNKNOWN_PPM, "no depth", reading.depth_cause)
    is_warm = trail.is_warm(now_ns, warm_up_ns, MIN_SAMPLES)
    trail.add(now_ns, depth_usd)
    if not is_warm:
        return VoteReading(UNKNOWN_PPM, "warming up", reading.depth_cause)
    usual_usd = trail.statistics().median
    left = depth_usd / usual_usd if usual_usd > 0.0 else 0.0
    return VoteReading(
        severity.through(severity.DEPTH_KNOTS, max(0.0, 1.0 - left)),
        f"depth {depth_usd:.0f} USD within 10 bps, {left:.0%} of usual",
        reading.depth_cause,
    )


def gone_ppm(depth: Usual, reading: AssetReading, now_ns: int, warm_up_ns: int) -> int | None:
    """The part of its trailing median that is gone now, in ppm rounded up; negative when there is more, None where it is not known yet."""
    if reading.depth_usd is None:
        return None
    depth.add(now_ns, reading.depth_usd)
    if not depth.trail.is_warm(now_ns, warm_up_ns, MIN_SAMPLES):
        return None
    usual_usd = depth.trail.statistics().median
    return ONE - int(depth.now() / usual_usd * ONE) if usual_usd > 0.0 else ONE
