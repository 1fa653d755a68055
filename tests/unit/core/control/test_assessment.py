"""The sensing half of the survival controller: which readings it waits for, and what it remembers of them."""

import pytest
from msgspec.structs import replace

from dolphin.core.control.assessment import NO_SHOCK, SLOTS, Demand, Inputs, Memory, assess
from dolphin.core.control.params import SENSORS, SurvivalParams
from dolphin.core.units import ONE

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


def test_a_demand_says_all_it_goes_by() -> None:
    causes = (("taker", "A@trade#1"), ("plunge", "SCAN#2"), ("envelope", "env#3"), ("equity", "mark#4"), ("latency", "A@trade#1"))
    readings = {"is_taker_shock": True, "is_plunge": True, "envelope_verdict": "edge", "drawdown_ppm": 100_000, "latency_ns": 1_100_000_000}
    memory, demand = assess(started(EVERYTHING), at(1, **readings, causes=causes), EVERYTHING)
    r_raw = 500_000 * 625_000 // ONE * 300_000 // ONE * 500_000 // ONE
    integral = (ONE - r_raw - 100_000) * 1_000_000
    after_integral = r_raw * (ONE - integral * ONE // EVERYTHING.integral_full_scale_us) // ONE
    assert demand == Demand(
        START + SECOND,
        True,
        (),
        after_integral * (ONE - (ONE - r_raw) // 2) // ONE,
        r_raw,
        (ONE, 500_000, 625_000, 300_000, 500_000),
        True,
        (
            "latency: f3 part 625000",
            "forewarner envelope: f2 500000",
            "shock (taker, plunge): f4 300000",
            "drawdown: f5 500000",
        ),
        ("A@trade#1", "env#3", "mark#4"),
        START + 3 * SECOND,
    )
    assert memory == Memory(
        START + SECOND, True, integral, START // SECOND + 1, (r_raw, ONE, *(0,) * (SLOTS - 2)), START + SECOND, "A@trade#1", True
    )


def test_a_good_moment_demands_everything_and_remembers_nothing_bad() -> None:
    memory, demand = assess(Memory(), at(0), EVERYTHING)
    assert demand == Demand(START, True, (), ONE, ONE, (ONE,) * 5, False, (), (), START + 2 * SECOND)
    assert memory == Memory(START, True, 0, START // SECOND, (ONE, *(0,) * (SLOTS - 1)), NO_SHOCK, "", False)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, ()),
        ({"heartbeat_age_ns": PARAMS.heartbeat_limit_ns}, ()),
        ({"heartbeat_age_ns": PARAMS.heartbeat_limit_ns + 1}, ("heartbeat lost for 3000000001 ns",)),
        ({"heartbeat_age_ns": None}, ("heartbeat unreadable",)),
        ({"broken": ("ledger",)}, ("ledger",)),
        ({"now_ns": START - 1}, ("time stepped back or is unreadable",)),
        ({"now_ns": None, "heartbeat_age_ns": None, "broken": ("a",)}, ("a", "time stepped back or is unreadable", "heartbeat unreadable")),
    ],
)
def test_what_is_broken_is_named(changes: dict[str, object], broken: tuple[str, ...]) -> None:
    memory, demand = assess(started(), at(1)._replace(**changes), PARAMS)  # type: ignore[arg-type]
    assert demand.broken == broken
    assert demand.factors_ppm[0] == (0 if broken else ONE)
    assert demand.reasons[: len(broken)] == tuple(f"invariant broken: {each}" for each in broken)
    assert memory.time_ns == (START if "now_ns" in changes else START + SECOND)


def test_before_the_start_an_unheard_heartbeat_is_missing_and_not_broken() -> None:
    _, demand = assess(Memory(), at(0, heartbeat_age_ns=None), PARAMS)
    assert (demand.broken, demand.is_ready, demand.reasons) == ((), False, ("heartbeat has no usable reading",))


@pytest.mark.parametrize(
    ("elapsed_ns", "counted_us"), [(0, 0), (1, 1), (1_000, 1), (1_001, 2), (3 * SECOND, 3_000_000), (9 * SECOND, 3_000_000)]
)
def test_the_integral_counts_every_begun_microsecond_that_was_seen(elapsed_ns: int, counted_us: int) -> None:
    memory, demand = assess(started(), at(0)._replace(now_ns=START + elapsed_ns, is_taker_shock=True), PARAMS)
    assert demand.r_raw_ppm == 300_000
    assert memory.integral_ppm_us == 600_000 * counted_us


@pytest.mark.parametrize(("before", "after"), [(0, 0), (100_000, 0), (100_001, 1), (250_000, 150_000)])
def test_the_integral_drains_by_its_leak_and_never_below_nothing(before: int, after: int) -> None:
    memory, _ = assess(replace(started(), integral_ppm_us=before), at(0)._replace(now_ns=START + 1_000), PARAMS)
    assert memory.integral_ppm_us == after


def test_the_integral_takes_its_share_and_at_most_its_most() -> None:
    full = PARAMS.integral_full_scale_us
    for share_ppm, taken_ppm in ((250_000, 250_000), (300_000, 300_000), (900_000, 300_000)):
        memory = replace(started(), integral_ppm_us=full * share_ppm // ONE)
        assert assess(memory, at(0), PARAMS)[1].r_cmd_ppm == ONE - taken_ppm


@pytest.mark.parametrize(("peak", "r_cmd_ppm"), [(300_000, 300_000), (300_002, 299_999), (500_000, 270_000), (ONE, 195_000)])
def test_the_derivative_takes_half_of_what_was_lost_in_ten_seconds(peak: int, r_cmd_ppm: int) -> None:
    memory = replace(started(), peaks_ppm=(0, peak, *(0,) * (SLOTS - 2)))
    assert assess(memory, at(0, is_taker_shock=True), PARAMS)[1].r_cmd_ppm == r_cmd_ppm


def test_the_derivative_takes_at_most_its_most() -> None:
    params = SurvivalParams(derivative_gain_ppm=ONE)
    assert assess(started(), at(0, is_taker_shock=True), params)[1].r_cmd_ppm == 150_000


@pytest.mark.parametrize(
    ("sensors", "changes", "f4_ppm"),
    [
        ((), {"depth_ratio_ppm": 0, "spread_ratio_ppm": 9 * ONE}, 650_000),
        (("depth",), {"depth_ratio_ppm": 350_000, "spread_ratio_ppm": 9 * ONE}, 475_000),
        (("spread",), {"depth_ratio_ppm": 0, "spread_ratio_ppm": 2_750_000}, 650_000),
        (("spread",), {"depth_ratio_ppm": 0, "spread_ratio_ppm": 3_375_000}, 475_000),
        (("depth", "spread"), {"depth_ratio_ppm": 350_000, "spread_ratio_ppm": 3_000_000}, 475_000),
        (("depth", "spread"), {"depth_ratio_ppm": 700_000, "spread_ratio_ppm": 3_375_000}, 475_000),
    ],
)
def test_a_recovery_is_bounded_by_the_levels_that_are_sensed(sensors: tuple[str, ...], changes: dict[str, object], f4_ppm: int) -> None:
    params = SurvivalParams(wired=frozenset({"heartbeat", "taker", *sensors}))
    memory, _ = assess(started(params), at(0, is_taker_shock=True, causes=(("taker", "A#1"),)), params)
    memory, demand = assess(memory, at(1_800, **changes), params)
    assert demand.factors_ppm[3] == f4_ppm
    assert "after a shock" in demand.reasons[-1]
    age_ns = (f4_ppm - 300_000) * params.shock_recovery_ns // 700_000
    assert (memory.shock_at_ns, memory.shock_cause) == (START + 1_800 * SECOND - age_ns, "A#1")
    assert demand.cause_ids == ("A#1",)


def test_a_shock_that_is_over_is_forgotten() -> None:
    memory, _ = assess(started(), at(0, is_taker_shock=True, causes=(("taker", "A#1"),)), PARAMS)
    memory, demand = assess(memory, at(3_600), PARAMS)
    assert (memory.shock_at_ns, memory.shock_cause, demand.factors_ppm[3], demand.cause_ids) == (NO_SHOCK, "", ONE, ())


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("taker",), "shock (taker): f4 300000"),
        (("plunge",), "shock (plunge): f4 300000"),
        (("dvol",), "shock (dvol): f4 300000"),
        (("taker", "plunge", "dvol"), "shock (taker, plunge, dvol): f4 300000"),
    ],
)
def test_a_shock_names_its_sensors_and_the_cause_of_the_first(names: tuple[str, ...], text: str) -> None:
    causes = tuple((name, f"{name}#1") for name in names)
    memory, demand = assess(started(EVERYTHING), at(1, **{FIELDS[name]: True for name in names}, causes=causes), EVERYTHING)
    assert demand.reasons == (text,)
    assert demand.cause_ids == (f"{names[0]}#1",)
    assert memory.shock_at_ns == START + SECOND
    unnamed, demand = assess(started(EVERYTHING), at(1, **{FIELDS[names[0]]: True}), EVERYTHING)
    assert (unnamed.shock_cause, demand.cause_ids) == ("", ())


@pytest.mark.parametrize(("limit_ppm", "is_passive"), [(625_000, False), (625_001, True)])
def test_passive_only_begins_below_one_threshold_and_ends_at_the_other(limit_ppm: int, is_passive: bool) -> None:
    lowered = at(1, latency_ns=1_100_000_000)  # f3 is 625,000
    begins = SurvivalParams(passive_below_ppm=limit_ppm)
    assert assess(started(begins), lowered, begins)[1].is_passive_only is is_passive
    ends = SurvivalParams(passive_below_ppm=1, passive_clear_ppm=limit_ppm)
    memory, demand = assess(replace(started(ends), is_passive_only=True), lowered, ends)
    assert demand.is_passive_only is memory.is_passive_only is is_passive


def test_time_may_run_to_its_end_and_a_lease_no_further() -> None:
    last = 2**62
    memory, demand = assess(Memory(), GOOD._replace(now_ns=last), PARAMS)
    assert (memory.time_ns, demand.expires_at_ns, demand.broken) == (last, last, ())
    assert assess(memory, GOOD._replace(now_ns=last), PARAMS)[1].broken == ()
    assert assess(memory, GOOD._replace(now_ns=last + 1), PARAMS)[1].broken == ("time stepped back or is unreadable",)


@pytest.mark.parametrize("sensor", [name for name, field in FIELDS.items() if not field.startswith("is_")])
def test_a_reading_of_nothing_at_all_is_a_reading(sensor: str) -> None:
    _, demand = assess(Memory(), at(0, **{FIELDS[sensor]: 0}), EVERYTHING)
    assert demand.is_ready


@pytest.mark.parametrize("sensor", [name for name, field in FIELDS.items() if not field.startswith("is_")])
def test_a_reading_at_the_end_of_its_range_is_a_reading_and_one_beyond_is_none(sensor: str) -> None:
    _, demand = assess(Memory(), at(0, **{FIELDS[sensor]: 2**62}), EVERYTHING)
    assert demand.is_ready
    _, demand = assess(Memory(), at(0, **{FIELDS[sensor]: 2**62 + 1}), EVERYTHING)
    assert not demand.is_ready


def test_a_new_high_is_a_negative_drawdown() -> None:
    assert assess(Memory(), at(0, drawdown_ppm=-(2**62)), EVERYTHING)[1].is_ready
    assert not assess(Memory(), at(0, drawdown_ppm=-(2**62) - 1), EVERYTHING)[1].is_ready


def test_what_is_missing_is_told_after_the_heartbeat() -> None:
    _, demand = assess(Memory(), at(0, heartbeat_age_ns=None, jitter_ns=None), PARAMS)
    assert demand.reasons[:2] == ("heartbeat has no usable reading", "jitter has no usable reading")


def test_a_demand_and_what_is_remembered_are_whole_numbers_whatever_is_lowered() -> None:
    everything_lowered = {"envelope_age_ns": 3_600 * SECOND + 7, "jitter_ns": 333_333_333, "latency_ns": 777_777_777}
    everything_lowered |= {"depth_ratio_ppm": 311_111, "is_taker_shock": True, "drawdown_ppm": 77_777}
    memory, demand = assess(started(EVERYTHING), at(1, **everything_lowered), EVERYTHING)
    assert all(0 < factor < ONE for factor in demand.factors_ppm[1:])
    numbers = (*demand.factors_ppm, demand.r_raw_ppm, demand.r_cmd_ppm, *memory.peaks_ppm, memory.integral_ppm_us)
    assert [type(number) for number in numbers] == [int] * len(numbers)


def test_a_step_back_counts_for_no_time() -> None:
    memory = replace(started(), integral_ppm_us=5_000_000)
    assert assess(memory, at(-1), PARAMS)[0].integral_ppm_us == 5_000_000


def test_a_step_back_says_nothing_of_a_heartbeat_that_is_just_not_lost() -> None:
    _, demand = assess(started(), at(-1, heartbeat_age_ns=PARAMS.heartbeat_limit_ns), PARAMS)
    assert demand.broken == ("time stepped back or is unreadable",)


@pytest.mark.parametrize(
    ("sensor", "changes"),
    [
        ("heartbeat", {"broken": ("the ledger",)}),
        ("jitter", {"jitter_ns": 900_000_000}),
        ("latency", {"latency_ns": 900_000_000}),
        ("depth", {"depth_ratio_ppm": 200_000}),
        ("envelope", {"envelope_age_ns": 3_600 * SECOND}),
        ("equity", {"drawdown_ppm": 100_000}),
    ],
)
def test_what_lowers_r_is_answered_for_by_the_message_behind_it(sensor: str, changes: dict[str, object]) -> None:
    causes = tuple((each, f"{each}@message#1") for each in SENSORS)
    _, demand = assess(started(EVERYTHING), at(1, causes=causes, **changes), EVERYTHING)
    assert demand.cause_ids == (f"{sensor}@message#1",)
