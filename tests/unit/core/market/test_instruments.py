"""One table of the venue's rules."""

import pytest

from dolphin.core.market.instruments import INSTRUMENTS, Instrument, instrument_of


@pytest.mark.parametrize(
    ("symbol", "tick_e8", "step_e8"), [("BTCUSDT", 10**7, 10**5), ("SOLUSDT", 10**5, 10**7), ("ADAUSDT", 10**4, 10**8)]
)
def test_tick_and_step_follow_from_the_decimals(symbol: str, tick_e8: int, step_e8: int) -> None:
    assert (instrument_of(symbol).tick_e8, instrument_of(symbol).step_e8) == (tick_e8, step_e8)


def test_an_instrument_that_nobody_knows_has_the_finest_prices() -> None:
    assert instrument_of("SUSHIUSDT") == Instrument("SUSHIUSDT", 8, 3)
    assert instrument_of("SUSHIUSDT").tick_e8 == 1


def test_every_row_is_under_its_own_name() -> None:
    assert all(name == instrument.symbol for name, instrument in INSTRUMENTS.items())
    assert len(INSTRUMENTS) == 50
