"""f1..f5: what each reading leaves of the leverage, in ppm.

`f2` and `f5` take readings as they arrived and are total: what is not an int in its range is the worst value. The others take what
`senses.hear` gives, where that has been seen to. Each is monotone: a worse reading never gives a larger number. `control.md` 1 gives the
shapes, `tables.py` the curves.
"""

from dolphin.core.control.curves import falling, interpolate, rising
from dolphin.core.control.params import SurvivalParams
from dolphin.core.control.tables import CAPITAL_STRESS, DRAWDOWN_STEP_PPM, ENVELOPE_DECADE, ENVELOPE_STEP_NS
from dolphin.core.units import MAX_NS, ONE, Reading, as_int, mul

ENVELOPE_FRESH_NS = 30_000_000_000
ENVELOPE_DECADE_NS = 7_170_000_000_000  # from 30 s to 2 h the factor falls to a tenth, and so on beyond
VERDICTS = {"inside": ONE, "edge": 500_000, "outside": 100_000}


def f1(is_intact: bool) -> int:
    """Invariants: all or nothing."""
    return ONE if is_intact else 0


def f2(envelope_age_ns: Reading, verdict: Reading) -> int:
    """Structural integrity: the age of the forewarner's envelope, times its verdict (inside, edge, outside)."""
    age_ns = as_int(envelope_age_ns, 0, MAX_NS)
    if age_ns is None:
        return 0
    scale = VERDICTS.get(verdict, 100_000) if isinstance(verdict, str) else 100_000
    decades, rest_ns = divmod(max(0, age_ns - ENVELOPE_FRESH_NS), ENVELOPE_DECADE_NS)
    if decades > 6:
        return 0
    return mul(interpolate(ENVELOPE_DECADE, ENVELOPE_STEP_NS, rest_ns) // 10**decades, scale)


def f3_jitter(jitter_ns: int, params: SurvivalParams) -> int:
    """Jitter: standard deviation over 30 s of the exchange-to-receive delay."""
    return falling(jitter_ns, params.jitter_nominal_ns, params.jitter_limit_ns, params.microstructure_floor_ppm)


def f3_latency(latency_ns: int, params: SurvivalParams) -> int:
    """Latency: smoothed exchange-to-receive delay."""
    return falling(latency_ns, params.latency_nominal_ns, params.latency_limit_ns, params.microstructure_floor_ppm)


def f3_depth(depth_ratio_ppm: int, params: SurvivalParams) -> int:
    """Depth decay: depth now over its trailing median."""
    return rising(depth_ratio_ppm, params.depth_limit_ppm, params.depth_nominal_ppm, params.microstructure_floor_ppm)


def f4_recovery(age_ns: int, params: SurvivalParams) -> int:
    """Environmental entropy: `shock_ppm` at a shock, rising linearly to ONE over `shock_recovery_ns`. Needs `age_ns >= 0`."""
    if age_ns >= params.shock_recovery_ns:
        return ONE
    return params.shock_ppm + (ONE - params.shock_ppm) * age_ns // params.shock_recovery_ns


def f4_recovery_age(level_ppm: int, params: SurvivalParams) -> int:
    """The longest time after a shock at which `f4_recovery` is not above `level_ppm`, to within a ppm; 0 for a level below the shock's."""
    return max(0, level_ppm - params.shock_ppm) * params.shock_recovery_ns // (ONE - params.shock_ppm)


def f4_depth_level(depth_ratio_ppm: int, params: SurvivalParams) -> int:
    """The most that f4 may recover to at this depth over its median."""
    return rising(depth_ratio_ppm, params.recovery_depth_limit_ppm, params.recovery_depth_nominal_ppm, params.shock_ppm)


def f4_spread_level(spread_ratio_ppm: int, params: SurvivalParams) -> int:
    """The most that f4 may recover to at this spread over its median."""
    return falling(spread_ratio_ppm, params.recovery_spread_nominal_ppm, params.recovery_spread_limit_ppm, params.shock_ppm)


def f5(drawdown_ppm: Reading) -> int:
    """Capital stress: drawdown from the equity's high-water mark, 0 at the mark. Above the mark (a negative drawdown) is ONE."""
    reading = as_int(drawdown_ppm, -MAX_NS, MAX_NS)
    if reading is None:
        return 0
    return interpolate(CAPITAL_STRESS, DRAWDOWN_STEP_PPM, max(0, reading))
