"""Batches are cut by market time, whole rows in order, and a slow cluster costs book updates but never a trade."""

import frame_texts as texts
import pyarrow as pa
import pytest
from makers import values_of

from dolphin.core.contract.batch import info_of
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from dolphin.core.market.batcher import COALESCE_ABOVE_ROWS, MAX_WAITING_ROWS, Batcher, QueueFullError, record_batch
from dolphin.core.market.rows import Row, Translator


def trade_at(time_ns: int) -> Row:
    return ("BTCUSDT", Kind.TRADE, time_ns, time_ns, time_ns, None, None, None, None, 100.0, 1.0, True, None, None, None, None)


def book_at(time_ns: int, asset: str = "BTCUSDT") -> Row:
    return (asset, Kind.BOOK, time_ns, time_ns, time_ns, 99.0, 1.0, 101.0, 1.0, None, None, None, None, None, None, None)


def tick_at(time_ns: int) -> Row:
    return ("", Kind.TICK, None, time_ns, None, None, None, None, None, None, None, None, None, None, None, None)


def times(batch: pa.RecordBatch | None) -> list[int]:
    assert batch is not None
    return values_of(batch, "market_time_ns")


def test_a_batch_is_complete_when_a_row_beyond_its_span_waits() -> None:
    batcher = Batcher(shard="0", max_span_ns=100)
    batcher.add([trade_at(time) for time in (1_000, 1_099, 1_100)])
    assert times(batcher.take(1_100)) == [1_000, 1_099]
    assert batcher.take(1_199) is None
    assert times(batcher.take(1_200)) == [1_100]


def test_a_batch_is_complete_when_it_is_full() -> None:
    batcher = Batcher(shard="0", max_span_ns=100, max_rows=3)
    batcher.add([trade_at(time) for time in (1, 2)])
    assert batcher.take(2) is None
    batcher.add([trade_at(time) for time in (3, 4)])
    assert times(batcher.take(4)) == [1, 2, 3]


def test_a_full_batch_still_ends_at_its_span() -> None:
    batcher = Batcher(shard="0", max_span_ns=100, max_rows=3)
    batcher.add([trade_at(time) for time in (1, 50, 200)])
    assert times(batcher.take(1)) == [1, 50]


def test_the_rest_comes_out_at_the_end() -> None:
    batcher = Batcher(shard="0", max_span_ns=100)
    batcher.add([trade_at(1), trade_at(500)])
    assert times(batcher.flush()) == [1]
    assert times(batcher.flush()) == [500]
    assert batcher.flush() is None


def test_a_batch_says_where_it_stands() -> None:
    batcher = Batcher(shard="7", max_span_ns=100, run_id="r")
    batcher.add([trade_at(1), trade_at(2), trade_at(500)])
    first, second = batcher.flush(), batcher.flush()
    assert first is not None
    assert second is not None
    assert (info_of(first).shard, info_of(first).batch, info_of(first).market_time_ns, info_of(first).run_id) == ("7", 1, 2, "r")
    assert info_of(second).batch == 2


def test_rows_of_every_kind_fit_the_schema() -> None:
    translator = Translator()
    rows: list[Row] = []
    for raw in (texts.book_ticker(), texts.trade(), texts.agg_trade(), texts.mark_price(), texts.force_order(), texts.snapshot(100)):
        rows += translator.on_frame(1_000_000_000_000, raw)
    rows += translator.on_frame(1_000_250_000_000, texts.depth(100, 110, 99))
    rows += translator.on_lost(1_000_260_000_000)
    batch = record_batch(rows)
    batch.validate(full=True)
    assert batch.schema.equals(MARKET)
    assert batch.column("kind").to_pylist() == [1, 2, 8, 4, 5, 6, 3, 7]


def test_a_slow_cluster_costs_old_book_updates_but_no_trade_and_no_order() -> None:
    batcher = Batcher(shard="0", max_span_ns=10**9, may_coalesce=True)
    count = COALESCE_ABOVE_ROWS // 2 + 1
    for number in range(count):
        batcher.add([book_at(2 * number, "A" if number % 2 else "B"), trade_at(2 * number + 1)])
    assert batcher.coalesced_rows == count - 2
    seen: list[int] = []
    kinds: list[int] = []
    while (batch := batcher.flush()) is not None:
        seen += times(batch)
        kinds += values_of(batch, "kind")
    assert seen == sorted(seen)
    assert kinds.count(Kind.TRADE) == count
    assert kinds.count(Kind.BOOK) == 2
    assert {2 * (count - 1), 2 * (count - 2)} <= set(seen), "the newest book of each asset is kept"


def test_a_replay_drops_nothing_however_many_rows_wait() -> None:
    batcher = Batcher(shard="0", max_span_ns=10**9)
    count = 2 * COALESCE_ABOVE_ROWS
    for number in range(count):
        batcher.add([book_at(number)])
    seen: list[int] = []
    while (batch := batcher.flush()) is not None:
        seen += times(batch)
    assert seen == list(range(count))


def test_a_tick_ends_its_batch_and_does_not_wait_for_the_span() -> None:
    batcher = Batcher(shard="0", max_span_ns=10**9)
    batcher.add([trade_at(1), tick_at(250), trade_at(251), trade_at(300), tick_at(500)])
    assert times(batcher.take(1)) == [1, 250]
    assert times(batcher.take(1)) == [251, 300, 500]
    batcher.add([trade_at(501)])
    assert batcher.take(501) is None


def test_a_tick_beyond_the_span_or_the_size_waits_for_its_own_batch() -> None:
    batcher = Batcher(shard="0", max_span_ns=100, max_rows=2)
    batcher.add([trade_at(1), trade_at(2), trade_at(3), tick_at(250)])
    assert [times(batcher.take(250)) for _ in range(3)] == [[1, 2], [3], [250]]
    assert batcher.take(10**9) is None


def test_the_queue_never_exceeds_its_bound() -> None:
    batcher = Batcher(shard="0", max_span_ns=10**9)
    batcher.add([trade_at(number) for number in range(MAX_WAITING_ROWS)])
    with pytest.raises(QueueFullError):
        batcher.add([trade_at(MAX_WAITING_ROWS)])
