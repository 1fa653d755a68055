"""Rows of the topics as values: what is not known is left out."""

import math

import pyarrow as pa
import pytest

from dolphin.core.contract.batch import BatchInfo, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.placing.view import Touch
from dolphin.trading.inbound import read_features, read_ranking, to_e8

T0 = 1_700_000_000_000_000_000


def features(**columns: list[object]) -> pa.RecordBatch:
    rows = len(next(iter(columns.values())))
    defaults: dict[str, list[object]] = {
        "asset": [f"A{n}" for n in range(rows)],
        "bid": [99.9] * rows,
        "ask": [100.1] * rows,
        "bid_qty": [1.0] * rows,
        "ask_qty": [2.5] * rows,
        "sigma_5s": [1e-4] * rows,
        "updated_at_ns": [T0] * rows,
        "last_kind": [int(Kind.BOOK)] * rows,
        "last_exchange_id": [7] * rows,
    }
    return with_info(pa.record_batch(defaults | columns), BatchInfo("0", 1, T0))


def test_a_row_becomes_a_touch_in_e8() -> None:
    batch = read_features(features(asset=["BTCUSDT"]))
    assert batch.touches == {"BTCUSDT": Touch(9_990_000_000, 10_010_000_000, 100_000_000, 250_000_000)}
    assert batch.info.market_time_ns == T0


@pytest.mark.parametrize("column", ["bid", "ask", "bid_qty", "ask_qty"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, 0.0, -1.0, 1e30])
def test_a_row_without_a_usable_touch_is_left_out(column: str, value: float | None) -> None:
    batch = read_features(features(asset=["bad", "good"], **{column: [value, 100.0 if column != "ask" else 100.1]}))
    assert list(batch.touches) == ["good"]


@pytest.mark.parametrize("bid", [100.1, 100.2])
def test_a_locked_or_crossed_touch_is_left_out(bid: float) -> None:
    assert not read_features(features(bid=[bid])).touches


def test_the_cause_is_the_message_heard_last_and_never_the_feeds_own() -> None:
    batch = read_features(
        features(asset=["A", "B", "C", ""], updated_at_ns=[T0, T0 + 5, None, T0 + 9], last_kind=[1, 2, 1, int(Kind.TICK)])
    )
    assert batch.last_cause == "B@trade#7"


def test_volatility_that_is_not_known_is_nan() -> None:
    assert math.isnan(read_features(features(sigma_5s=[None])).sigma_5s["A0"])


def test_a_missing_column_is_named() -> None:
    batch = pa.record_batch({"asset": ["A"]})
    with pytest.raises(ValueError, match="bid"):
        read_features(with_info(batch, BatchInfo("0", 1, T0)))


def test_the_ranking_is_in_the_order_of_rank_and_bounded() -> None:
    count = 60
    table = {
        "rank": pa.array(range(count, 0, -1), pa.int32()),
        "asset": [f"A{n}" for n in range(count, 0, -1)],
        "score": [1.0] * count,
        "plunge_depth": [math.nan] * count,
        "sigma_5s": [None] * count,
        "market_time_ns": [T0 + 1] * count,
    }
    ranking = read_ranking(with_info(pa.record_batch(table), BatchInfo("universe", 1, T0)), limit=3)
    assert [row.asset for row in ranking.rows] == ["A1", "A2", "A3"]
    assert ranking.market_time_ns == T0 + 1


def test_e8_is_exact_for_decimal_prices() -> None:
    assert to_e8(57_123.4) == 5_712_340_000_000
    assert to_e8(0.00000812) == 812
    assert to_e8("1") is None
