"""The deciding half of the survival controller to the nanosecond: recovery, dwell, latch."""

import pytest
from msgspec.structs import replace

from dolphin.core.control import governor
from dolphin.core.control.assessment import Demand
from dolphin.core.control.governor import GovernorGrant, GovernorState, govern
from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
PARAMS = GovernorParams()


def demand(at_ns: int, r_cmd_ppm: int = ONE, *, is_ready: bool = True, broken: tuple[str, ...] = ()) -> Demand:
    return Demand(at_ns, is_ready, broken, r_cmd_ppm, r_cmd_ppm, (ONE,) * 5, False, (), (), at_ns + 2 * SECOND)


def first(r_cmd_ppm: int = ONE) -> GovernorState:
    return govern(GovernorState(), demand(START, r_cmd_ppm), PARAMS)


def test_the_first_demand_that_is_ready_is_taken_at_once() -> None:
    assert first(600_000) == GovernorState(START, True, True, False, "", 600_000, START, Posture.STALKER, START, Posture.APEX)


@pytest.mark.parametrize(
    ("missing_ppm", "elapsed_ns", "r_ppm", "anchor_ns"),
    [
        (0, 5, 900_000, 5),
        (1, 5_999_999, 900_000, 0),
        (1, 6_000_000, 900_001, 6_000_000),
        (1, 6_000_001, 900_001, 6_000_001),
        (1, 18_000_000, 900_001, 18_000_000),
        (2, 6_000_001, 900_001, 6_000_000),
        (2, 11_999_999, 900_001, 6_000_000),
        (2, 12_000_000, 900_002, 12_000_000),
        (100_000, 3 * SECOND, 900_500, 3 * SECOND),
        (100_000, 4 * SECOND, 900_500, 4 * SECOND),
        (-1, 5, 899_999, 5),
    ],
)
def test_r_rises_one_ppm_for_each_six_milliseconds_seen_and_falls_at_once(
    missing_ppm: int, elapsed_ns: int, r_ppm: int, anchor_ns: int
) -> None:
    after = govern(first(900_000), demand(START + elapsed_ns, 900_000 + missing_ppm), PARAMS)
    assert (after.r_ppm, after.rise_anchor_ns - START) == (r_ppm, anchor_ns)


@pytest.mark.parametrize(
    ("waited_ns", "posture"), [(60 * SECOND - 1, Posture.STALKER), (60 * SECOND, Posture.APEX), (62 * SECOND, Posture.APEX)]
)
def test_a_rise_waits_for_its_dwell_to_the_nanosecond(waited_ns: int, posture: Posture) -> None:
    state = replace(first(), posture=Posture.STALKER, posture_since_ns=START - waited_ns)
    after = govern(state, demand(START), PARAMS)
    assert after.posture is posture
    assert after.posture_since_ns == (START if posture is Posture.APEX else START - waited_ns)


def test_time_that_was_not_seen_is_neither_recovery_nor_dwell() -> None:
    state = replace(first(919_900), posture=Posture.STALKER, posture_since_ns=START - 57 * SECOND)
    for gap_ns, posture in ((3 * SECOND - 1, Posture.STALKER), (3 * SECOND, Posture.APEX), (90 * SECOND, Posture.APEX)):
        after = govern(state, demand(START + gap_ns, 950_000), PARAMS)
        assert after.r_ppm == 919_900 + min(gap_ns, 3 * SECOND) // 6_000_000
        assert after.posture is posture
    waiting = govern(replace(state, posture_since_ns=START), demand(START + 90 * SECOND, 950_000), PARAMS)
    assert waiting.posture_since_ns == START + 87 * SECOND


@pytest.mark.parametrize(
    ("broken", "back_ns", "latch"),
    [
        (("ledger",), 0, "ledger"),
        (("ledger", "epoch"), 0, "ledger, epoch"),
        ((), 1, "time stepped back"),
        (("ledger",), 1, "ledger, time stepped back"),
    ],
)
def test_what_is_broken_latches_and_time_never_steps_back(broken: tuple[str, ...], back_ns: int, latch: str) -> None:
    after = govern(first(), demand(START - back_ns, broken=broken), PARAMS)
    assert after == GovernorState(START, True, True, True, latch, 0, START, Posture.HIBERNATE, START, Posture.APEX)
    assert governor.grant(after) == GovernorGrant(Posture.HIBERNATE, 0, 0)


def test_a_latch_stands_through_good_demands_and_bad_ones_until_it_is_released() -> None:
    latched = govern(first(), demand(START, broken=("ledger",)), PARAMS)
    for later in (demand(START + SECOND), demand(START + SECOND, is_ready=False)):
        after = govern(latched, later, PARAMS)
        assert after == replace(
            latched,
            time_ns=START + SECOND,
            is_broken=False,
            is_ready=later.is_ready,
            rise_anchor_ns=START + SECOND,
            posture_since_ns=START + SECOND,
        )
    released = governor.released(replace(latched, time_ns=START + 9))
    assert (released.latch, released.rise_anchor_ns, released.posture_since_ns, released.r_ppm) == ("", START + 9, START + 9, 0)


def test_a_demand_that_is_not_ready_suspends_the_grant_and_the_recovery() -> None:
    after = govern(first(900_000), demand(START + SECOND, is_ready=False), PARAMS)
    assert after == replace(
        first(900_000), time_ns=START + SECOND, is_ready=False, rise_anchor_ns=START + SECOND, posture_since_ns=START + SECOND
    )
    assert governor.grant(after) == GovernorGrant(Posture.HIBERNATE, 0, 0)


@pytest.mark.parametrize("ceiling", Posture)
def test_a_grant_is_bounded_by_the_operators_ceiling(ceiling: Posture) -> None:
    granted = governor.grant(replace(first(950_000), ceiling=ceiling))
    caps = {Posture.APEX: 5_700_000, Posture.STALKER: 2_000_000, Posture.TURTLE: 0, Posture.HIBERNATE: 0}
    assert granted == GovernorGrant(ceiling, caps[ceiling], 950_000)
