"""Frames become rows in strictly increasing market time, with heartbeats between them, and nothing that cannot be trusted."""

import frame_texts as texts
import pytest

from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.names import MAX_ASSETS
from dolphin.core.contract.schemas import MARKET
from dolphin.core.market.rows import MAX_SILENCE_NS, TICK_NS, Row, Translator

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
COLUMN = {name: index for index, name in enumerate(MARKET.names)}


def values(row: Row) -> dict[str, object]:
    """The columns of a row that are not null."""
    return {name: row[index] for name, index in COLUMN.items() if row[index] is not None}


def kinds(rows: list[Row]) -> list[Kind]:
    return [Kind(row[1]) for row in rows]


def test_each_kind_fills_its_own_columns() -> None:
    translator = Translator()
    head = {"asset": "BTCUSDT", "event_time_ns": SECOND}
    cases = [
        (texts.book_ticker(), {"kind": 1, "exchange_id": 1, "bid_price": 99.0, "bid_qty": 1.5, "ask_price": 101.0, "ask_qty": 2.5}),
        (texts.trade(), {"kind": 2, "exchange_id": 7, "price": 100.0, "qty": 0.5, "is_taker_buy": True}),
        (texts.agg_trade(), {"kind": 8, "exchange_id": 8, "price": 100.0, "qty": 0.5, "is_taker_buy": False}),
        (texts.mark_price(), {"kind": 4, "exchange_id": 1_000, "mark_price": 100.25, "funding_rate": 0.0001}),
    ]
    for number, (raw, columns) in enumerate(cases):
        (row,) = translator.on_frame(START + number, raw)
        assert values(row) == {**head, "market_time_ns": START + number, **columns}


def test_a_liquidation_is_identified_by_its_trade_time_and_priced_at_its_average() -> None:
    (row,) = Translator().on_frame(START, texts.force_order(time_ms=1_000))
    assert values(row) == {
        "asset": "BTCUSDT",
        "kind": Kind.LIQUIDATION,
        "event_time_ns": 1_001_000_000,
        "market_time_ns": START,
        "exchange_id": 1_000,
        "price": 99.5,
        "qty": 0.5,
        "is_taker_buy": False,
    }


@pytest.mark.parametrize("origin", ["INSURANCE_FUND", "ADL", "NA"])
def test_a_trade_off_the_market_is_counted_and_moves_nothing(origin: str) -> None:
    translator = Translator()
    assert translator.on_frame(START, texts.trade(X=origin, p="0")) == []
    assert translator.counters.off_market_trades == 1


def test_market_time_strictly_increases_although_the_receive_time_stands_or_steps_back() -> None:
    translator = Translator()
    times = [row[3] for receive_ns in (START, START, START - SECOND, START + 1) for row in translator.on_frame(receive_ns, texts.trade())]
    assert times == [START, START + 1, START + 2, START + 3]


def test_a_tick_is_said_on_every_quarter_second_up_to_the_next_frame() -> None:
    translator = Translator()
    translator.on_frame(START + 1, texts.trade())
    rows = translator.on_frame(START + SECOND, texts.trade())
    assert kinds(rows) == [Kind.TICK] * 4 + [Kind.TRADE]
    assert [row[3] for row in rows] == [START + n * TICK_NS for n in range(1, 5)] + [START + SECOND + 1]
    assert values(rows[0]) == {"asset": "", "kind": Kind.TICK, "market_time_ns": START + TICK_NS}


def test_the_clock_alone_makes_the_same_ticks_as_the_next_frame() -> None:
    by_frame, by_clock = Translator(), Translator()
    for translator in (by_frame, by_clock):
        translator.on_frame(START + 1, texts.trade())
    ticks = [row for now in range(START, START + SECOND + 1, 40_000_000) for row in by_clock.on_time(now)]
    assert by_frame.on_frame(START + SECOND + 5, texts.trade()) == [*ticks, *by_clock.on_frame(START + SECOND + 5, texts.trade())]


def test_nothing_is_said_before_the_first_frame_nor_while_the_connection_is_lost() -> None:
    translator = Translator()
    assert translator.on_time(START) == []
    translator.on_frame(START, texts.trade())
    translator.on_lost(START + 1)
    assert translator.on_time(START + 10 * SECOND) == []
    assert kinds(translator.on_frame(START + 20 * SECOND, texts.trade())) == [Kind.TRADE]
    assert kinds(translator.on_time(START + 20 * SECOND + TICK_NS)) == [Kind.TICK]


def test_a_very_long_silence_is_not_filled_with_ticks() -> None:
    translator = Translator()
    translator.on_frame(START, texts.trade())
    assert kinds(translator.on_frame(START + 2 * MAX_SILENCE_NS, texts.trade())) == [Kind.TRADE]
    assert translator.counters.clock_steps == 1


def test_depth_is_said_only_of_a_synchronised_book() -> None:
    translator = Translator()
    assert translator.on_frame(START, texts.depth(90, 99, 89)) == []
    assert translator.unsynced_assets == ["BTCUSDT"]
    assert translator.on_frame(START + 1, texts.snapshot(100)) == []
    (row,) = translator.on_frame(START + 2, texts.depth(100, 110, 99, bids=[("99.95", "2")], asks=[("100.05", "3")]))
    assert (row[1], row[4]) == (Kind.DEPTH, 110)
    assert values(row)["bid_depth_usd"] == pytest.approx(199.9)
    assert values(row)["ask_depth_usd"] == pytest.approx(300.15)
    assert translator.unsynced_assets == []


def test_a_gap_names_the_update_that_did_not_fit_and_depth_stays_unknown_until_resynchronised() -> None:
    translator = Translator()
    translator.on_frame(START, texts.snapshot(100))
    translator.on_frame(START, texts.depth(100, 110, 99))
    (gap,) = translator.on_frame(START, texts.depth(131, 140, 130, time_ms=2_000))
    assert values(gap) == {
        "asset": "BTCUSDT",
        "kind": Kind.GAP,
        "event_time_ns": 2 * SECOND,
        "market_time_ns": START + 1,
        "exchange_id": 140,
    }
    assert translator.on_frame(START, texts.depth(141, 150, 140)) == []
    assert translator.assets_wanting_snapshot == ["BTCUSDT"]
    (row,) = translator.on_frame(START, texts.snapshot(135))
    assert (row[1], row[4]) == (Kind.DEPTH, 150)


def test_a_lost_connection_is_a_gap_of_every_synchronised_book() -> None:
    translator = Translator()
    for symbol in ("BTCUSDT", "ETHUSDT"):
        translator.on_frame(START, texts.snapshot(100, symbol=symbol))
    translator.on_frame(START, texts.depth(100, 110, 99))
    rows = translator.on_lost(START + 5)
    assert [(row[0], row[1], row[4]) for row in rows] == [("BTCUSDT", Kind.GAP, 110)]


def test_an_unsynchronised_book_and_a_stream_out_of_use_are_told_once() -> None:
    translator = Translator()
    for number in range(3):
        translator.on_frame(START + number, texts.depth(1, 2, 0))
        translator.on_frame(START + number, texts.frame("x@kline_1m", {"e": "kline"}))
        translator.on_frame(START + number, texts.trade(p="NaN"))
    assert translator.counters.ignored_frames == 3
    assert translator.counters.bad_frames == 3
    said = translator.take_notices()
    assert len(said) == 2
    assert "p = 'NaN'" in said[1]
    translator.on_end(START + 10)
    assert translator.take_notices() == ["BTCUSDT: no order book (no snapshot that fits its updates); depth unknown"]


def test_the_end_is_a_tick_after_everything_else() -> None:
    translator = Translator()
    assert translator.on_end(START) == []
    translator.on_frame(START, texts.trade())
    (row,) = translator.on_end(START)
    assert values(row) == {"asset": "", "kind": Kind.TICK, "market_time_ns": START + 1}


def test_exchange_times_are_moved_with_a_recording_that_is_played_again() -> None:
    (row,) = Translator().on_frame(START, texts.trade(time_ms=1_000), event_shift_ns=5)
    assert row[2] == SECOND + 5


def test_the_number_of_books_is_bounded() -> None:
    translator = Translator()
    for number in range(MAX_ASSETS + 3):
        translator.on_frame(START + number, texts.depth(1, 2, 0, symbol=f"A{number}"))
    assert len(translator.books) == MAX_ASSETS
    assert translator.counters.refused_assets == 3
