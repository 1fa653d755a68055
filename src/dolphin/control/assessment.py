"""The sensing half of the survival controller: readings in, the R they would allow out (`control.md` 1).

    R_raw = f1 * f2 * f3 * f4 * f5                         ppm products, left to right
    R_cmd = R_raw * (1 - integral) * (1 - derivative)      both terms only lower

It runs in the Python stage, whose memory a restart may lose: what must not be forgotten (the latch, R itself, the posture) is in the other
half, `governor`, where the database keeps it. A missing reading of a wired sensor is the worst reading; a sensor that is not wired
contributes ONE and is listed as not sensed. Until every wired sensor has given one usable reading the demand is not ready and asks for
nothing. Time that steps back, or a gap longer than the heartbeat limit, is a broken invariant.
"""

from typing import NamedTuple

from dolphin.control import factors
from dolphin.control.factors import MAX_NS
from dolphin.control.params import SENSORS, SurvivalParams
from dolphin.control.ppm import ONE, Reading, as_int, mul

SLOT_NS = 1_000_000_000
SLOTS = 10  # the derivative looks back 10 s
NO_SHOCK = -1


class Inputs(NamedTuple):
    """The readings of one moment. Anything may be anything: what is not an int in range (a bool for the shocks) is the worst value."""

    now_ns: Reading
    heartbeat_age_ns: Reading = None
    broken: tuple[str, ...] = ()  # invariants found broken, by name
    envelope_age_ns: Reading = None
    envelope_verdict: Reading = None
    jitter_ns: Reading = None
    latency_ns: Reading = None
    depth_ratio_ppm: Reading = None
    spread_ratio_ppm: Reading = None
    is_taker_shock: Reading = None
    is_plunge: Reading = None
    is_dvol_shock: Reading = None
    drawdown_ppm: Reading = None
    causes: tuple[tuple[str, str], ...] = ()  # (sensor, cause id of the message behind its reading)


class Memory(NamedTuple):
    """What the assessment remembers; all ints and strings, so that it travels as it is."""

    time_ns: int = 0
    is_started: bool = False
    integral_ppm_us: int = 0
    slot: int = 0  # index of the newest 1 s slot
    peaks_ppm: tuple[int, ...] = (0,) * SLOTS  # largest R_raw in each slot, newest first
    shock_at_ns: int = NO_SHOCK  # recovery from a shock is counted from here
    shock_cause: str = ""
    is_passive_only: bool = True


class Demand(NamedTuple):
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
    wired = params.wired
    now_ns, elapsed_ns, is_back = _clock(memory, inputs, params)
    age_ns = as_int(inputs.heartbeat_age_ns, 0, MAX_NS)
    missing = _missing(inputs, age_ns, wired)
    broken = _broken(memory, inputs, age_ns, params, is_back)
    blame: list[tuple[str, str]] = []
    if broken or missing:
        blame += [("heartbeat", f"invariant broken: {each}") for each in broken]
        blame += [(sensor, f"{sensor} has no usable reading") for sensor in missing]
    is_started = memory.is_started or not missing
    shock_at_ns, shock_cause, shock_names = _shock(memory, inputs, params, now_ns)
    f1_ppm = factors.f1(not broken)
    f2_ppm = factors.f2(inputs.envelope_age_ns, inputs.envelope_verdict) if "envelope" in wired else ONE
    f3_ppm = _f3(inputs, params, blame)
    f4_ppm, shock_at_ns = _f4(inputs, params, now_ns, shock_at_ns)
    f5_ppm = factors.f5(inputs.drawdown_ppm) if "equity" in wired else ONE
    if f2_ppm < ONE:
        blame.append(("envelope", f"forewarner envelope: f2 {f2_ppm}"))
    if f4_ppm < ONE:
        blame.append(("shock", f"{'shock (' + ', '.join(shock_names) + ')' if shock_names else 'after a shock'}: f4 {f4_ppm}"))
    if f5_ppm < ONE:
        blame.append(("equity", f"drawdown: f5 {f5_ppm}"))
    r_raw_ppm = f1_ppm * f2_ppm // ONE * f3_ppm // ONE * f4_ppm // ONE * f5_ppm // ONE

    is_passive_only = f3_ppm < (params.passive_clear_ppm if memory.is_passive_only else params.passive_below_ppm)
    if is_started:
        integral = _integral(memory, r_raw_ppm, elapsed_ns, params)
        slot, peaks = _peaks(memory, r_raw_ppm, now_ns)
        r_cmd_ppm = _command(r_raw_ppm, integral, max(peaks), params)
    else:  # nothing is remembered of the time before
        integral, slot, peaks, r_cmd_ppm, shock_at_ns = 0, now_ns // SLOT_NS, (0,) * SLOTS, 0, NO_SHOCK
    after = Memory(now_ns, is_started, integral, slot, peaks, shock_at_ns, shock_cause if shock_at_ns != NO_SHOCK else "", is_passive_only)
    return after, Demand(
        now_ns,
        is_started,
        broken,
        r_cmd_ppm,
        r_raw_ppm,
        (f1_ppm, f2_ppm, f3_ppm, f4_ppm, f5_ppm),
        is_passive_only,
        tuple([text for _, text in blame]) if blame else (),
        _causes(blame, inputs, after.shock_cause) if blame else (),
        min(now_ns + params.lease_ns, MAX_NS),
    )


def not_sensed(params: SurvivalParams) -> tuple[str, ...]:
    """The sensors that this build does not have, in order: what a decision does not know about."""
    return tuple(sorted(SENSORS - params.wired))


def _clock(memory: Memory, inputs: Inputs, params: SurvivalParams) -> tuple[int, int, bool]:
    """(now, time to count since the last step, whether the time is unusable)."""
    now_ns = as_int(inputs.now_ns, memory.time_ns, MAX_NS)
    if now_ns is None:
        return memory.time_ns, 0, True
    elapsed_ns = now_ns - memory.time_ns
    return now_ns, elapsed_ns if elapsed_ns < params.heartbeat_limit_ns else params.heartbeat_limit_ns, False


def _missing(inputs: Inputs, age_ns: int | None, wired: frozenset[str]) -> list[str]:
    """Wired sensors without a usable reading."""
    found: list[str] = []
    if age_ns is None:
        found.append("heartbeat")
    if "envelope" in wired and as_int(inputs.envelope_age_ns, 0, MAX_NS) is None:
        found.append("envelope")
    if "jitter" in wired and as_int(inputs.jitter_ns, 0, MAX_NS) is None:
        found.append("jitter")
    if "latency" in wired and as_int(inputs.latency_ns, 0, MAX_NS) is None:
        found.append("latency")
    if "depth" in wired and as_int(inputs.depth_ratio_ppm, 0, MAX_NS) is None:
        found.append("depth")
    if "spread" in wired and as_int(inputs.spread_ratio_ppm, 0, MAX_NS) is None:
        found.append("spread")
    if "taker" in wired and type(inputs.is_taker_shock) is not bool:
        found.append("taker")
    if "plunge" in wired and type(inputs.is_plunge) is not bool:
        found.append("plunge")
    if "dvol" in wired and type(inputs.is_dvol_shock) is not bool:
        found.append("dvol")
    if "equity" in wired and as_int(inputs.drawdown_ppm, -MAX_NS, MAX_NS) is None:
        found.append("equity")
    return found


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


def _f3(inputs: Inputs, params: SurvivalParams, blame: list[tuple[str, str]]) -> int:
    """Microstructure confidence: the product of its three readings; adds what lowers it to `blame`."""
    wired = params.wired
    jitter_ppm = factors.f3_jitter(inputs.jitter_ns, params) if "jitter" in wired else ONE
    latency_ppm = factors.f3_latency(inputs.latency_ns, params) if "latency" in wired else ONE
    depth_ppm = factors.f3_depth(inputs.depth_ratio_ppm, params) if "depth" in wired else ONE
    if jitter_ppm == latency_ppm == depth_ppm == ONE:
        return ONE
    parts = (("jitter", jitter_ppm), ("latency", latency_ppm), ("depth", depth_ppm))
    blame += [(sensor, f"{sensor}: f3 part {part_ppm}") for sensor, part_ppm in parts if part_ppm < ONE]
    return mul(mul(jitter_ppm, latency_ppm), depth_ppm)


def _shock(memory: Memory, inputs: Inputs, params: SurvivalParams, now_ns: int) -> tuple[int, str, list[str]]:
    """(time of the last shock, its cause id, names of the shocks in this step). A missing reading is a shock."""
    wired = params.wired
    names: list[str] = []
    if "taker" in wired and inputs.is_taker_shock is not False:
        names.append("taker")
    if "plunge" in wired and inputs.is_plunge is not False:
        names.append("plunge")
    if "dvol" in wired and inputs.is_dvol_shock is not False:
        names.append("dvol")
    if not names:
        return memory.shock_at_ns, memory.shock_cause, names
    return now_ns, dict(inputs.causes).get(names[0], ""), names


def _f4(inputs: Inputs, params: SurvivalParams, now_ns: int, shock_at_ns: int) -> tuple[int, int]:
    """(f4, time from which the recovery is counted, NO_SHOCK when it is complete).

    Recovery may not outrun the level of depth and spread: where it would, it is counted from later, so that one good moment after hours
    of a thin book gives nothing back at once.
    """
    if shock_at_ns == NO_SHOCK:
        return ONE, NO_SHOCK
    level_ppm = ONE
    if "depth" in params.wired:
        level_ppm = factors.f4_depth_level(inputs.depth_ratio_ppm, params)
    if "spread" in params.wired:
        level_ppm = min(level_ppm, factors.f4_spread_level(inputs.spread_ratio_ppm, params))
    age_ns = min(now_ns - shock_at_ns, factors.f4_recovery_age(level_ppm, params))
    f4_ppm = factors.f4_recovery(age_ns, params)
    return f4_ppm, NO_SHOCK if f4_ppm == ONE else now_ns - age_ns


def _integral(memory: Memory, r_raw_ppm: int, elapsed_ns: int, params: SurvivalParams) -> int:
    """The leaky integral of the deficit in ppm us, clamped so that it takes at most `integral_max_ppm` (anti-windup)."""
    elapsed_us = -(-elapsed_ns // 1000)
    grown = memory.integral_ppm_us + (ONE - r_raw_ppm - params.leak_ppm) * elapsed_us
    if grown <= 0:
        return 0
    return min(grown, params.integral_full_scale_us * params.integral_max_ppm // ONE)


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
    r_cmd_ppm = r_raw_ppm
    if integral:
        r_cmd_ppm = mul(r_cmd_ppm, ONE - min(integral * ONE // params.integral_full_scale_us, params.integral_max_ppm))
    if peak_ppm > r_raw_ppm:
        r_cmd_ppm = mul(r_cmd_ppm, ONE - min(mul(params.derivative_gain_ppm, peak_ppm - r_raw_ppm), params.derivative_max_ppm))
    return r_cmd_ppm


def _causes(blame: list[tuple[str, str]], inputs: Inputs, shock_cause: str) -> tuple[str, ...]:
    """Cause ids of the blamed readings, in their order, each once."""
    causes = dict(inputs.causes)
    causes["shock"] = shock_cause
    found = dict.fromkeys([causes.get(sensor, "") for sensor, _ in blame])
    found.pop("", None)
    return tuple(found)
