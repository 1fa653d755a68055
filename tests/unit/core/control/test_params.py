"""Parameters are refused with one line, before a decision could be made with them."""

from dataclasses import fields
from typing import Any

import pytest

from dolphin.core.control import params, senses
from dolphin.core.control.params import BreakerParams, GovernorParams, SurvivalParams, describe, of, table
from dolphin.core.law import LAW
from dolphin.core.units import ONE
from dolphin.errors import BadInput


@pytest.mark.parametrize("record", [SurvivalParams, GovernorParams, BreakerParams])
def test_every_number_has_unit_range_and_reason_and_its_default_is_inside(record: type) -> None:
    described = list(describe(record))
    assert {each.name for each in described} == {each.name for each in fields(record) if each.init} - {"wired"}
    for _, number in described:
        assert number.unit
        assert len(number.reason) > 10
        [value] = number.values
        assert number.low <= value <= number.high


@pytest.mark.parametrize("record", [SurvivalParams, GovernorParams, BreakerParams])
def test_a_value_outside_its_range_is_refused_by_name(record: type) -> None:
    for name, number in describe(record):
        for value in (number.low - 1, number.high + 1, None, 1.5, True, "1"):
            with pytest.raises(BadInput) as caught:
                record(**{name: value})
            assert caught.value.field == name


def test_a_refusal_names_the_range_and_the_default() -> None:
    with pytest.raises(BadInput) as caught:
        SurvivalParams(shock_ppm=ONE)
    assert str(caught.value) == "shock_ppm = 1000000: must be a whole number of ppm from 0 to 999999. The default is 300000."


CAP = "or a worse reading would raise the cap"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"jitter_nominal_ns": 10, "jitter_limit_ns": 10},
            f"jitter_nominal_ns = 10: must be below jitter_limit_ns = 10, {CAP}. Lower jitter_nominal_ns or raise jitter_limit_ns.",
        ),
        (
            {"latency_nominal_ns": 11, "latency_limit_ns": 10},
            f"latency_nominal_ns = 11: must be below latency_limit_ns = 10, {CAP}. Lower latency_nominal_ns or raise latency_limit_ns.",
        ),
        (
            {"depth_limit_ppm": 500_000},
            f"depth_limit_ppm = 500000: must be below depth_nominal_ppm = 400000, {CAP}. Lower depth_limit_ppm or raise depth_nominal_ppm.",
        ),
        (
            {"recovery_depth_limit_ppm": 900_000},
            f"recovery_depth_limit_ppm = 900000: must be below recovery_depth_nominal_ppm = 800000, {CAP}. "
            "Lower recovery_depth_limit_ppm or raise recovery_depth_nominal_ppm.",
        ),
        (
            {"recovery_spread_nominal_ppm": 4_000_000},
            f"recovery_spread_nominal_ppm = 4000000: must be below recovery_spread_limit_ppm = 4000000, {CAP}. "
            "Lower recovery_spread_nominal_ppm or raise recovery_spread_limit_ppm.",
        ),
        (
            {"passive_below_ppm": 800_000},
            "passive_below_ppm = 800000: must be below passive_clear_ppm = 800000, or the threshold would chatter. "
            "Lower passive_below_ppm or raise passive_clear_ppm.",
        ),
        (
            {"wired": frozenset({"heartbeat", "moon"})},
            "wired = ['moon']: no such sensor. Known: depth, dvol, envelope, equity, heartbeat, jitter, latency, plunge, spread, taker.",
        ),
        (
            {"wired": frozenset({"jitter"})},
            "wired = ['jitter']: a controller without a heartbeat cannot notice silence. Add it.",
        ),
    ],
)
def test_a_configuration_by_which_a_worse_reading_could_raise_the_cap_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        SurvivalParams(**values)  # type: ignore[arg-type]
    assert str(caught.value) == said


def test_a_longest_hold_below_the_first_is_refused_and_one_that_equals_it_is_not() -> None:
    with pytest.raises(BadInput) as caught:
        BreakerParams(hold_ns=2_000_000_000, hold_max_ns=1_999_999_999)
    assert str(caught.value) == "hold_max_ns = 1999999999: must not be below hold_ns. Raise it."
    assert BreakerParams(hold_ns=2_000_000_000, hold_max_ns=2_000_000_000).hold_max_ns == 2_000_000_000


def test_a_parameter_carries_its_default_unit_range_and_reason() -> None:
    made: Any = of("breaker", "clears")
    assert made.default == 3
    assert dict(made.metadata) == {"number": LAW.numbers["breaker"]["clears"]}


def test_the_table_has_a_head_and_a_row_for_each_parameter() -> None:
    head, rule, *rows = table(BreakerParams).splitlines()
    assert (head, rule) == ("| parameter | unit | default | range | reason |", "|---|---|---|---|---|")
    assert [row.split("`")[1] for row in rows] == [each.name for each in describe(BreakerParams)]


def test_what_follows_from_the_parameters_is_worked_out_with_them() -> None:
    params = SurvivalParams(wired=frozenset({"heartbeat", "taker"}), integral_full_scale_us=2_000_000, integral_max_ppm=250_000)
    assert params.integral_limit_ppm_us == 500_000
    assert type(params.integral_limit_ppm_us) is int
    assert params.ears == senses.ears(frozenset({"taker"}))


def test_a_difference_names_both_laws_and_a_missing_one() -> None:
    assert params.difference(params.LAW_HASH) == ""
    assert params.difference("0" * 16) == f"configuration hash 0000000000000000 in the market, {params.LAW_HASH} here"
    assert params.difference("") == f"configuration hash missing in the market, {params.LAW_HASH} here"
