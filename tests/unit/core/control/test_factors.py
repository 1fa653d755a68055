"""The factors: tables against their closed forms, and every nonsense reading as the worst."""

import itertools
import math

import pytest

from dolphin.core.control import factors, tables
from dolphin.core.control.curves import interpolate
from dolphin.core.control.params import SurvivalParams
from dolphin.core.units import ONE

PARAMS = SurvivalParams()
NONSENSE = [None, math.nan, math.inf, 1.0, "7", True, -1, 2**63, object()]
HOUR = 3_600_000_000_000


def test_the_envelope_table_is_one_decade_of_exponential_decay() -> None:
    rate = math.log(10) / 7_170
    assert tuple(int(ONE * math.exp(-rate * 30 * k) + 1e-6) for k in range(240)) == tables.ENVELOPE_DECADE


def test_the_capital_stress_table_is_a_logistic_with_its_middle_at_ten_percent() -> None:
    def stress(drawdown: float) -> float:
        return 1 / (1 + (math.exp(40 * drawdown) - 1) / (math.exp(40 * 0.10) - 1))

    assert tuple(int(ONE * stress(0.0025 * k) + 1e-6) for k in range(201)) == tables.CAPITAL_STRESS
    assert factors.f5(0) == ONE
    assert factors.f5(100_000) == ONE // 2


@pytest.mark.parametrize("table", [tables.ENVELOPE_DECADE, tables.CAPITAL_STRESS])
def test_a_table_never_rises(table: tuple[int, ...]) -> None:
    assert all(left >= right for left, right in itertools.pairwise(table))


def test_interpolation_stays_between_its_knots_and_is_off_by_less_than_a_step_of_the_table() -> None:
    rate = math.log(10) / 7_170
    for age_ms in range(30_000, 7_200_000, 1_777):
        got = factors.f2(age_ms * 1_000_000, "inside")
        assert abs(got - ONE * math.exp(-rate * (age_ms / 1000 - 30))) < 13
    assert interpolate((10, 0), 3, 1) == 6
    assert interpolate((10, 0), 3, 100) == 0


def test_the_envelope_is_whole_for_thirty_seconds_a_tenth_at_two_hours_and_gone_in_a_day() -> None:
    assert factors.f2(0, "inside") == ONE
    assert factors.f2(30_000_000_000, "inside") == ONE
    assert factors.f2(30_100_000_000, "inside") < ONE
    assert factors.f2(2 * HOUR, "inside") == 100_000
    assert factors.f2(24 * HOUR, "inside") == 0
    assert factors.f2(0, "edge") == 500_000
    assert factors.f2(0, "outside") == factors.f2(0, "no such verdict") == factors.f2(0, None) == 100_000


@pytest.mark.parametrize("reading", NONSENSE)
def test_nonsense_is_the_worst_reading(reading: object) -> None:
    assert factors.f2(reading, "inside") == 0
    if reading != -1:  # a negative drawdown is a new high
        assert factors.f5(reading) == 0


@pytest.mark.parametrize(
    ("factor", "nominal", "limit"),
    [
        (factors.f3_jitter, PARAMS.jitter_nominal_ns, PARAMS.jitter_limit_ns),
        (factors.f3_latency, PARAMS.latency_nominal_ns, PARAMS.latency_limit_ns),
        (factors.f3_depth, PARAMS.depth_nominal_ppm, PARAMS.depth_limit_ppm),
        (factors.f4_depth_level, PARAMS.recovery_depth_nominal_ppm, PARAMS.recovery_depth_limit_ppm),
        (factors.f4_spread_level, PARAMS.recovery_spread_nominal_ppm, PARAMS.recovery_spread_limit_ppm),
    ],
)
def test_a_band_is_whole_at_its_nominal_edge_and_on_its_floor_at_the_limit(factor, nominal: int, limit: int) -> None:
    worse = 1 if limit > nominal else -1
    best = 0 if worse > 0 else nominal + 1
    assert factor(best, PARAMS) == factor(nominal, PARAMS) == ONE
    assert factor(nominal + worse, PARAMS) < ONE
    assert factor(limit - worse, PARAMS) >= factor(limit, PARAMS) == factor(limit + worse, PARAMS) < ONE


def test_recovery_after_a_shock_is_linear_over_an_hour() -> None:
    assert factors.f4_recovery(0, PARAMS) == 300_000
    assert factors.f4_recovery(HOUR // 2, PARAMS) == 650_000
    assert factors.f4_recovery(HOUR - 1, PARAMS) == 999_999
    assert factors.f4_recovery(HOUR, PARAMS) == factors.f4_recovery(2 * HOUR, PARAMS) == ONE


@pytest.mark.parametrize("level_ppm", [0, 299_999, 300_000, 300_001, 650_000, 999_999, ONE])
def test_the_age_of_a_level_is_where_the_recovery_reaches_it(level_ppm: int) -> None:
    age_ns = factors.f4_recovery_age(level_ppm, PARAMS)
    assert factors.f4_recovery(age_ns, PARAMS) in (max(300_000, level_ppm), max(300_000, level_ppm - 1))


def test_invariants_are_all_or_nothing() -> None:
    assert (factors.f1(True), factors.f1(False)) == (ONE, 0)


def test_an_envelope_is_worth_its_last_millionth_six_decades_down_and_nothing_beyond() -> None:
    decade = 7_170_000_000_000
    assert factors.f2(30_000_000_000 + 6 * decade, "inside") == 1
    assert factors.f2(30_000_000_000 + 6 * decade + 30_000_000_000, "inside") == 0
    assert factors.f2(30_000_000_000 + 7 * decade, "inside") == 0


@pytest.mark.parametrize("verdict", [[], {}, 3, b"inside"])
def test_a_verdict_that_is_no_text_is_the_worst(verdict: object) -> None:
    assert factors.f2(0, verdict) == 100_000


def test_every_factor_is_an_integer() -> None:
    assert type(factors.f2(45_000_000_000, "edge")) is int
    assert type(factors.f4_recovery_age(650_000, PARAMS)) is int
    assert type(factors.f4_recovery(HOUR // 2, PARAMS)) is int


@pytest.mark.parametrize(("level_ppm", "age_ns"), [(0, 0), (300_000, 0), (300_007, 36_000_000), (ONE, HOUR)])
def test_a_level_at_or_below_that_of_the_shock_is_the_shock_itself(level_ppm: int, age_ns: int) -> None:
    assert factors.f4_recovery_age(level_ppm, PARAMS) == age_ns


def test_no_spread_at_all_is_a_reading() -> None:
    assert factors.f4_spread_level(0, PARAMS) == ONE
