"""The survival controller: readings in, the leverage the account is entitled to out (`control.md` 1).

    R_raw = f1 * f2 * f3 * f4 * f5                         ppm products, left to right
    R_cmd = R_raw * (1 - integral) * (1 - derivative)      both terms only lower
    R     = R_cmd at once when it is lower; otherwise up by at most 1 % per minute
    posture from R by the Schmitt table; cap = min(cap of the posture, 6x * R)

Start: there is no history to recover from, so the controller stands in HIBERNATE with R = 0 until every wired sensor has given a usable
reading, then takes R_cmd and the posture it earns at once. From then on only slow recovery. A missing reading of a wired sensor is the
worst reading; a sensor that is not wired contributes ONE and is listed as not sensed.
Time: a step whose time is not after the last one grants nothing; a gap longer than the heartbeat limit is a lost heartbeat, latched.
"""

from typing import NamedTuple

from dolphin.control import factors
from dolphin.control import posture as gates
from dolphin.control.factors import MAX_NS
from dolphin.control.params import SENSORS, SurvivalParams
from dolphin.control.posture import Posture
from dolphin.control.ppm import ONE, Reading, as_int, mul

SLOT_NS = 1_000_000_000
SLOTS = 10  # the derivative looks back 10 s
NO_SHOCK = -1
UNLATCHED = ""


class Inputs(NamedTuple):
    """The readings of one moment. Anything may be anything: what is not an int in range (a bool for the shocks) is the worst value."""

    now_ns: Reading
    heartbeat_age_ns: Reading = None
    broken: tuple[str, ...] = ()  # invariants found broken, by name
    is_release: bool = False  # the operator's release of the latch, after reconciliation
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


class State(NamedTuple):
    """What the controller remembers; all ints, so that it travels as it is."""

    time_ns: int = 0
    is_started: bool = False
    latch: str = UNLATCHED  # why f1 is latched at 0
    r_ppm: int = 0
    rise_anchor_ns: int = 0  # recovery is granted for the time since then
    integral_ppm_us: int = 0
    slot: int = 0  # index of the newest 1 s slot
    peaks_ppm: tuple[int, ...] = (0,) * SLOTS  # largest R_raw in each slot, newest first
    shock_at_ns: int = NO_SHOCK  # recovery from a shock is counted from here
    shock_cause: str = ""
    is_passive_only: bool = True
    posture: Posture = Posture.HIBERNATE
    posture_since_ns: int = 0


class Decision(NamedTuple):
    """What holds until `expires_at_ns`."""

    time_ns: int
    posture: Posture
    cap_ppm: int
    r_ppm: int
    r_raw_ppm: int
    factors_ppm: tuple[int, int, int, int, int]
    is_passive_only: bool
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]
    expires_at_ns: int


def step(state: State, inputs: Inputs, params: SurvivalParams) -> tuple[State, Decision]:
    """One evaluation; total, pure, integer-only."""
    now_ns, elapsed_ns, is_back = _clock(state, inputs, params)
    missing = _missing(inputs, params)
    blame = [(sensor, f"{sensor} has no usable reading") for sensor in missing]
    latch = _latch(state, inputs, params, is_back)
    if latch:
        blame.append(("heartbeat", f"invariant broken: {latch}"))
    is_started = state.is_started or not missing
    shock_at_ns, shock_cause, shock_names = _shock(state, inputs, params, now_ns)
    f1_ppm = factors.f1(not latch)
    f2_ppm = factors.f2(inputs.envelope_age_ns, inputs.envelope_verdict) if "envelope" in params.wired else ONE
    f3_ppm = _f3(inputs, params, blame)
    f4_ppm, shock_at_ns = _f4(inputs, params, now_ns, shock_at_ns)
    f5_ppm = factors.f5(inputs.drawdown_ppm) if "equity" in params.wired else ONE
    if f2_ppm < ONE:
        blame.append(("envelope", f"forewarner envelope: f2 {f2_ppm}"))
    if f4_ppm < ONE:
        blame.append(("shock", f"{'shock (' + ', '.join(shock_names) + ')' if shock_names else 'after a shock'}: f4 {f4_ppm}"))
    if f5_ppm < ONE:
        blame.append(("equity", f"drawdown: f5 {f5_ppm}"))
    r_raw_ppm = mul(mul(mul(mul(f1_ppm, f2_ppm), f3_ppm), f4_ppm), f5_ppm)

    integral = _integral(state, r_raw_ppm, elapsed_ns, params) if is_started else 0
    slot, peaks = _peaks(state, r_raw_ppm, now_ns)
    r_cmd_ppm = _command(r_raw_ppm, integral, max(peaks) if is_started else r_raw_ppm, params)
    if not is_started:  # nothing is remembered of the time before
        peaks, r_cmd_ppm, shock_at_ns = (0,) * SLOTS, 0, NO_SHOCK
    r_ppm, anchor_ns = _damped(state, r_cmd_ppm, now_ns, elapsed_ns, is_started, params)
    posture, since_ns = _posture(state, r_ppm, now_ns, is_started, params)
    is_passive_only = f3_ppm < (params.passive_clear_ppm if state.is_passive_only else params.passive_below_ppm)
    cap_ppm = gates.cap(posture, r_ppm)
    if r_ppm < r_cmd_ppm:
        blame.append(("recovery", f"recovering toward R {r_cmd_ppm}"))
    after = State(
        now_ns,
        is_started,
        latch,
        r_ppm,
        anchor_ns,
        integral,
        slot,
        peaks,
        shock_at_ns,
        shock_cause if shock_at_ns != NO_SHOCK else "",
        is_passive_only,
        posture,
        since_ns,
    )
    return after, Decision(
        now_ns,
        posture,
        cap_ppm,
        r_ppm,
        r_raw_ppm,
        (f1_ppm, f2_ppm, f3_ppm, f4_ppm, f5_ppm),
        is_passive_only,
        tuple([text for _, text in blame]),
        _causes(blame, inputs, after.shock_cause) if blame else (),
        min(now_ns + params.lease_ns, MAX_NS),
    )


def not_sensed(params: SurvivalParams) -> tuple[str, ...]:
    """The sensors that this build does not have, in order: what a decision does not know about."""
    return tuple(sorted(SENSORS - params.wired))


def _clock(state: State, inputs: Inputs, params: SurvivalParams) -> tuple[int, int, bool]:
    """(now, time to count since the last step, whether the time is unusable). Unseen time is not counted for recovery."""
    now_ns = as_int(inputs.now_ns, 0, MAX_NS)
    if now_ns is None or now_ns < state.time_ns:
        return state.time_ns, 0, True
    return now_ns, min(now_ns - state.time_ns, params.heartbeat_limit_ns), False


def _missing(inputs: Inputs, params: SurvivalParams) -> list[str]:
    """Wired sensors without a usable reading."""
    wired = params.wired
    found: list[str] = []
    if as_int(inputs.heartbeat_age_ns, 0, MAX_NS) is None:
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


def _latch(state: State, inputs: Inputs, params: SurvivalParams, is_back: bool) -> str:
    """Why f1 is 0, or UNLATCHED. A release counts only in a step that breaks nothing."""
    age_ns = as_int(inputs.heartbeat_age_ns, 0, MAX_NS)
    if inputs.broken:
        return ", ".join(inputs.broken)
    if is_back:
        return "time stepped back or is unreadable"
    if age_ns is None:
        if state.is_started:
            return "heartbeat unreadable"
    elif age_ns > params.heartbeat_limit_ns:
        return f"heartbeat lost for {age_ns} ns"
    return UNLATCHED if inputs.is_release is True else state.latch


def _f3(inputs: Inputs, params: SurvivalParams, blame: list[tuple[str, str]]) -> int:
    """Microstructure confidence: the product of its three readings; adds what lowers it to `blame`."""
    f3_ppm = ONE
    if "jitter" in params.wired:
        f3_ppm = _blamed(f3_ppm, factors.f3_jitter(inputs.jitter_ns, params), "jitter", blame)
    if "latency" in params.wired:
        f3_ppm = _blamed(f3_ppm, factors.f3_latency(inputs.latency_ns, params), "latency", blame)
    if "depth" in params.wired:
        f3_ppm = _blamed(f3_ppm, factors.f3_depth(inputs.depth_ratio_ppm, params), "depth", blame)
    return f3_ppm


def _blamed(product_ppm: int, factor_ppm: int, sensor: str, blame: list[tuple[str, str]]) -> int:
    if factor_ppm == ONE:
        return product_ppm
    blame.append((sensor, f"{sensor}: f3 part {factor_ppm}"))
    return mul(product_ppm, factor_ppm)


def _shock(state: State, inputs: Inputs, params: SurvivalParams, now_ns: int) -> tuple[int, str, list[str]]:
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
        return state.shock_at_ns, state.shock_cause, names
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


def _integral(state: State, r_raw_ppm: int, elapsed_ns: int, params: SurvivalParams) -> int:
    """The leaky integral of the deficit in ppm us, clamped so that it takes at most `integral_max_ppm` (anti-windup)."""
    full = params.integral_full_scale_us * params.integral_max_ppm // ONE
    elapsed_us = -(-elapsed_ns // 1000)
    grown = state.integral_ppm_us + (ONE - r_raw_ppm - params.leak_ppm) * elapsed_us
    return max(0, min(full, grown))


def _peaks(state: State, r_raw_ppm: int, now_ns: int) -> tuple[int, tuple[int, ...]]:
    """The newest slot and the largest R_raw of each of the last `SLOTS` slots, newest first."""
    slot = now_ns // SLOT_NS
    behind = slot - state.slot
    peaks = state.peaks_ppm
    if behind == 0:
        if r_raw_ppm > peaks[0]:
            return slot, (r_raw_ppm, *peaks[1:])
        return slot, peaks
    if behind >= SLOTS:
        return slot, (r_raw_ppm,) + (0,) * (SLOTS - 1)
    return slot, (r_raw_ppm, *((0,) * (behind - 1)), *peaks[: SLOTS - behind])


def _command(r_raw_ppm: int, integral: int, peak_ppm: int, params: SurvivalParams) -> int:
    """R_cmd: R_raw lowered by the integral and by the fall since the largest R_raw of the last 10 s."""
    i_ppm = min(integral * ONE // params.integral_full_scale_us, params.integral_max_ppm)
    d_ppm = min(mul(params.derivative_gain_ppm, peak_ppm - r_raw_ppm), params.derivative_max_ppm)
    return mul(mul(r_raw_ppm, ONE - i_ppm), ONE - d_ppm)


def _damped(state: State, r_cmd_ppm: int, now_ns: int, elapsed_ns: int, is_started: bool, params: SurvivalParams) -> tuple[int, int]:
    """(R, anchor): down at once; up one ppm for every `recovery_ns_per_ppm` seen since the anchor. Nothing is banked below R_cmd."""
    if is_started and not state.is_started:
        return r_cmd_ppm, now_ns
    if r_cmd_ppm <= state.r_ppm:
        return r_cmd_ppm, now_ns
    unseen_ns = now_ns - state.time_ns - elapsed_ns
    anchor_ns = state.rise_anchor_ns + unseen_ns
    gain_ppm = (now_ns - anchor_ns) // params.recovery_ns_per_ppm
    if state.r_ppm + gain_ppm >= r_cmd_ppm:
        return r_cmd_ppm, now_ns
    return state.r_ppm + gain_ppm, anchor_ns + gain_ppm * params.recovery_ns_per_ppm


def _posture(state: State, r_ppm: int, now_ns: int, is_started: bool, params: SurvivalParams) -> tuple[Posture, int]:
    """(posture, since when)."""
    if not is_started:
        return Posture.HIBERNATE, now_ns
    if not state.is_started:
        return gates.first(r_ppm), now_ns
    after = gates.fallen(state.posture, r_ppm)
    if after == state.posture and now_ns - state.posture_since_ns >= params.dwell_ns:
        after = gates.risen(state.posture, r_ppm)
    return after, state.posture_since_ns if after == state.posture else now_ns


def _causes(blame: list[tuple[str, str]], inputs: Inputs, shock_cause: str) -> tuple[str, ...]:
    """Cause ids of the blamed readings, in their order, each once."""
    causes = dict(inputs.causes)
    causes["shock"] = shock_cause
    found = [causes.get(sensor, "") for sensor, _ in blame]
    return tuple(dict.fromkeys(cause for cause in found if cause))
