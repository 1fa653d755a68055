"""10 October 2025: news at 14:57 UTC, cascade from 20:50 to 21:30 UTC.

A generated timeline of readings, one a second from 14:00 to 23:00, after the published one: the news shocks the taker flow and thins the
book; the afternoon stays thinner and wider than usual without a shock of its own; in the cascade nine tenths of the book are gone. A bare
60-minute decay is back at full leverage hours before the cascade.
"""

import math
from collections.abc import Iterator
from typing import Final

from dolphin.core.control import factors, posture
from dolphin.core.control.assessment import Inputs
from dolphin.core.control.params import GovernorParams, SurvivalParams
from dolphin.core.control.survival import SurvivalDecision, SurvivalState, step
from dolphin.core.units import ONE, SECOND_NS

MIDNIGHT_NS: Final = 1_760_054_400 * SECOND_NS  # 2025-10-10 00:00 UTC


def utc(hour: int, minute: int) -> int:
    """Seconds of the day."""
    return hour * 3_600 + minute * 60


START, NEWS, CASCADE, CALM_AGAIN, END = utc(14, 0), utc(14, 57), utc(20, 50), utc(21, 30), utc(23, 0)
NEWS_SHOCK_S: Final = 120
NEWS_THIN_S: Final = 300


def is_shock(second: int) -> bool:
    """The taker flow is one-sided at this second of the day."""
    return NEWS <= second < NEWS + NEWS_SHOCK_S or CASCADE <= second < CALM_AGAIN


def readings(second: int) -> Inputs:
    """What the sensors say at a second of the day."""
    wobble = math.sin(second / 17) + math.sin(second / 211)  # from -2 to 2
    depth, spread, jitter_ms = 1.0 + 0.1 * wobble, 1.0, 5
    if NEWS <= second < NEWS + NEWS_THIN_S:
        depth, spread, jitter_ms = 0.35, 3.0, 60
    elif NEWS + NEWS_THIN_S <= second < CASCADE:
        depth, spread = 0.65 + 0.04 * wobble, 1.8
    elif CASCADE <= second < CALM_AGAIN:
        depth, spread, jitter_ms = 0.10, 8.0, 400
    elif second >= CALM_AGAIN:
        depth, spread = 0.40, 3.0
    return Inputs(
        now_ns=MIDNIGHT_NS + second * SECOND_NS,
        heartbeat_age_ns=0,
        jitter_ns=jitter_ms * 1_000_000,
        latency_ns=2 * jitter_ms * 1_000_000,
        depth_ratio_ppm=int(depth * ONE),
        spread_ratio_ppm=int(spread * ONE),
        is_taker_shock=is_shock(second),
    )


def play(params: SurvivalParams) -> Iterator[tuple[int, SurvivalDecision]]:
    """Every second of the day with what the controller decides."""
    state, governor = SurvivalState(), GovernorParams()
    for second in range(START, END):
        state, decision = step(state, readings(second), params, governor)
        yield second, decision


def bare_decay(params: SurvivalParams) -> Iterator[tuple[int, int]]:
    """Every second of the day with the cap of a rule that knows nothing but the 60 minutes since the last shock."""
    last_shock: int | None = None
    for second in range(START, END):
        if is_shock(second):
            last_shock = second
        r_ppm = ONE if last_shock is None else factors.f4_recovery((second - last_shock) * SECOND_NS, params)
        yield second, posture.cap(posture.first(r_ppm), r_ppm)
