"""10 October 2025: news at 14:57 UTC, cascade from 20:50 to 21:30 UTC.

A generated timeline of readings, one a second, after the published one: the news shocks the taker flow and thins the book; the afternoon
stays thinner and wider than usual without a shock of its own; in the cascade nine tenths of the book are gone. A bare 60-minute decay is
back at full leverage hours before the cascade; the controller is not.
"""

import math
from collections.abc import Iterator

import pytest
from both_halves import Seen, step

from dolphin.control import factors, posture
from dolphin.control.assessment import Inputs
from dolphin.control.params import SurvivalParams
from dolphin.control.posture import Posture
from dolphin.control.ppm import ONE
from dolphin.control.survival import State

SECOND = 1_000_000_000
MIDNIGHT = 1_760_054_400 * SECOND  # 2025-10-10 00:00 UTC
BARE = SurvivalParams(wired=frozenset({"heartbeat", "jitter", "latency", "taker"}))


def utc(hour: int, minute: int) -> int:
    """Seconds of the day."""
    return hour * 3_600 + minute * 60


NEWS, CASCADE, CALM_AGAIN = utc(14, 57), utc(20, 50), utc(21, 30)


def readings(second: int) -> Inputs:
    wobble = math.sin(second / 17) + math.sin(second / 211)  # from -2 to 2
    depth, spread, jitter_ms, is_shock = 1.0 + 0.1 * wobble, 1.0, 5, False
    if NEWS <= second < NEWS + 300:
        depth, spread, jitter_ms, is_shock = 0.35, 3.0, 60, second < NEWS + 120
    elif NEWS + 300 <= second < CASCADE:
        depth, spread = 0.65 + 0.04 * wobble, 1.8
    elif CASCADE <= second < CALM_AGAIN:
        depth, spread, jitter_ms, is_shock = 0.10, 8.0, 400, True
    elif second >= CALM_AGAIN:
        depth, spread = 0.40, 3.0
    return Inputs(
        now_ns=MIDNIGHT + second * SECOND,
        heartbeat_age_ns=0,
        jitter_ns=jitter_ms * 1_000_000,
        latency_ns=2 * jitter_ms * 1_000_000,
        depth_ratio_ppm=int(depth * ONE),
        spread_ratio_ppm=int(spread * ONE),
        is_taker_shock=is_shock,
    )


def play(params: SurvivalParams) -> Iterator[tuple[int, Seen]]:
    state = State()
    for second in range(utc(14, 0), utc(23, 0)):
        state, decision = step(state, readings(second), params)
        yield second, decision


@pytest.fixture(scope="module")
def day() -> dict[int, Seen]:
    return dict(play(SurvivalParams()))


def test_before_the_news_it_is_at_full_leverage(day: dict[int, Seen]) -> None:
    assert day[NEWS - 1].cap_ppm == 6_000_000


def test_the_cap_is_never_above_two_between_the_news_and_an_hour_after_the_cascade(day: dict[int, Seen]) -> None:
    assert max(day[second].cap_ppm for second in range(NEWS, CALM_AGAIN + 3_600)) <= 2_000_000


def test_the_afternoon_is_not_shut_down_either(day: dict[int, Seen]) -> None:
    assert day[CASCADE - 1].posture is Posture.STALKER
    assert day[CASCADE - 1].cap_ppm == 2_000_000


def test_the_cascade_ends_all_exposure_in_the_same_second(day: dict[int, Seen]) -> None:
    assert day[CASCADE].cap_ppm == 0
    assert day[CASCADE].posture is Posture.HIBERNATE


def test_a_bare_decay_is_back_at_six_hours_before_the_cascade() -> None:
    bare = factors.f4_recovery((utc(16, 0) - NEWS - 120) * SECOND, BARE)
    assert posture.cap(posture.first(bare), bare) > 5_900_000
    bare = factors.f4_recovery(3_600 * SECOND, BARE)
    assert posture.cap(posture.first(bare), bare) == 6_000_000


def test_without_depth_and_spread_the_controller_itself_is_back_two_hours_before_the_cascade() -> None:
    back = next(second for second, decision in play(BARE) if second > NEWS and decision.cap_ppm == 6_000_000)
    assert back < CASCADE - 2 * 3_600
