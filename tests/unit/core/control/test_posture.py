"""The posture table against `control.md`, row by row."""

import pytest

from dolphin.core.control import posture
from dolphin.core.control.posture import LADDER, Posture

APEX, STALKER, TURTLE, HIBERNATE = Posture


def test_the_table_says_what_the_specification_says() -> None:
    assert [(rung.posture, rung.enter_below_ppm, rung.leave_above_ppm, rung.cap_ppm) for rung in LADDER[1:]] == [
        (STALKER, 850_000, 920_000, 2_000_000),
        (TURTLE, 400_000, 500_000, 0),
        (HIBERNATE, 100_000, 200_000, 0),
    ]
    assert LADDER[0].cap_ppm == posture.MAX_LEVERAGE_PPM == 6_000_000


@pytest.mark.parametrize(
    ("before", "r_ppm", "after"),
    [
        (APEX, 850_000, APEX),
        (APEX, 849_999, STALKER),
        (APEX, 400_000, STALKER),
        (APEX, 399_999, TURTLE),
        (APEX, 100_000, TURTLE),
        (APEX, 99_999, HIBERNATE),
        (STALKER, 400_000, STALKER),
        (TURTLE, 900_000, TURTLE),
        (HIBERNATE, 1_000_000, HIBERNATE),
    ],
)
def test_a_fall_goes_at_once_to_the_posture_whose_threshold_was_passed(before: Posture, r_ppm: int, after: Posture) -> None:
    assert posture.fallen(before, r_ppm) is after


@pytest.mark.parametrize(
    ("before", "r_ppm", "after"),
    [
        (HIBERNATE, 200_000, HIBERNATE),
        (HIBERNATE, 200_001, TURTLE),
        (HIBERNATE, 1_000_000, TURTLE),
        (TURTLE, 500_000, TURTLE),
        (TURTLE, 500_001, STALKER),
        (STALKER, 920_000, STALKER),
        (STALKER, 920_001, APEX),
        (APEX, 1_000_000, APEX),
    ],
)
def test_a_rise_moves_one_posture(before: Posture, r_ppm: int, after: Posture) -> None:
    assert posture.risen(before, r_ppm) is after


@pytest.mark.parametrize("r_ppm", [100_000, 150_000, 200_000, 400_000, 450_000, 500_000, 850_000, 900_000, 920_000])
def test_nothing_changes_inside_a_band(r_ppm: int) -> None:
    for before in Posture:
        fallen, risen = posture.fallen(before, r_ppm), posture.risen(before, r_ppm)
        assert fallen is before or risen is before
    inside = {HIBERNATE: (100_000, 200_000), TURTLE: (400_000, 500_000), STALKER: (850_000, 920_000)}
    for lower, (low, high) in inside.items():
        for before in (lower, Posture(lower - 1)):
            if low <= r_ppm <= high:
                assert posture.fallen(before, r_ppm) is before
                assert posture.risen(before, r_ppm) is before


def test_the_first_posture_is_what_a_rise_would_have_reached() -> None:
    starts = [posture.first(r_ppm) for r_ppm in (0, 200_000, 200_001, 500_001, 920_000, 920_001, 1_000_000)]
    assert starts == [HIBERNATE, HIBERNATE, TURTLE, STALKER, STALKER, APEX, APEX]


def test_the_cap_is_the_smaller_of_the_postures_and_six_times_r() -> None:
    assert posture.cap(APEX, 1_000_000) == 6_000_000
    assert posture.cap(APEX, 900_001) == 5_400_006
    assert posture.cap(STALKER, 900_000) == 2_000_000
    assert posture.cap(STALKER, 300_000) == 1_800_000
    assert posture.cap(TURTLE, 1_000_000) == posture.cap(HIBERNATE, 1_000_000) == 0
