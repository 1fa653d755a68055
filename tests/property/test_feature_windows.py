"""The compiled feature loop agrees with plain Python on any rows, and with itself however the rows are cut or the stage is moved."""

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolphin.core.arrow.moments import grid_points, moments
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from python_udfs.features import Features
from tests.unit.python_udfs.features_oracle import Oracle
from tests.unit.python_udfs.market_rows import SECOND, START, Row, batch, is_same

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No test here may fail for want of time on a busy machine."""
TOLERANCE = {"delay_ns": 2, "excess_delay_ns": 2, "jitter_ns": 1_000}
"""Nanoseconds; a microsecond of jitter is lost where delays are seconds off the first one."""
FLOATS = {name for name in MARKET.names if str(MARKET.field(name).type) == "double"}

price = st.integers(9_000, 11_000).map(lambda ticks: ticks / 100)
amount = st.integers(0, 1_000).map(float)
spoilt = st.sampled_from([None, math.nan, math.inf, -1.0])
step_ns = st.one_of(
    st.integers(1, SECOND // 5),
    st.integers(1, 3 * SECOND),
    st.sampled_from([SECOND, 5 * SECOND, 11 * SECOND, 61 * SECOND, 301 * SECOND, 400 * SECOND]),
)


@st.composite
def market_row(draw: st.DrawFn) -> Row:
    """A row with a step in `market_time_ns` and a step in `exchange_id`, made absolute by `rows`."""
    kind = draw(st.sampled_from([Kind.BOOK] * 4 + [Kind.DEPTH] * 3 + list(Kind)))
    bid = draw(price)
    row: dict[str, Any] = dict.fromkeys(MARKET.names) | {
        "asset": "" if kind == Kind.TICK else draw(st.sampled_from("ABC")),
        "kind": kind,
        "market_time_ns": draw(step_ns),
        "exchange_id": draw(st.sampled_from([1, 1, 1, 1, 1, 0, -1])),
        "bid_price": bid,
        "ask_price": bid + draw(st.integers(1, 30)) / 100,
        "is_taker_buy": draw(st.booleans()),
        "mark_price": bid,
        "funding_rate": draw(st.integers(-100, 100)) / 1e6,
        "price": bid,
        "event_time_ns": draw(st.one_of(st.none(), st.integers(-2 * SECOND, 2 * SECOND))),
    }
    for name in ("bid_qty", "ask_qty", "qty", "bid_depth_usd", "ask_depth_usd"):
        row[name] = draw(amount)
    if draw(st.integers(0, 9)) == 0:
        row[draw(st.sampled_from(sorted(FLOATS)))] = draw(spoilt)
    return row


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    result, time_ns, exchange_id = [], START, 100
    for row in draw(st.lists(market_row(), max_size=120)):
        time_ns += row["market_time_ns"]
        exchange_id += row["exchange_id"]
        delay = row["event_time_ns"]
        result.append(
            row | {"market_time_ns": time_ns, "exchange_id": exchange_id, "event_time_ns": None if delay is None else time_ns - delay}
        )
    return result


def last_moment(batches: list[pa.RecordBatch]) -> list[str]:
    return [repr(rows.to_pylist()) for each in batches for _, rows in list(moments(each))[-1:]]


def all_grid_points(batches: list[pa.RecordBatch]) -> list[str]:
    return [repr(rows.to_pylist()) for each in batches for _, rows in grid_points(each)]


def cut(rows: list[Row], at: int) -> list[list[Row]]:
    at = at % (len(rows) + 1)
    return [rows[:at], rows[at:]]


@settings(UNHURRIED, max_examples=150)
@given(rows(), st.integers(0, 1_000))
def test_every_feature_is_what_the_whole_history_says(rows: list[Row], at: int) -> None:
    stage, oracle = Features(), Oracle()
    for part in filter(None, cut(rows, at)):
        found = {row.pop("asset"): row for row in stage.process(batch(part)).to_pylist()}
        expected = oracle.play(part)
        assert found.keys() == expected.keys()
        for asset, features in expected.items():
            assert found[asset].keys() == features.keys()
            for name, value in features.items():
                tolerance = TOLERANCE.get(name, 1e-9)
                if value is None:
                    assert found[asset][name] is None, name
                else:
                    assert found[asset][name] == pytest.approx(value, rel=1e-9, abs=tolerance, nan_ok=True), name


@settings(UNHURRIED, max_examples=60)
@given(rows(), st.integers(0, 1_000))
def test_cutting_the_rows_elsewhere_changes_no_bit(rows: list[Row], at: int) -> None:
    whole, parts = Features(), Features()
    expected = whole.process(batch(rows))
    found = [parts.process(batch(part)) for part in filter(None, cut(rows, at))]
    assert last_moment(found[-1:]) == last_moment([expected])
    assert all_grid_points(found) == all_grid_points([expected])
    assert parts.snapshot() == whole.snapshot()


@settings(UNHURRIED, max_examples=60)
@given(rows(), st.integers(0, 1_000))
def test_a_restored_stage_goes_on_as_if_nothing_had_happened(rows: list[Row], at: int) -> None:
    through, before, after = Features(), Features(), Features()
    first, second = cut(rows, at)
    through.process(batch(first))
    before.process(batch(first))
    after.process(batch(second))  # whatever it knew is replaced
    after.restore(before.snapshot())
    assert is_same(after.process(batch(second)), through.process(batch(second)))
    assert after.snapshot() == through.snapshot()
