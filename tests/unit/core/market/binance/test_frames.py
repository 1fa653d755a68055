"""Decoding: what the exchange says becomes an event; what it cannot have meant becomes a named fault."""

import json
from typing import Any

import frame_texts as texts
import pytest

from dolphin.core.market.binance.frames import (
    AggTrade,
    BadFrame,
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    ForceOrder,
    Ignored,
    MarkPrice,
    Trade,
    decode,
    market_of,
)


def test_every_stream_that_is_used_becomes_its_event() -> None:
    book = decode(texts.book_ticker(update_id=5))
    assert book == BookTicker("BTCUSDT", 5, 99.0, 1.5, 101.0, 2.5, 1_000)
    assert decode(texts.trade()) == Trade("BTCUSDT", 7, 100.0, 0.5, False, 1_000)
    assert decode(texts.agg_trade()) == AggTrade("BTCUSDT", 8, 100.0, 0.5, True, 1_000)
    assert decode(texts.mark_price()) == MarkPrice("BTCUSDT", 100.25, 0.0001, 1_000)
    update = decode(texts.depth(3, 5, 2, bids=[("99.0", "0")]))
    assert update == DepthUpdate("BTCUSDT", 3, 5, 2, [(99.0, 0.0)], [], 1_000)
    liquidation = decode(texts.force_order())
    assert isinstance(liquidation, ForceOrder)
    assert (liquidation.order.symbol, liquidation.order.side, liquidation.order.average_price) == ("BTCUSDT", "SELL", 99.5)
    loaded = decode(texts.snapshot(9))
    assert loaded == DepthSnapshot("BTCUSDT", 9, [(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0), (102.0, 4.0)], 1_000)


@pytest.mark.parametrize("field", ["b", "B", "a", "A"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "-1", "", "abc", None, [], {}])
def test_a_number_that_is_none_is_a_fault_that_names_the_field(field: str, value: Any) -> None:
    event = decode(texts.book_ticker(**{field: value}))
    assert isinstance(event, BadFrame)
    assert event.field == field


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (texts.book_ticker(b="0"), "b"),
        (texts.book_ticker(u=-1), "u"),
        (texts.book_ticker(u=2**63), "u"),
        (texts.book_ticker(E=2**62), "E"),
        (texts.book_ticker(s="btcusdt"), "s"),
        (texts.book_ticker(s="BTC@USDT"), "s"),
        (texts.book_ticker(s=""), "s"),
        (texts.trade(m="maybe"), "m"),
        (texts.mark_price(r="1.5"), "r"),
        (texts.force_order(ap="0"), "o.ap"),
        (texts.depth(1, 2, 0, bids=[("99", "1"), ("nan", "1")]), "b[1][0]"),
        (texts.depth(1, 2, 0, asks=[("99", "-1")]), "a[0][1]"),
        (texts.snapshot(-1), "lastUpdateId"),
    ],
)
def test_a_value_out_of_range_is_a_fault_that_names_the_field(raw: bytes, field: str) -> None:
    event = decode(raw)
    assert isinstance(event, BadFrame)
    assert event.field == field


@pytest.mark.parametrize("missing", ["s", "u", "b", "A", "E"])
def test_a_missing_field_is_named(missing: str) -> None:
    frame = json.loads(texts.book_ticker())
    del frame["data"][missing]
    event = decode(json.dumps(frame))
    assert isinstance(event, BadFrame)
    assert (event.field, event.value) == (missing, "missing")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"stream":"x"}',
        b'{"data":7}',
        b'{"stream":"x","data":[]}',
        b"[" * 100_000,
        b"[1,2",
    ],
)
def test_whatever_the_bytes_are_an_event_comes_back(raw: bytes) -> None:
    assert isinstance(decode(raw), BadFrame)


def test_streams_that_are_not_used_and_answers_are_ignored() -> None:
    assert decode(texts.frame("btcusdt@kline_1m", {"e": "kline", "s": "BTCUSDT"})) == Ignored("kline")
    assert decode(b'{"result":null,"id":1}') == Ignored("answer")


def test_a_spot_book_ticker_is_not_taken_for_a_futures_one() -> None:
    raw = texts.frame("btcusdt@bookTicker", {"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"})
    assert isinstance(decode(raw), BadFrame)


@pytest.mark.parametrize(
    ("raw", "market"),
    [
        (texts.depth(1, 2, 0), "usdm"),
        (texts.trade(), "usdm"),
        (texts.mark_price(), "usdm"),
        (texts.trade(M=True), "spot"),
        (texts.frame("x", {"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}), "spot"),
        (texts.frame("x", {"e": "depthUpdate", "s": "BTCUSDT", "U": 1, "u": 2}), "spot"),
        (texts.trade(ps="BTCUSD"), "coinm"),
        (b'{"lastUpdateId":1,"symbol":"BTCUSD_PERP","pair":"BTCUSD"}', "coinm"),
        (texts.frame("x", {"e": "kline"}), None),
        (b"[]", None),
    ],
)
def test_the_market_of_a_frame_is_told_by_its_fields(raw: bytes, market: str | None) -> None:
    assert market_of(json.loads(raw)) == market
