"""10 October 2025 (`dolphin.simulation.october_2025`): the controller is not back before the cascade, a bare 60-minute decay is."""

import pytest

from dolphin.core.control.params import SurvivalParams
from dolphin.core.control.posture import Posture
from dolphin.core.control.survival import SurvivalDecision
from dolphin.simulation.october_2025 import CALM_AGAIN, CASCADE, NEWS, bare_decay, play, utc

WITHOUT_BOOK = SurvivalParams(wired=frozenset({"heartbeat", "jitter", "latency", "taker"}))


@pytest.fixture(scope="module")
def day() -> dict[int, SurvivalDecision]:
    return dict(play(SurvivalParams()))


def test_before_the_news_it_is_at_full_leverage(day: dict[int, SurvivalDecision]) -> None:
    assert day[NEWS - 1].grant.cap_ppm == 6_000_000


def test_the_cap_is_never_above_two_between_the_news_and_an_hour_after_the_cascade(day: dict[int, SurvivalDecision]) -> None:
    assert max(day[second].grant.cap_ppm for second in range(NEWS, CALM_AGAIN + 3_600)) <= 2_000_000


def test_the_afternoon_is_not_shut_down_either(day: dict[int, SurvivalDecision]) -> None:
    assert day[CASCADE - 1].grant.posture is Posture.STALKER
    assert day[CASCADE - 1].grant.cap_ppm == 2_000_000


def test_the_cascade_ends_all_exposure_in_the_same_second(day: dict[int, SurvivalDecision]) -> None:
    assert day[CASCADE].grant.cap_ppm == 0
    assert day[CASCADE].grant.posture is Posture.HIBERNATE


def test_a_bare_decay_is_back_at_six_hours_before_the_cascade() -> None:
    bare = dict(bare_decay(SurvivalParams()))
    assert bare[NEWS] < 2_000_000
    assert bare[utc(16, 0)] > 5_900_000
    assert {bare[second] for second in range(utc(16, 5), CASCADE)} == {6_000_000}


def test_without_depth_and_spread_the_controller_itself_is_back_two_hours_before_the_cascade() -> None:
    back = next(second for second, decision in play(WITHOUT_BOOK) if second > NEWS and decision.grant.cap_ppm == 6_000_000)
    assert back < CASCADE - 2 * 3_600
