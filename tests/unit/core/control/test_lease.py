"""The consumer's market clock and the lease rule."""

from dolphin.core.control import lease
from dolphin.core.units import ONE

SECOND = 1_000_000_000
MARKET = 1_723_161_255 * SECOND
LIMIT = 5 * SECOND


def heard(speed_ppm: int = ONE) -> lease.MarketClock:
    return lease.observe(None, MARKET, 100 * SECOND, speed_ppm)


def test_market_time_goes_on_at_the_speed_of_the_play() -> None:
    assert lease.now(heard(), 101 * SECOND) == MARKET + SECOND
    assert lease.now(heard(10 * ONE), 101 * SECOND) == MARKET + 10 * SECOND
    assert lease.now(heard(0), 500 * SECOND) == MARKET


def test_a_lease_runs_out_without_any_message() -> None:
    clock = heard()
    assert lease.holds(clock, 102 * SECOND - 1, MARKET + 2 * SECOND, LIMIT)
    assert not lease.holds(clock, 102 * SECOND, MARKET + 2 * SECOND, LIMIT)


def test_messages_that_were_held_up_do_not_bring_a_lease_back() -> None:
    clock = lease.observe(heard(), MARKET + SECOND // 10, 103 * SECOND, ONE)
    assert not lease.holds(clock, 103 * SECOND, MARKET + 2 * SECOND, LIMIT)


def test_the_clock_drifts_back_by_one_percent_of_the_time_passed() -> None:
    clock = lease.observe(heard(), MARKET + 50 * SECOND, 200 * SECOND, ONE)
    assert lease.now(clock, 200 * SECOND) == MARKET + 99 * SECOND


def test_a_message_ahead_of_the_clock_sets_it() -> None:
    clock = lease.observe(heard(), MARKET + 9 * SECOND, 101 * SECOND, ONE)
    assert lease.now(clock, 101 * SECOND) == MARKET + 9 * SECOND


def test_a_monotonic_clock_that_steps_back_stands_still() -> None:
    assert lease.now(heard(), 99 * SECOND) == MARKET
    clock = lease.observe(heard(), MARKET + 1, 99 * SECOND, ONE)
    assert clock.monotonic_ns == 100 * SECOND


def test_at_speed_zero_silence_guards_instead_of_time() -> None:
    clock = heard(0)
    assert lease.holds(clock, 105 * SECOND, MARKET + 1, LIMIT)
    assert not lease.holds(clock, 105 * SECOND + 1, MARKET + 1, LIMIT)


def test_before_the_first_message_nothing_holds() -> None:
    assert lease.is_silent(None, 0, LIMIT)
    assert not lease.holds(None, 0, MARKET, LIMIT)
