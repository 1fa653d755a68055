"""The theorems of `control.md` 1, tried on the Python step: any state, any readings, any parameters that are accepted."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dolphin.control import survival
from dolphin.control.params import SENSORS, SurvivalParams
from dolphin.control.posture import LADDER, Posture
from dolphin.control.ppm import ONE
from dolphin.control.survival import NO_SHOCK, Inputs, State

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
PARAMS = SurvivalParams(wired=SENSORS)
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
    is_release=st.booleans(),
    **{name: strategy for name, (strategy, _) in RANKS.items()},
)
STATES = st.builds(
    State,
    time_ns=st.integers(START - 5 * SECOND, START + 2 * SECOND),
    is_started=st.booleans(),
    latch=st.sampled_from(("", "", "", "ledger")),
    r_ppm=st.integers(0, ONE),
    integral_ppm_us=st.integers(0, FULL),
    peaks_ppm=st.lists(st.integers(0, ONE), min_size=10, max_size=10).map(tuple),
    shock_at_ns=st.one_of(st.just(NO_SHOCK), st.integers(START - 4_000 * SECOND, START - 5 * SECOND)),
    is_passive_only=st.booleans(),
    posture=st.sampled_from(Posture),
    posture_since_ns=st.integers(START - 100 * SECOND, START - 5 * SECOND),
).map(lambda state: state._replace(rise_anchor_ns=state.time_ns, slot=state.time_ns // SECOND))


@given(STATES, READINGS)
def test_r_raw_is_within_zero_and_one_and_not_above_any_factor(state: State, inputs: Inputs) -> None:
    _, decision = survival.step(state, inputs, PARAMS)
    assert 0 <= decision.r_raw_ppm <= min(decision.factors_ppm) <= ONE
    assert 0 <= decision.r_ppm <= ONE
    assert decision.cap_ppm <= LADDER[decision.posture].cap_ppm
    assert decision.cap_ppm <= 6 * decision.r_ppm


@given(STATES, READINGS)
def test_any_factor_at_zero_is_a_cap_of_zero_in_the_same_step(state: State, inputs: Inputs) -> None:
    _, decision = survival.step(state, inputs, PARAMS)
    if 0 in decision.factors_ppm:
        assert (decision.r_ppm, decision.cap_ppm, decision.posture) == (0, 0, Posture.HIBERNATE)


@settings(max_examples=400)
@given(STATES, READINGS, st.data())
def test_worsening_one_reading_never_raises_r_or_the_cap(state: State, inputs: Inputs, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(RANKS)))
    strategy, is_more_worse = RANKS[name]
    ordered = sorted((getattr(inputs, name), data.draw(strategy)), reverse=not is_more_worse)
    worst = data.draw(st.sampled_from((ordered[1], None, math.nan, -(2**70))))
    good = inputs._replace(**{name: ordered[0]})
    bad = inputs._replace(**{name: worst if name != "drawdown_ppm" or worst != -(2**70) else None})
    _, better = survival.step(state, good, PARAMS)
    _, worse = survival.step(state, bad, PARAMS)
    assert worse.r_raw_ppm <= better.r_raw_ppm
    assert worse.r_ppm <= better.r_ppm
    assert worse.cap_ppm <= better.cap_ppm
    assert worse.posture >= better.posture
    assert worse.is_passive_only >= better.is_passive_only


@given(STATES, READINGS, st.sampled_from(("edge", "outside", None, "?")))
def test_a_worse_verdict_or_a_broken_invariant_never_raises_the_cap(state: State, inputs: Inputs, verdict: object) -> None:
    _, better = survival.step(state, inputs._replace(envelope_verdict="inside", broken=()), PARAMS)
    _, worse = survival.step(state, inputs._replace(envelope_verdict=verdict, broken=()), PARAMS)
    assert worse.r_ppm <= better.r_ppm
    assert worse.cap_ppm <= better.cap_ppm
    _, broken = survival.step(state, inputs._replace(broken=("x",)), PARAMS)
    assert broken.cap_ppm == 0


@settings(max_examples=60)
@given(st.lists(READINGS, min_size=2, max_size=40), st.lists(st.integers(0, 30 * SECOND), min_size=40, max_size=40))
def test_r_never_rises_faster_than_its_rate_over_any_stretch(readings: list[Inputs], gaps: list[int]) -> None:
    state, now_ns = survival.step(State(), READY, PARAMS)[0], START
    seen: list[tuple[int, int]] = [(now_ns, state.r_ppm)]
    for inputs, gap_ns in zip(readings, gaps, strict=False):
        now_ns += gap_ns
        state, decision = survival.step(state, inputs._replace(now_ns=now_ns), PARAMS)
        seen.append((now_ns, decision.r_ppm))
    for index, (from_ns, from_ppm) in enumerate(seen):
        for to_ns, to_ppm in seen[index + 1 :]:
            assert to_ppm - from_ppm <= (to_ns - from_ns) // PARAMS.recovery_ns_per_ppm + 1


@given(STATES, READINGS)
def test_a_posture_changes_only_through_its_gate(state: State, inputs: Inputs) -> None:
    after, decision = survival.step(state._replace(is_started=True), inputs, PARAMS)
    before, r_ppm = state.posture, decision.r_ppm
    if decision.posture > before:
        assert r_ppm < LADDER[decision.posture].enter_below_ppm
    elif decision.posture < before:
        assert decision.posture == before - 1
        assert r_ppm > LADDER[before].leave_above_ppm
        assert decision.time_ns - state.posture_since_ns >= PARAMS.dwell_ns
        assert after.posture_since_ns == decision.time_ns
    else:
        assert after.posture_since_ns == state.posture_since_ns


@settings(max_examples=300)
@given(STATES, st.builds(Inputs, *[NONSENSE] * 2, st.just(()), *[NONSENSE] * 11), st.sampled_from((PARAMS, SurvivalParams())))
def test_the_step_is_total_and_says_why(state: State, inputs: Inputs, params: SurvivalParams) -> None:
    after, decision = survival.step(state, inputs, params)
    assert all(type(value) is int for value in (decision.r_ppm, decision.cap_ppm, decision.expires_at_ns, *decision.factors_ppm))
    assert after.time_ns >= state.time_ns
    assert decision.reasons or decision.r_ppm == ONE
    assert 0 <= after.integral_ppm_us <= FULL


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
