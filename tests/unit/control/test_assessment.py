"""The sensing half of the survival controller: which readings it waits for, and what it remembers of them."""

import pytest

from dolphin.control.assessment import NO_SHOCK, SLOTS, Inputs, Memory, assess
from dolphin.control.params import SENSORS, SurvivalParams
from dolphin.control.ppm import ONE

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
PARAMS = SurvivalParams()
EVERYTHING = SurvivalParams(wired=SENSORS)
GOOD = Inputs(START, 0, (), 0, "inside", 1_000_000, 1_000_000, ONE, ONE, False, False, False, 0)
FIELDS = {
    "envelope": "envelope_age_ns",
    "jitter": "jitter_ns",
    "latency": "latency_ns",
    "depth": "depth_ratio_ppm",
    "spread": "spread_ratio_ppm",
    "taker": "is_taker_shock",
    "plunge": "is_plunge",
    "dvol": "is_dvol_shock",
    "equity": "drawdown_ppm",
}


def at(seconds: float, **changes: object) -> Inputs:
    return GOOD._replace(now_ns=START + round(seconds * SECOND), **changes)  # type: ignore[arg-type]


def started(params: SurvivalParams = PARAMS) -> Memory:
    return assess(Memory(), at(0), params)[0]


def test_the_list_of_sensors_is_whole() -> None:
    assert FIELDS.keys() | {"heartbeat"} == SENSORS


@pytest.mark.parametrize("sensor", FIELDS)
def test_a_wired_sensor_must_have_been_heard_and_one_that_is_not_wired_need_not(sensor: str) -> None:
    unheard = at(0, **{FIELDS[sensor]: None})
    _, demand = assess(Memory(), unheard, EVERYTHING)
    assert (demand.is_ready, demand.r_cmd_ppm) == (False, 0)
    assert f"{sensor} has no usable reading" in demand.reasons
    _, demand = assess(Memory(), unheard, SurvivalParams(wired=SENSORS - {sensor}))
    assert (demand.is_ready, demand.r_cmd_ppm, demand.factors_ppm, demand.reasons) == (True, ONE, (ONE,) * 5, ())


def test_the_derivative_looks_back_to_the_best_moment_of_each_second() -> None:
    memory, _ = assess(started(), at(1, latency_ns=900_000_000), PARAMS)
    low = memory.peaks_ppm[0]
    memory, _ = assess(memory, at(1.4), PARAMS)
    assert memory.peaks_ppm == (ONE, ONE, *(0,) * (SLOTS - 2))
    memory, _ = assess(memory, at(1.8, latency_ns=900_000_000), PARAMS)
    assert memory.peaks_ppm[0] == ONE > low
    memory, _ = assess(memory, at(4, latency_ns=900_000_000), PARAMS)
    assert memory.peaks_ppm == (low, 0, 0, ONE, ONE, *(0,) * (SLOTS - 5))


@pytest.mark.parametrize(("gap", "remembered"), [(SLOTS - 1, True), (SLOTS, False), (SLOTS + 1, False)])
def test_after_ten_seconds_the_past_is_forgotten(gap: int, remembered: bool) -> None:
    memory, _ = assess(started(), at(gap, latency_ns=900_000_000), PARAMS)
    assert memory.peaks_ppm[0] < ONE
    assert memory.peaks_ppm[1:] == (*(0,) * (SLOTS - 2), ONE if remembered else 0)


def test_nothing_is_remembered_of_the_time_before_the_start() -> None:
    memory, _ = assess(Memory(), at(0, depth_ratio_ppm=None, is_taker_shock=True), PARAMS)
    assert (memory.integral_ppm_us, memory.peaks_ppm, memory.shock_at_ns, memory.shock_cause) == (0, (0,) * SLOTS, NO_SHOCK, "")
    assert (memory.time_ns, memory.is_started, memory.slot) == (START, False, START // SECOND)


@pytest.mark.parametrize(
    ("changes", "f3_ppm", "reasons"),
    [
        ({"jitter_ns": 525_000_000}, 625_000, ("jitter: f3 part 625000",)),
        ({"latency_ns": 1_100_000_000}, 625_000, ("latency: f3 part 625000",)),
        ({"depth_ratio_ppm": 250_000}, 625_000, ("depth: f3 part 625000",)),
        (
            {"jitter_ns": 525_000_000, "latency_ns": 1_100_000_000, "depth_ratio_ppm": 250_000},
            244_140,
            ("jitter: f3 part 625000", "latency: f3 part 625000", "depth: f3 part 625000"),
        ),
    ],
)
def test_each_microstructure_reading_lowers_f3_by_its_part(changes: dict[str, object], f3_ppm: int, reasons: tuple[str, ...]) -> None:
    _, demand = assess(started(), at(1, **changes), PARAMS)
    assert demand.factors_ppm == (ONE, ONE, f3_ppm, ONE, ONE)
    assert demand.r_raw_ppm == f3_ppm
    assert demand.reasons == reasons
