"""How readings are taken: usable, missing, or not sensed at all."""

import math

import pytest

from dolphin.core.control import factors
from dolphin.core.control.params import SurvivalParams
from dolphin.core.control.senses import BEST, SENSES, SENSORS, Inputs, Sense, ears, hear
from dolphin.core.units import MAX_NS, ONE

PARAMS = SurvivalParams()
NONSENSE = [None, math.nan, math.inf, 1.0, "7", 2**63, object()]
FIELDS = [sense.field for sense in SENSES]
each_sense = pytest.mark.parametrize("sense", SENSES, ids=[sense.sensor for sense in SENSES])


def said(sense: Sense, reading: object) -> tuple[int, list[str]]:
    """What is heard of one wired sensor, and what is missing."""
    heard, missing = hear(Inputs(0)._replace(**{sense.field: reading}), ears(frozenset({sense.sensor})))
    row = SENSES.index(sense)
    assert tuple(heard[:row] + heard[row + 1 :]) == BEST[:row] + BEST[row + 1 :]
    return heard[row], missing


def test_every_sensor_has_its_own_reading() -> None:
    assert FIELDS == [
        "envelope_age_ns",
        "jitter_ns",
        "latency_ns",
        "depth_ratio_ppm",
        "spread_ratio_ppm",
        "is_taker_shock",
        "is_plunge",
        "is_dvol_shock",
        "drawdown_ppm",
    ]
    assert {sense.sensor for sense in SENSES} | {"heartbeat"} == SENSORS


@each_sense
@pytest.mark.parametrize("reading", NONSENSE)
def test_a_wired_sensor_without_a_usable_reading_reads_as_the_worst_and_is_missing(sense: Sense, reading: object) -> None:
    assert said(sense, reading) == (sense.worst, [sense.sensor])


@each_sense
def test_a_claim_is_no_number_and_a_number_no_claim(sense: Sense) -> None:
    assert said(sense, 1 if sense.kind is bool else True) == (sense.worst, [sense.sensor])


@each_sense
def test_a_usable_reading_is_taken_as_it_is(sense: Sense) -> None:
    for reading in (False, True) if sense.kind is bool else (sense.low, 0, 7, MAX_NS):
        assert said(sense, reading) == (reading, [])


@pytest.mark.parametrize("sense", [sense for sense in SENSES if sense.kind is int], ids=lambda sense: sense.sensor)
def test_a_number_beyond_its_range_is_not_usable(sense: Sense) -> None:
    for reading in (sense.low - 1, MAX_NS + 1):
        assert said(sense, reading) == (sense.worst, [sense.sensor])


def test_a_sensor_that_is_not_wired_reads_as_the_best_whatever_it_says() -> None:
    assert hear(Inputs(0, latency_ns=2**61, is_plunge="?"), ears(frozenset({"heartbeat"}))) == (list(BEST), [])


def test_the_missing_are_named_in_the_order_of_the_table() -> None:
    assert hear(Inputs(0), ears(SENSORS))[1] == [sense.sensor for sense in SENSES]


def test_every_curve_is_whole_at_the_best_and_on_its_floor_at_the_worst() -> None:
    best, worst = ({sense.sensor: getattr(sense, which) for sense in SENSES} for which in ("best", "worst"))
    assert (factors.f2(best["envelope"], "inside"), factors.f2(worst["envelope"], "inside")) == (ONE, 0)
    assert (factors.f5(best["equity"]), factors.f5(worst["equity"])) == (ONE, 0)
    for curve, sensor, floor_ppm in (
        (factors.f3_jitter, "jitter", PARAMS.microstructure_floor_ppm),
        (factors.f3_latency, "latency", PARAMS.microstructure_floor_ppm),
        (factors.f3_depth, "depth", PARAMS.microstructure_floor_ppm),
        (factors.f4_depth_level, "depth", PARAMS.shock_ppm),
        (factors.f4_spread_level, "spread", PARAMS.shock_ppm),
    ):
        assert (curve(best[sensor], PARAMS), curve(worst[sensor], PARAMS)) == (ONE, floor_ppm)
    assert all((best[sensor], worst[sensor]) == (False, True) for sensor in ("taker", "plunge", "dvol"))
