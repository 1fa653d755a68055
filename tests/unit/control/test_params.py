"""Parameters are refused with one line, before a decision could be made with them."""

from dataclasses import fields

import pytest

from dolphin.control.params import BreakerParams, SurvivalParams, describe
from dolphin.errors import BadInput


@pytest.mark.parametrize("record", [SurvivalParams, BreakerParams])
def test_every_number_has_unit_range_and_reason_and_its_default_is_inside(record: type) -> None:
    described = list(describe(record))
    assert {each.name for each in described} == {each.name for each in fields(record)} - {"wired"}
    for each in described:
        assert each.unit
        assert len(each.reason) > 10
        assert isinstance(each.default, int)
        assert each.low <= each.default <= each.high


@pytest.mark.parametrize("record", [SurvivalParams, BreakerParams])
def test_a_value_outside_its_range_is_refused_by_name(record: type) -> None:
    for each in describe(record):
        for value in (each.low - 1, each.high + 1, None, 1.5, True, "1"):
            with pytest.raises(BadInput) as caught:
                record(**{each.name: value})
            assert caught.value.field == each.name


@pytest.mark.parametrize(
    "values",
    [
        {"jitter_nominal_ns": 10, "jitter_limit_ns": 10},
        {"latency_nominal_ns": 11, "latency_limit_ns": 10},
        {"depth_limit_ppm": 500_000, "depth_nominal_ppm": 400_000},
        {"recovery_depth_limit_ppm": 900_000},
        {"recovery_spread_nominal_ppm": 3_000_000, "recovery_spread_limit_ppm": 2_000_000},
        {"passive_below_ppm": 800_000, "passive_clear_ppm": 800_000},
        {"wired": frozenset({"heartbeat", "moon"})},
        {"wired": frozenset({"jitter"})},
    ],
)
def test_a_configuration_by_which_a_worse_reading_could_raise_the_cap_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        SurvivalParams(**values)  # type: ignore[arg-type]


def test_a_longest_hold_below_the_first_is_refused() -> None:
    with pytest.raises(BadInput, match="hold_max_ns"):
        BreakerParams(hold_ns=2_000_000_000, hold_max_ns=1_000_000_000)
