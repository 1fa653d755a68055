"""Units between the two worlds are exact."""

from hypothesis import given
from hypothesis import strategies as st
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.objects import Money

from agent.instruments import e8_of_price, e8_of_quantity, instrument_of, limits_of, micro_of, price_of, quantity_of, quote_of
from dolphin.core.placing.view import Touch

BTC = instrument_of("BTCUSDT")
UNKNOWN = instrument_of("SUSHIUSDT")


@given(st.integers(1, 10**15))
def test_a_price_or_quantity_on_the_tick_survives_the_way_there_and_back(value: int) -> None:
    assert e8_of_price(price_of(UNKNOWN, value)) == value
    on_step = value // 100_000 * 100_000
    assert e8_of_quantity(quantity_of(BTC, on_step)) == on_step


@given(st.integers(0, 10**15))
def test_quantities_round_down_to_the_step(value: int) -> None:
    assert 0 <= value - e8_of_quantity(quantity_of(BTC, value)) < limits_of("BTCUSDT").step_e8


def test_fees_round_up() -> None:
    assert micro_of(Money("0.12345601", USDT)) == 123_457


def test_a_touch_too_small_to_deal_with_is_no_quote() -> None:
    assert quote_of(BTC, Touch(10**12, 10**12 + 10**7, 99_999, 10**8), 1) is None
    quote = quote_of(BTC, Touch(10**12, 10**12 + 10**7, 10**8, 10**8), 5)
    assert quote is not None
    assert (quote.ts_event, quote.ts_init, str(quote.ask_price)) == (5, 5, "10000.1")
