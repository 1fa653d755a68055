"""Numbers as people say them."""

import time

import pytest

from dolphin.core.words import clock, decimal_e8, dollars, leverage, share, side, span, usd, utc

SECOND = 1_000_000_000


@pytest.mark.parametrize(("ppm", "text"), [(0, "0.00x"), (6_000_000, "6.00x"), (1_999_999, "1.99x"), (1_500_000, "1.50x")])
def test_a_cap_is_rounded_down_for_nobody_may_use_more(ppm: int, text: str) -> None:
    assert leverage(ppm) == text


@pytest.mark.parametrize(("ppm", "text"), [(0, "0.0 %"), (1_000_000, "100.0 %"), (634_999, "63.4 %")])
def test_a_share_is_rounded_down(ppm: int, text: str) -> None:
    assert share(ppm) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (-5, "0 s"),
        (1, "1 s"),
        (59 * SECOND, "59 s"),
        (60 * SECOND, "1 min 00 s"),
        (750 * SECOND, "12 min 30 s"),
        (3_600 * SECOND, "1 h 00 min"),
        (3_899 * SECOND, "1 h 04 min"),
    ],
)
def test_a_length_of_time_is_rounded_up_to_the_second(ns: int, text: str) -> None:
    assert span(ns) == text


def test_a_moment_is_told_to_the_millisecond() -> None:
    assert utc(1_760_108_220_123_999_999) == "2025-10-10 14:57:00.123"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.000000"), (1, "0.000001"), (-1, "-0.000001"), (1_234_567, "1.234567"), (-12_000_000, "-12.000000")],
)
def test_dollars_have_six_decimals_and_their_sign(amount: int, text: str) -> None:
    assert usd(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (5_000_000, "0.05"), (-1, "-0.00000001"), (100_000_000, "1"), (10_000_000_000, "100"), (-1_050_000_000, "-10.5")],
)
def test_quantities_lose_their_trailing_zeros_only_behind_the_point(amount: int, text: str) -> None:
    assert decimal_e8(amount) == text


def test_amounts_for_people_are_to_the_cent() -> None:
    assert dollars(1_234_567_890) == "1,234.57 USD"
    assert dollars(-5_000) == "-0.01 USD"


def test_a_side_has_its_word() -> None:
    assert [side(1), side(-1)] == ["BUY", "SELL"]


def test_a_time_of_day_is_utc() -> None:
    assert clock(1_760_108_220 * SECOND + 999_999_999) == "14:57:00"


def test_a_moment_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "America/New_York")
        time.tzset()
        assert utc(1_760_108_220 * SECOND) == "2025-10-10 14:57:00.000"
    time.tzset()
