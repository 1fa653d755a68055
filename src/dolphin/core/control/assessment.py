"""The sensing half of the survival controller: readings in, the R they would allow out (`control.md` 1).

    R_raw = f1 * f2 * f3 * f4 * f5                         ppm products, left to right
    R_cmd = R_raw * (1 - integral) * (1 - derivative)      both terms only lower

It runs in the Python stage, whose memory a restart may lose: what must not be forgotten (the latch, R itself, the posture) is in the other
half, `governor`, where the database keeps it. A missing reading of a wired sensor is the worst reading; a sensor that is not wired
contributes ONE (`senses`) and is listed as not sensed. Until every wired sensor has given one usable reading the demand is not ready and
asks for nothing. Time that steps back, or a gap longer than the heartbeat limit, is a broken invariant.

The target is 10 us a step (`bench step`; recovering from a shock is not in it, and costs more). So what follows from the parameters
alone is worked out with them, and texts are written only where something is to blame. The records are structs, and not tracked by the
garbage collector: they hold no cycles.
"""

from msgspec import Struct

from dolphin.core.control import factors
from dolphin.core.control.params import SurvivalParams
from dolphin.core.control.senses import SENSORS, Inputs, hear
from dolphin.core.units import MAX_NS, ONE, SECOND_NS, as_int

SLOT_NS = SECOND_NS
SLOTS = 10  # the derivative looks back 10 s
NO_SHOCK = -1


class Memory(Struct, frozen=True, gc=False):
    """What the assessment remembers; all ints and strings, so that it travels as it is."""

    time_ns: int = 0
    is_started: bool = False
    integral_ppm_us: int = 0
    slot: int = 0  # index of the newest 1 s slot
    peaks_ppm: tuple[int, ...] = (0,) * SLOTS  # largest R_raw in each slot, newest first
    shock_at_ns: int = NO_SHOCK  # recovery from a shock is counted from here
    shock_cause: str = ""
    is_passive_only: bool = True


class Demand(Struct, frozen=True, gc=False):
    """What the readings would allow; believed until `expires_at_ns`."""

    time_ns: int
    is_ready: bool  # every wired sensor has been heard once
    broken: tuple[str, ...]  # invariants broken now
    r_cmd_ppm: int
    r_raw_ppm: int
    factors_ppm: tuple[int, ...]  # f1 to f5
    is_passive_only: bool
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]
    expires_at_ns: int


def assess(memory: Memory, inputs: Inputs, params: SurvivalParams) -> tuple[Memory, Demand]:
    """One evaluation; total, pure, integer-only."""
    now_ns, elapsed_ns, is_back = _clock(memory, inputs, params)
    age_ns = as_int(inputs.heartbeat_age_ns, 0, MAX_NS)
    heard, missing = hear(inputs, params.ears)
    envelope_age_ns, jitter_ns, latency_ns, depth_ppm, spread_ppm, is_taker, is_plunge, is_dvol, drawdown_ppm = heard
    if age_ns is None:
        missing.insert(0, "heartbeat")
    broken = _broken(memory, inputs, age_ns, params, is_back)
    is_started = memory.is_started or not missing

    f1_ppm = factors.f1(not broken)
    f2_ppm = factors.f2(envelope_age_ns, inputs.envelope_verdict) if "envelope" in params.wired else ONE
    jitter_ppm = factors.f3_jitter(jitter_ns, params)
    latency_ppm = factors.f3_latency(latency_ns, params)
    thinness_ppm = factors.f3_depth(depth_ppm, params)
    f3_ppm = jitter_ppm * latency_ppm // ONE * thinness_ppm // ONE
    is_shock = is_taker or is_plunge or is_dvol
    if is_shock:
        f4_ppm, shock_at_ns = params.shock_ppm, now_ns
    elif memory.shock_at_ns == NO_SHOCK:
        f4_ppm, shock_at_ns = ONE, NO_SHOCK
    else:
        f4_ppm, shock_at_ns = _recovery(now_ns, memory.shock_at_ns, depth_ppm, spread_ppm, params)
    f5_ppm = factors.f5(drawdown_ppm) if "equity" in params.wired else ONE
    r_raw_ppm = f1_ppm * f2_ppm // ONE * f3_ppm // ONE * f4_ppm // ONE * f5_ppm // ONE
    is_passive_only = f3_ppm < (params.passive_clear_ppm if memory.is_passive_only else params.passive_below_ppm)

    if is_started:
        integral = _integral(memory, r_raw_ppm, elapsed_ns, params)
        slot, peaks = _peaks(memory, r_raw_ppm, now_ns)
        r_cmd_ppm = _command(r_raw_ppm, integral, max(peaks), params)
    else:  # nothing is remembered of the time before
        integral, slot, peaks, r_cmd_ppm, shock_at_ns = 0, now_ns // SLOT_NS, (0,) * SLOTS, 0, NO_SHOCK

    factors_ppm = (f1_ppm, f2_ppm, f3_ppm, f4_ppm, f5_ppm)
    shock_cause, reasons, cause_ids = "", (), ()
    if r_raw_ppm < ONE or missing:
        shocks = _named(is_taker, is_plunge, is_dvol)
        blamed, reasons = _blame(broken, missing, (jitter_ppm, latency_ppm, thinness_ppm), factors_ppm, shocks)
        causes = dict(inputs.causes)
        if shock_at_ns != NO_SHOCK:
            shock_cause = causes["shock"] = causes.get(shocks[0], "") if shocks else memory.shock_cause
        cause_ids = _cause_ids(blamed, causes)
    return (
        Memory(now_ns, is_started, integral, slot, peaks, shock_at_ns, shock_cause, is_passive_only),
        Demand(
            now_ns,
            is_started,
            broken,
            r_cmd_ppm,
            r_raw_ppm,
            factors_ppm,
            is_passive_only,
            reasons,
            cause_ids,
            now_ns + params.lease_ns if now_ns < MAX_NS - params.lease_ns else MAX_NS,
        ),
    )


def not_sensed(params: SurvivalParams) -> tuple[str, ...]:
    """The sensors that this build does not have, in order: what a decision does not know about."""
    return tuple(sorted(SENSORS - params.wired))


def _clock(memory: Memory, inputs: Inputs, params: SurvivalParams) -> tuple[int, int, bool]:
    """(now, time to count since the last step, whether the time is unusable)."""
    now_ns = inputs.now_ns
    if type(now_ns) is not int or not memory.time_ns <= now_ns <= MAX_NS:
        return memory.time_ns, 0, True
    elapsed_ns = now_ns - memory.time_ns
    return now_ns, elapsed_ns if elapsed_ns < params.heartbeat_limit_ns else params.heartbeat_limit_ns, False


def _broken(memory: Memory, inputs: Inputs, age_ns: int | None, params: SurvivalParams, is_back: bool) -> tuple[str, ...]:
    """The invariants that do not hold now."""
    if not is_back and age_ns is not None and age_ns <= params.heartbeat_limit_ns:
        return inputs.broken
    found = list(inputs.broken)
    if is_back:
        found.append("time stepped back or is unreadable")
    if age_ns is not None and age_ns > params.heartbeat_limit_ns:
        found.append(f"heartbeat lost for {age_ns} ns")
    if age_ns is None and memory.is_started:
        found.append("heartbeat unreadable")
    return tuple(found)


def _recovery(now_ns: int, shock_at_ns: int, depth_ppm: int, spread_ppm: int, params: SurvivalParams) -> tuple[int, int]:
    """(f4, time from which the recovery is counted, NO_SHOCK when it is complete).

    Recovery may not outrun the level of depth and spread: where it would, it is counted from later, so that one good moment after hours
    of a thin book gives nothing back at once.
    """
    level_ppm = min(factors.f4_depth_level(depth_ppm, params), factors.f4_spread_level(spread_ppm, params))
    age_ns = min(now_ns - shock_at_ns, factors.f4_recovery_age(level_ppm, params))
    f4_ppm = factors.f4_recovery(age_ns, params)
    return f4_ppm, NO_SHOCK if f4_ppm == ONE else now_ns - age_ns


def _integral(memory: Memory, r_raw_ppm: int, elapsed_ns: int, params: SurvivalParams) -> int:
    """The leaky integral of the deficit in ppm us, between nothing and what takes `integral_max_ppm` (anti-windup)."""
    elapsed_us = -(-elapsed_ns // 1000)
    integral = memory.integral_ppm_us + (ONE - r_raw_ppm - params.leak_ppm) * elapsed_us
    if integral <= 0:
        return 0
    return integral if integral < params.integral_limit_ppm_us else params.integral_limit_ppm_us


def _peaks(memory: Memory, r_raw_ppm: int, now_ns: int) -> tuple[int, tuple[int, ...]]:
    """The newest slot and the largest R_raw of each of the last `SLOTS` slots, newest first."""
    slot = now_ns // SLOT_NS
    behind = slot - memory.slot
    peaks = memory.peaks_ppm
    if behind == 0:
        if r_raw_ppm > peaks[0]:
            return slot, (r_raw_ppm, *peaks[1:])
        return slot, peaks
    if behind >= SLOTS:
        return slot, (r_raw_ppm,) + (0,) * (SLOTS - 1)
    return slot, (r_raw_ppm, *((0,) * (behind - 1)), *peaks[: SLOTS - behind])


def _command(r_raw_ppm: int, integral: int, peak_ppm: int, params: SurvivalParams) -> int:
    """R_cmd: R_raw lowered by the integral and by the fall since the largest R_raw of the last 10 s."""
    r_cmd_ppm = r_raw_ppm * (ONE - integral * ONE // params.integral_full_scale_us) // ONE
    if peak_ppm <= r_raw_ppm:
        return r_cmd_ppm
    taken_ppm = params.derivative_gain_ppm * (peak_ppm - r_raw_ppm) // ONE
    if taken_ppm > params.derivative_max_ppm:
        taken_ppm = params.derivative_max_ppm
    return r_cmd_ppm * (ONE - taken_ppm) // ONE


def _named(is_taker: int, is_plunge: int, is_dvol: int) -> list[str]:
    """The sensors that report a shock in this step."""
    names: list[str] = []
    if is_taker:
        names.append("taker")
    if is_plunge:
        names.append("plunge")
    if is_dvol:
        names.append("dvol")
    return names


def _blame(
    broken: tuple[str, ...], missing: list[str], f3_parts_ppm: tuple[int, int, int], factors_ppm: tuple[int, ...], shocks: list[str]
) -> tuple[list[str], tuple[str, ...]]:
    """(sensors, reasons), side by side: everything that keeps R_raw below ONE or the demand from being ready."""
    jitter_ppm, latency_ppm, thinness_ppm = f3_parts_ppm
    _, f2_ppm, _, f4_ppm, f5_ppm = factors_ppm
    sensors: list[str] = []
    reasons: list[str] = []
    if broken or missing:
        sensors = ["heartbeat"] * len(broken) + missing
        reasons = [f"invariant broken: {each}" for each in broken] + [f"{sensor} has no usable reading" for sensor in missing]
    if jitter_ppm < ONE:
        sensors.append("jitter")
        reasons.append(f"jitter: f3 part {jitter_ppm}")
    if latency_ppm < ONE:
        sensors.append("latency")
        reasons.append(f"latency: f3 part {latency_ppm}")
    if thinness_ppm < ONE:
        sensors.append("depth")
        reasons.append(f"depth: f3 part {thinness_ppm}")
    if f2_ppm < ONE:
        sensors.append("envelope")
        reasons.append(f"forewarner envelope: f2 {f2_ppm}")
    if f4_ppm < ONE:
        sensors.append("shock")
        reasons.append(f"shock ({', '.join(shocks)}): f4 {f4_ppm}" if shocks else f"after a shock: f4 {f4_ppm}")
    if f5_ppm < ONE:
        sensors.append("equity")
        reasons.append(f"drawdown: f5 {f5_ppm}")
    return sensors, tuple(reasons)


def _cause_ids(blamed: list[str], causes: dict[str, str]) -> tuple[str, ...]:
    """Cause ids of the blamed sensors' readings, in their order, each once."""
    found: list[str] = []
    for sensor in blamed:
        cause_id = causes.get(sensor)
        if cause_id and cause_id not in found:
            found.append(cause_id)
    return tuple(found)
