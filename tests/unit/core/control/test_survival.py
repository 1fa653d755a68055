"""The survival controller as a whole, rule by rule: readings in, grant out."""

import pytest
from both_halves import Seen, step
from msgspec.structs import replace

from dolphin.core.control import assessment, governor
from dolphin.core.control.assessment import Inputs
from dolphin.core.control.params import SENSORS, GovernorParams, SurvivalParams
from dolphin.core.control.posture import Posture
from dolphin.core.control.survival import SurvivalState
from dolphin.core.units import ONE

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
START = 1_723_161_255 * SECOND
PARAMS = SurvivalParams()
GOOD = Inputs(
    now_ns=START,
    heartbeat_age_ns=0,
    jitter_ns=1_000_000,
    latency_ns=1_000_000,
    depth_ratio_ppm=ONE,
    spread_ratio_ppm=ONE,
    is_taker_shock=False,
    is_plunge=False,
    is_dvol_shock=False,
    envelope_age_ns=0,
    envelope_verdict="inside",
    drawdown_ppm=0,
)


def at(second: float, **changes: object) -> Inputs:
    return GOOD._replace(now_ns=START + round(second * SECOND), **changes)  # type: ignore[arg-type]


def run(state: SurvivalState, *inputs: Inputs, params: SurvivalParams = PARAMS) -> tuple[SurvivalState, Seen]:
    seen = None
    for each in inputs:
        state, seen = step(state, each, params)
    assert seen is not None
    return state, seen


def released(state: SurvivalState) -> SurvivalState:
    """The operator's release, which the entry processor allows while nothing is broken."""
    return replace(state, governed=governor.released(state.governed))


def started() -> SurvivalState:
    return run(SurvivalState(), at(0))[0]


def calm(seconds: int, first: int = 1) -> list[Inputs]:
    return [at(second) for second in range(first, first + seconds)]


@pytest.mark.parametrize(
    ("sensor", "field"),
    [
        ("heartbeat", "heartbeat_age_ns"),
        ("jitter", "jitter_ns"),
        ("latency", "latency_ns"),
        ("depth", "depth_ratio_ppm"),
        ("spread", "spread_ratio_ppm"),
        ("taker", "is_taker_shock"),
    ],
)
def test_it_stands_in_hibernate_until_every_wired_sensor_has_a_reading(sensor: str, field: str) -> None:
    state, decision = run(SurvivalState(), at(0, **{field: None}))
    assert (decision.posture, decision.cap_ppm, decision.r_ppm) == (Posture.HIBERNATE, 0, 0)
    assert f"{sensor} has no usable reading" in decision.reasons
    _, decision = run(state, at(1))
    assert (decision.posture, decision.cap_ppm, decision.r_ppm) == (Posture.APEX, 6_000_000, ONE)
    assert decision.reasons == ()


def test_an_unwired_sensor_contributes_one_and_is_listed_as_not_sensed() -> None:
    _, decision = run(SurvivalState(), at(0, envelope_age_ns=None, drawdown_ppm=None, is_plunge=None, is_dvol_shock=None))
    assert decision.factors_ppm == (ONE,) * 5
    assert assessment.not_sensed(PARAMS) == ("dvol", "envelope", "equity", "plunge")


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"envelope_age_ns": 7_200 * SECOND}, (1, 100_000)),
        ({"envelope_verdict": "edge"}, (1, 500_000)),
        ({"drawdown_ppm": 100_000}, (4, 500_000)),
        ({"is_plunge": True}, (3, 300_000)),
        ({"is_dvol_shock": None}, (3, 300_000)),
    ],
)
def test_every_sensor_works_once_it_is_wired(changes: dict[str, object], factor: tuple[int, int]) -> None:
    everything = SurvivalParams(wired=SENSORS)
    state, decision = run(SurvivalState(), at(0), params=everything)
    assert decision.r_ppm == ONE
    _, decision = run(state, at(1, **changes), params=everything)
    index, value = factor
    assert decision.factors_ppm[index] == value
    assert decision.r_raw_ppm == value
    assert decision.reasons


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"broken": ("ledger checksum",)}, "ledger checksum"),
        ({"heartbeat_age_ns": 3 * SECOND + 1}, "heartbeat lost"),
        ({"heartbeat_age_ns": None}, "heartbeat unreadable"),
        ({"heartbeat_age_ns": -1}, "heartbeat unreadable"),
        ({"now_ns": START - 1}, "time stepped back"),
        ({"now_ns": None}, "time stepped back"),
    ],
)
def test_a_broken_invariant_is_zero_at_once_and_stays_until_released(changes: dict[str, object], why: str) -> None:
    state, decision = step(started(), at(1)._replace(**changes), PARAMS)  # type: ignore[arg-type]
    assert (decision.cap_ppm, decision.r_ppm, decision.posture, decision.factors_ppm[0]) == (0, 0, Posture.HIBERNATE, 0)
    assert any(why in reason for reason in decision.reasons)
    state, decision = run(state, at(2), at(3))
    assert decision.factors_ppm[0] == 0
    state, decision = run(released(state), at(4))
    assert decision.factors_ppm[0] == ONE
    assert 0 < decision.r_ppm <= 1_000_000 // 6  # released, not restored: R climbs at its rate
    assert decision.posture is Posture.HIBERNATE


def test_a_lost_heartbeat_at_the_limit_is_not_lost() -> None:
    assert run(started(), at(1, heartbeat_age_ns=3 * SECOND))[1].factors_ppm[0] == ONE


def test_a_shock_lowers_at_once_and_recovers_over_an_hour_unless_it_comes_again() -> None:
    state, decision = run(started(), at(1, is_taker_shock=True, causes=(("taker", "BTCUSDT@trade#9"),)))
    assert decision.factors_ppm[3] == 300_000
    state, decision = run(state, at(1_801))
    assert decision.factors_ppm[3] == 650_000
    state, decision = run(state, at(1_802, is_taker_shock=True))
    assert decision.factors_ppm[3] == 300_000
    state, decision = run(state, at(1_802 + 3_599))
    assert decision.factors_ppm[3] < ONE
    state, decision = run(state, at(1_802 + 3_600))
    assert decision.factors_ppm[3] == ONE


def test_recovery_does_not_outrun_the_level_of_depth_and_spread() -> None:
    state, _ = run(started(), at(1, is_taker_shock=True))
    state, decision = run(state, at(7_200, depth_ratio_ppm=200_000))
    assert decision.factors_ppm[3] == 300_000
    state, decision = run(started(), at(1, is_taker_shock=True), at(7_201, spread_ratio_ppm=2_750_000))
    assert decision.factors_ppm[3] == 650_000
    state, decision = run(state, at(7_202))
    assert 650_000 < decision.factors_ppm[3] < 651_000  # one good moment gives nothing back at once
    state, decision = run(state, at(7_202 + 1_800))
    assert decision.factors_ppm[3] == ONE
    _, decision = run(state, at(9_003, spread_ratio_ppm=2_750_000))
    assert decision.factors_ppm[3] == ONE  # the level bounds a recovery, it is no shock of its own


def test_a_fall_is_immediate_and_a_rise_takes_a_minute_per_percent() -> None:
    state, decision = run(started(), at(1, latency_ns=1_100_000_000))
    fallen = decision.r_ppm
    assert fallen < 650_000
    assert decision.posture is Posture.STALKER
    state, decision = run(state, *calm(600, first=2))
    assert decision.r_ppm - fallen in (100_000 - 1, 100_000)


def test_recovery_is_not_banked_while_nothing_is_to_recover() -> None:
    state, _ = run(started(), *calm(3_600))
    state, decision = run(state, at(3_601, latency_ns=1_100_000_000))
    fallen = decision.r_ppm
    _, decision = run(state, at(3_602))
    assert decision.r_ppm - fallen <= 167


def test_unseen_time_is_not_counted_for_recovery() -> None:
    state, decision = run(started(), at(1, latency_ns=1_100_000_000))
    fallen = decision.r_ppm
    _, decision = run(state, at(3_600))
    assert decision.r_ppm - fallen <= 500 + 1  # three seconds' worth: what a gap counts for


def test_a_rise_waits_for_the_dwell_and_moves_one_posture_at_a_time() -> None:
    state = started()
    state = replace(state, governed=replace(state.governed, posture=Posture.HIBERNATE, posture_since_ns=START))
    seen = []
    for each in calm(200):
        state, decision = step(state, each, PARAMS)
        if not seen or seen[-1][1] != decision.posture:
            seen.append(((decision.time_ns - START) // SECOND, decision.posture))
    assert seen == [(1, Posture.HIBERNATE), (60, Posture.TURTLE), (120, Posture.STALKER), (180, Posture.APEX)]


def test_passive_only_is_a_schmitt_threshold_on_f3() -> None:
    state, decision = run(started(), at(1, latency_ns=600_000_000))
    assert 700_000 < decision.factors_ppm[2] < 850_000
    assert not decision.is_passive_only
    state, decision = run(state, at(2, latency_ns=1_000_000_000))
    assert decision.factors_ppm[2] < 700_000
    assert decision.is_passive_only
    state, decision = run(state, at(3, latency_ns=750_000_000))
    assert 700_000 < decision.factors_ppm[2] < 800_000
    assert decision.is_passive_only
    _, decision = run(state, at(4))
    assert not decision.is_passive_only


def test_an_hour_at_half_a_deficit_takes_a_tenth_through_the_integral() -> None:
    _, decision = run(started(), *[at(second, latency_ns=1_400_000_000, jitter_ns=1_000_000) for second in range(1, 3_602)])
    deficit = ONE - decision.r_raw_ppm
    expected = (deficit - 100_000) * 3_600 * 100_000 // (400_000 * 3_600)
    assert decision.r_ppm == pytest.approx(decision.r_raw_ppm * (ONE - expected) // ONE, abs=60)


def test_the_integral_is_clamped_and_drains_when_all_is_well() -> None:
    full = PARAMS.integral_full_scale_us * PARAMS.integral_max_ppm // ONE
    state = started()
    filled = replace(state, memory=replace(state.memory, integral_ppm_us=full - 1))
    after, decision = run(filled, at(1, latency_ns=1_400_000_000))
    assert after.memory.integral_ppm_us == full
    assert decision.r_ppm <= decision.r_raw_ppm * 7 // 10
    drained, _ = run(after, at(2))
    assert drained.memory.integral_ppm_us == full - PARAMS.leak_ppm * 1_000_000
    empty, _ = run(started(), at(1))
    assert empty.memory.integral_ppm_us == 0


def test_a_fast_fall_takes_more_than_the_level_alone() -> None:
    _, decision = run(started(), at(1, latency_ns=1_100_000_000))
    lost = ONE - decision.r_raw_ppm
    assert decision.r_ppm == pytest.approx(decision.r_raw_ppm * (ONE - lost // 2) // ONE, abs=20)  # a second of integral besides
    state, _ = run(started(), at(1, latency_ns=1_100_000_000))
    state, decision = run(state, *[at(second, latency_ns=1_100_000_000) for second in range(2, 13)])
    assert max(state.memory.peaks_ppm) == decision.r_raw_ppm  # ten seconds later the fall is forgotten, the level is not


def test_a_decision_carries_its_lease_and_the_causes_of_what_lowers_it() -> None:
    causes = (("jitter", "A@trade#1"), ("latency", "A@trade#2"), ("depth", "A@depth#3"), ("taker", "A@trade#4"))
    _, decision = run(started(), at(1, latency_ns=900_000_000, depth_ratio_ppm=200_000, causes=causes))
    assert decision.cause_ids == ("A@trade#2", "A@depth#3")
    assert decision.expires_at_ns == START + 3 * SECOND
    state, decision = run(started(), at(1, is_taker_shock=True, causes=causes))
    assert decision.cause_ids == ("A@trade#4",)
    _, decision = run(state, at(2))
    assert decision.cause_ids == ("A@trade#4",)  # a recovery still names the shock it recovers from


def test_a_sensing_half_that_starts_anew_suspends_the_grant_and_not_the_history() -> None:
    state, before = run(started(), at(1, latency_ns=1_100_000_000))
    warming = SurvivalState(governed=state.governed)
    state, decision = run(warming, at(2, depth_ratio_ppm=None), at(3, depth_ratio_ppm=None))
    assert (decision.posture, decision.cap_ppm, decision.r_ppm) == (Posture.HIBERNATE, 0, 0)
    _, decision = run(state, at(4))
    assert decision.posture is before.posture
    assert before.r_ppm <= decision.r_ppm <= before.r_ppm + 167  # not back at ONE, although every reading is good


def test_what_was_latched_before_it_was_ever_ready_starts_from_nothing() -> None:
    state, _ = run(SurvivalState(), at(0, broken=("ledger",), depth_ratio_ppm=None))
    _, decision = run(released(state), at(1))
    assert decision.r_ppm < 1_000


def test_an_operators_ceiling_bounds_the_posture_and_leaves_r_alone() -> None:
    state = started()
    state = replace(state, governed=replace(state.governed, ceiling=Posture.TURTLE))
    state, decision = run(state, at(1))
    assert (decision.posture, decision.cap_ppm, decision.r_ppm) == (Posture.TURTLE, 0, ONE)
    _, decision = run(replace(state, governed=replace(state.governed, ceiling=Posture.APEX)), at(2))
    assert decision.cap_ppm == 6_000_000


def test_unseen_time_is_no_dwell() -> None:
    state = started()
    state = replace(state, governed=replace(state.governed, posture=Posture.STALKER, posture_since_ns=START))
    _, decision = run(state, at(3_600))
    assert decision.posture is Posture.STALKER
    _, decision = run(state, *calm(60))
    assert decision.posture is Posture.APEX


def test_a_demand_from_before_the_last_one_latches_and_time_stands() -> None:
    governed = run(started(), at(5))[0].governed
    demand = assessment.assess(assessment.Memory(), at(1), PARAMS)[1]
    after = governor.govern(governed, demand, GovernorParams())
    assert (after.latch, after.time_ns, after.is_broken) == ("time stepped back", governed.time_ns, True)
    assert governor.grant(after) == governor.GovernorGrant(Posture.HIBERNATE, 0, 0)


def test_the_first_reason_of_a_latch_stays() -> None:
    state, _ = run(started(), at(1, broken=("ledger", "epoch")), at(2, broken=("feed",)), at(3))
    assert state.governed.latch == "ledger, epoch"
