"""The schema's names: cause ids and batch metadata read back as written."""

import pyarrow as pa
import pytest

from dolphin.core.arrow.ipc import StreamReader
from dolphin.core.contract.market import (
    MARKET,
    STREAM_OF_KIND,
    BatchInfo,
    Cause,
    Kind,
    cause_id,
    encode_batch,
    info_of,
    parse_cause_id,
    with_info,
)
from dolphin.core.control.law import LAW


def one_tick() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"asset": "", "kind": Kind.TICK, "market_time_ns": 5}], schema=MARKET)


@pytest.mark.parametrize("kind", [kind for kind in STREAM_OF_KIND if kind is not Kind.GAP])
def test_a_cause_id_names_the_message_it_was_made_from(kind: Kind) -> None:
    assert parse_cause_id(cause_id("BTCUSDT", kind, 5123107852948)) == Cause("BTCUSDT", kind, 5123107852948)


def test_the_two_trade_streams_have_distinct_causes() -> None:
    assert cause_id("BTCUSDT", Kind.TRADE, 7) == "BTCUSDT@trade#7"
    assert cause_id("BTCUSDT", Kind.AGG_TRADE, 7) == "BTCUSDT@aggTrade#7"


def test_a_gap_is_caused_by_the_depth_message_that_did_not_fit() -> None:
    assert parse_cause_id(cause_id("BTCUSDT", Kind.GAP, 7)).kind is Kind.DEPTH


@pytest.mark.parametrize(
    "text", ["", "BTCUSDT", "@trade#7", "BTCUSDT@trade", "BTCUSDT@trade#", "BTCUSDT@kline#7", "BTCUSDT@trade#-7", "BTCUSDT@trade#x"]
)
def test_what_is_not_a_cause_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a cause id"):
        parse_cause_id(text)


def test_a_tick_has_no_cause() -> None:
    with pytest.raises(KeyError):
        cause_id("", Kind.TICK, 0)


def test_metadata_and_rows_survive_the_wire() -> None:
    info = BatchInfo(shard="0", batch=3, market_time_ns=5, published_wall_ns=9, emitted_wall_ns=11, run_id="r1")
    batch = with_info(one_tick(), info)
    received = StreamReader().read(memoryview(encode_batch(batch)))
    assert received.equals(batch)
    assert info_of(received) == info


def test_a_batch_is_stamped_with_the_law_of_its_maker_and_one_without_is_nobodys() -> None:
    batch = with_info(one_tick(), BatchInfo("0", 1, 5))
    assert info_of(batch).law == LAW
    older = {key: value for key, value in batch.schema.metadata.items() if key != b"law"}
    assert info_of(batch.replace_schema_metadata(older)).law == ""


def test_missing_or_malformed_metadata_is_named() -> None:
    with pytest.raises(ValueError, match="shard"):
        info_of(one_tick())
    wrong = with_info(one_tick(), BatchInfo("0", 1, 5)).replace_schema_metadata({b"shard": b"0", b"batch": b"x"})
    with pytest.raises(ValueError, match="batch = 'x'"):
        info_of(wrong)
