"""A symbol is held against what the exchange lists, and one that is not there is answered with what may have been meant."""

from typing import Any

import pytest

from dolphin.errors import BadInput, DolphinError
from dolphin.feeds.binance.live import require_listed

URL = "http://exchange/fapi/v1/exchangeInfo"


def listed(symbol: str, kind: str = "PERPETUAL", status: str = "TRADING") -> dict[str, str]:
    return {"symbol": symbol, "contractType": kind, "status": status}


LISTING = {
    "symbols": [
        *(listed(symbol) for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT")),
        listed("BTCUSDT_260327", kind="CURRENT_QUARTER"),
        listed("LUNAUSDT", status="SETTLING"),
    ]
}


def test_perpetuals_in_trade_are_taken() -> None:
    require_listed(["BTCUSDT", "SOLUSDT"], LISTING, URL)


@pytest.mark.parametrize(
    ("symbol", "meant"), [("BTCUSD", "BTCUSDT"), ("btcusdt", "BTCUSDT"), ("ETHUSTD", "ETHUSDT"), ("BTCUSDT_260327", "BTCUSDT")]
)
def test_a_near_miss_is_offered_what_it_may_have_meant(symbol: str, meant: str) -> None:
    with pytest.raises(BadInput, match=rf"live.symbols = '{symbol}': no USD-M perpetual in trade. Did you mean .*{meant}"):
        require_listed(["SOLUSDT", symbol], LISTING, URL)


def test_all_that_are_not_traded_are_named_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        require_listed(["QQQ", "BTCUSDT", "LUNAUSDT"], LISTING, URL)
    assert caught.value.value == "QQQ, LUNAUSDT"


@pytest.mark.parametrize("listing", [{}, [], {"symbols": None}, {"symbols": ["BTCUSDT"]}, "maintenance"])
def test_an_answer_that_is_no_listing_is_the_exchanges_failure_and_not_the_symbols(listing: Any) -> None:
    with pytest.raises(DolphinError, match="cannot be reached") as caught:
        require_listed(["BTCUSDT"], listing, URL)
    assert not isinstance(caught.value, BadInput)
