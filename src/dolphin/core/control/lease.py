"""How long a command may be believed: the consumer's estimate of market time, and the rule on it.

Between messages market time is carried on by a monotonic clock at the speed of the play. The estimate never steps back when a message
arrives: messages that come late were late, and a lease that ran out meanwhile does not come back to life. It may only *drift* back, by
1 % of the time passed, so that two clocks that disagree do not keep leases short for ever. At speed 0 (a replay in lockstep, or unpaced)
market time moves with messages only, and silence is measured on the monotonic clock.
"""

from typing import NamedTuple

from dolphin.core.units import ONE, mul

DRIFT_PPM = 10_000


class MarketClock(NamedTuple):
    """The estimate: at `monotonic_ns` it was `market_ns`. Before the first message there is no clock (None)."""

    market_ns: int
    monotonic_ns: int
    heard_ns: int  # monotonic time of the last message
    speed_ppm: int


def observe(clock: MarketClock | None, market_ns: int, monotonic_ns: int, speed_ppm: int) -> MarketClock:
    """The clock after a message with market time `market_ns` arrived at `monotonic_ns`."""
    if clock is None:
        return MarketClock(market_ns, monotonic_ns, monotonic_ns, speed_ppm)
    predicted_ns = now(clock, monotonic_ns)
    drift_ns = mul(predicted_ns - clock.market_ns, DRIFT_PPM)
    later_ns = max(clock.monotonic_ns, monotonic_ns)
    return MarketClock(max(market_ns, predicted_ns - drift_ns), later_ns, later_ns, speed_ppm)


def now(clock: MarketClock, monotonic_ns: int) -> int:
    """Market time at `monotonic_ns`; a monotonic clock that steps back (another host's) counts as standing still."""
    return clock.market_ns + max(0, monotonic_ns - clock.monotonic_ns) * clock.speed_ppm // ONE


def is_silent(clock: MarketClock | None, monotonic_ns: int, limit_ns: int) -> bool:
    """Whether nothing was heard for longer than `limit_ns` of monotonic time; true before the first message."""
    return clock is None or monotonic_ns - clock.heard_ns > limit_ns


def holds(clock: MarketClock | None, monotonic_ns: int, expires_at_ns: int, silence_limit_ns: int) -> bool:
    """The lease rule: the lease has not run out, and the market is not silent."""
    return clock is not None and not is_silent(clock, monotonic_ns, silence_limit_ns) and now(clock, monotonic_ns) < expires_at_ns
