"""The theorems of `control.md` 1, tried on the Python step: any state, any readings, any parameters that are accepted."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dolphin.core.control import survival
from dolphin.core.control.assessment import NO_SHOCK, Inputs, Memory
from dolphin.core.control.governor import GovernorState as Governed
from dolphin.core.control.params import SENSORS, GovernorParams, SurvivalParams
from dolphin.core.control.posture import LADDER, Posture
from dolphin.core.control.survival import SurvivalDecision, SurvivalState
from dolphin.core.units import ONE

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
PARAMS = SurvivalParams(wired=SENSORS)
GOVERNOR = GovernorParams()
FULL = PARAMS.integral_full_scale_us * PARAMS.integral_max_ppm // ONE

NONSENSE = st.one_of(
    st.none(), st.floats(allow_nan=True), st.text(max_size=3), st.booleans(), st.integers(), st.just(math.nan), st.just(-1), st.just(2**64)
)
EDGES = (0, 1, 50_000_000, 200_000_000, 1_000_000_000, 2_000_000_000, 100_000, 400_000, ONE, 2 * ONE, 10 * ONE)
NUMBER = st.one_of(st.integers(0, 3_000_000_000), st.sampled_from(EDGES))
RANKS: dict[str, tuple[st.SearchStrategy[Any], bool]] = {  # reading, and whether more of it is worse
    "heartbeat_age_ns": (NUMBER, True),
    "envelope_age_ns": (st.integers(0, 10**14), True),
    "jitter_ns": (NUMBER, True),
    "latency_ns": (NUMBER, True),
    "depth_ratio_ppm": (st.integers(0, 2 * ONE), False),
    "spread_ratio_ppm": (st.integers(0, 20 * ONE), True),
    "drawdown_ppm": (st.integers(-1000, ONE), True),
    "is_taker_shock": (st.booleans(), True),
    "is_plunge": (st.booleans(), True),
    "is_dvol_shock": (st.booleans(), True),
}
READINGS = st.builds(
    Inputs,
    now_ns=st.integers(START, START + 4 * SECOND),
    envelope_verdict=st.sampled_from(("inside", "edge", "outside")),
    broken=st.sampled_from(((), (), (), ("ledger",))),
    **{name: strategy for name, (strategy, _) in RANKS.items()},
)
MEMORIES = st.builds(
    Memory,
    time_ns=st.integers(START - 5 * SECOND, START + 2 * SECOND),
    is_started=st.booleans(),
    integral_ppm_us=st.integers(0, FULL),
    peaks_ppm=st.lists(st.integers(0, ONE), min_size=10, max_size=10).map(tuple),
    shock_at_ns=st.one_of(st.just(NO_SHOCK), st.integers(START - 4_000 * SECOND, START - 5 * SECOND)),
    is_passive_only=st.booleans(),
).map(lambda memory: replace(memory, slot=memory.time_ns // SECOND))
GOVERNED = st.builds(
    Governed,
    time_ns=st.integers(START - 5 * SECOND, START + 2 * SECOND),
    is_started=st.booleans(),
    is_ready=st.booleans(),
    latch=st.sampled_from(("", "", "", "ledger")),
    r_ppm=st.integers(0, ONE),
    posture=st.sampled_from(Posture),
    posture_since_ns=st.integers(START - 100 * SECOND, START - 5 * SECOND),
    ceiling=st.sampled_from((Posture.APEX, Posture.APEX, *Posture)),
).map(lambda state: replace(state, rise_anchor_ns=state.time_ns, r_ppm=0 if state.latch else state.r_ppm))
STATES = st.builds(SurvivalState, MEMORIES, GOVERNED)


def step(state: SurvivalState, inputs: Inputs, params: SurvivalParams = PARAMS) -> tuple[SurvivalState, SurvivalDecision]:
    return survival.step(state, inputs, params, GOVERNOR)


@given(STATES, READINGS)
def test_r_raw_is_within_zero_and_one_and_not_above_any_factor(state: SurvivalState, inputs: Inputs) -> None:
    decision = step(state, inputs)[1]
    demand, grant = decision.demand, decision.grant
    assert 0 <= demand.r_cmd_ppm <= demand.r_raw_ppm <= min(demand.factors_ppm) <= ONE
    assert 0 <= grant.r_ppm <= ONE
    assert grant.cap_ppm <= LADDER[grant.posture].cap_ppm
    assert grant.cap_ppm <= 6 * grant.r_ppm


@given(STATES, READINGS)
def test_any_factor_at_zero_is_a_cap_of_zero_in_the_same_step(state: SurvivalState, inputs: Inputs) -> None:
    after, decision = step(state, inputs)
    demand = decision.demand
    grant = decision.grant
    if 0 in demand.factors_ppm or after.governed.latch:
        assert (grant.r_ppm, grant.cap_ppm, grant.posture) == (0, 0, Posture.HIBERNATE)


@settings(max_examples=400)
@given(STATES, READINGS, st.data())
def test_worsening_one_reading_never_raises_r_or_the_cap(state: SurvivalState, inputs: Inputs, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(RANKS)))
    strategy, is_more_worse = RANKS[name]
    ordered = sorted((getattr(inputs, name), data.draw(strategy)), reverse=not is_more_worse)
    worst = data.draw(st.sampled_from((ordered[1], None, math.nan, -(2**70))))
    good = inputs._replace(**{name: ordered[0]})
    bad = inputs._replace(**{name: worst if name != "drawdown_ppm" or worst != -(2**70) else None})
    better, worse = step(state, good)[1], step(state, bad)[1]
    assert worse.demand.r_raw_ppm <= better.demand.r_raw_ppm
    assert worse.demand.r_cmd_ppm <= better.demand.r_cmd_ppm
    assert worse.demand.is_passive_only >= better.demand.is_passive_only
    assert worse.grant.r_ppm <= better.grant.r_ppm
    assert worse.grant.cap_ppm <= better.grant.cap_ppm
    assert worse.grant.posture >= better.grant.posture


@given(STATES, READINGS, st.sampled_from(("edge", "outside", None, "?")))
def test_a_worse_verdict_or_a_broken_invariant_never_raises_the_cap(state: SurvivalState, inputs: Inputs, verdict: object) -> None:
    better = step(state, inputs._replace(envelope_verdict="inside", broken=()))[1].grant
    worse = step(state, inputs._replace(envelope_verdict=verdict, broken=()))[1].grant
    assert worse.r_ppm <= better.r_ppm
    assert worse.cap_ppm <= better.cap_ppm
    assert step(state, inputs._replace(broken=("x",)))[1].grant.cap_ppm == 0


@settings(max_examples=60)
@given(
    st.lists(READINGS, min_size=2, max_size=40),
    st.lists(st.integers(0, 30 * SECOND), min_size=40, max_size=40),
    st.lists(st.sampled_from((False, False, False, False, False, True)), min_size=40, max_size=40),
)
def test_r_never_rises_faster_than_its_rate_over_any_stretch_and_any_restart(
    readings: list[Inputs], gaps: list[int], restarts: list[bool]
) -> None:
    state, now_ns = step(SurvivalState(), READY)[0], START
    seen: list[tuple[int, int]] = [(now_ns, state.governed.r_ppm)]
    for inputs, gap_ns, is_restarted in zip(readings, gaps, restarts, strict=False):
        now_ns += gap_ns
        state, _ = step(SurvivalState(governed=state.governed) if is_restarted else state, inputs._replace(now_ns=now_ns))
        seen.append((now_ns, state.governed.r_ppm))
    for index, (from_ns, from_ppm) in enumerate(seen):
        for to_ns, to_ppm in seen[index + 1 :]:
            assert to_ppm - from_ppm <= (to_ns - from_ns) // GOVERNOR.recovery_ns_per_ppm + 1


@given(STATES, READINGS)
def test_a_posture_changes_only_through_its_gate(state: SurvivalState, inputs: Inputs) -> None:
    state = replace(state, governed=replace(state.governed, is_started=True, latch=""))
    after = step(state, inputs)[0].governed
    before, r_ppm = state.governed.posture, after.r_ppm
    if after.posture > before:
        assert r_ppm < LADDER[after.posture].enter_below_ppm
    elif after.posture < before:
        assert after.posture == before - 1
        assert r_ppm > LADDER[before].leave_above_ppm
        assert after.time_ns - state.governed.posture_since_ns >= GOVERNOR.dwell_ns
        assert after.posture_since_ns == after.time_ns
    else:
        assert after.posture_since_ns >= state.governed.posture_since_ns  # unseen time is no dwell


@settings(max_examples=300)
@given(STATES, st.builds(Inputs, *[NONSENSE] * 2, st.just(()), *[NONSENSE] * 10), st.sampled_from((PARAMS, SurvivalParams())))
def test_the_step_is_total_and_says_why(state: SurvivalState, inputs: Inputs, params: SurvivalParams) -> None:
    after, decision = step(state, inputs, params)
    demand = decision.demand
    grant = decision.grant
    assert all(type(value) is int for value in (grant.r_ppm, grant.cap_ppm, demand.expires_at_ns, *demand.factors_ppm))
    assert after.memory.time_ns >= state.memory.time_ns
    assert after.governed.time_ns >= state.governed.time_ns
    assert demand.reasons or demand.r_raw_ppm == ONE
    assert 0 <= after.memory.integral_ppm_us <= FULL


READY = Inputs(
    now_ns=START,
    heartbeat_age_ns=0,
    envelope_age_ns=0,
    envelope_verdict="inside",
    jitter_ns=0,
    latency_ns=0,
    depth_ratio_ppm=ONE,
    spread_ratio_ppm=ONE,
    is_taker_shock=False,
    is_plunge=False,
    is_dvol_shock=False,
    drawdown_ppm=0,
)
