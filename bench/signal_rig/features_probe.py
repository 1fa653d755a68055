"""Timed: MARKET rows through the feature stage, through a plain Python loop, and a copy of their bytes."""

import sys
import time
from collections import defaultdict

import numpy as np
import pyarrow as pa

from bench.signal_rig.fresh import report
from bench.signal_rig.python_loop import Asset, apply_rows
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from python_udfs.features import Features

ASSETS = 50
BULK_ROWS = 20_000
SMALL_ROWS = 10
_START_NS = 1_700_000_000_000_000_000
_GAP_NS = 500_000
_SMALL_BATCHES = 2_000


def market(rng: np.random.Generator, rows: int, first: int) -> pa.RecordBatch:
    """`rows` MARKET rows of ASSETS assets, the `first`-th row onwards: books, trades and depths as a busy feed mixes them."""
    kind = rng.choice(np.array([Kind.BOOK, Kind.TRADE, Kind.DEPTH], np.uint8), rows, p=[0.6, 0.3, 0.1])
    price = 100 + rng.integers(-100, 100, rows) / 100
    index = first + np.arange(rows)
    times = _START_NS + index * _GAP_NS

    def of(wanted: Kind, values: np.ndarray) -> pa.Array:
        return pa.array(values, mask=kind != wanted)

    columns = {
        "asset": pa.array([f"A{i:02d}USDT" for i in rng.integers(0, ASSETS, rows)]),
        "kind": pa.array(kind),
        "event_time_ns": pa.array(times - rng.integers(1_000_000, 5_000_000, rows)),
        "market_time_ns": pa.array(times),
        "exchange_id": pa.array(index),
        "bid_price": of(Kind.BOOK, price),
        "bid_qty": of(Kind.BOOK, np.ones(rows)),
        "ask_price": of(Kind.BOOK, price + 0.01),
        "ask_qty": of(Kind.BOOK, np.ones(rows)),
        "price": of(Kind.TRADE, price),
        "qty": of(Kind.TRADE, rng.random(rows)),
        "is_taker_buy": of(Kind.TRADE, rng.random(rows) < 0.5),
        "bid_depth_usd": of(Kind.DEPTH, price * 1e4),
        "ask_depth_usd": of(Kind.DEPTH, price * 1e4),
        "mark_price": pa.nulls(rows, pa.float64()),
        "funding_rate": pa.nulls(rows, pa.float64()),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MARKET.names], schema=MARKET)


def python_rows(batch: pa.RecordBatch) -> list[tuple]:
    """The rows as the plain loop takes them."""
    values = {
        Kind.BOOK: ("bid_price", "bid_qty", "ask_price", "ask_qty"),
        Kind.TRADE: ("price", "qty", "price", "qty"),
        Kind.DEPTH: ("bid_depth_usd", "ask_depth_usd", "bid_depth_usd", "ask_depth_usd"),
    }
    return [
        (
            *(row[name] for name in ("asset", "kind", "event_time_ns", "market_time_ns", "exchange_id")),
            *(row[name] for name in values[Kind(row["kind"])]),
            row["is_taker_buy"],
        )
        for row in batch.to_pylist()
    ]


def main(seconds: float) -> None:
    started = time.perf_counter_ns()
    stage = Features()
    start_ns = time.perf_counter_ns() - started
    rng = np.random.default_rng(1)
    bulk = market(rng, BULK_ROWS, first=0)
    rows = python_rows(bulk)
    bytes_of_bulk = np.frombuffer(bulk.serialize(), np.uint8)
    small = [market(rng, SMALL_ROWS, first=BULK_ROWS + i * SMALL_ROWS) for i in range(_SMALL_BATCHES)]
    nothing_known = stage.snapshot()
    running = Features()
    running.process(bulk)
    after_bulk = running.snapshot()
    at = 0

    def bulk_rows() -> None:
        stage.restore(nothing_known)  # rows seen before would only be counted as duplicates
        stage.process(bulk)

    def small_batch() -> None:
        nonlocal at
        if at % _SMALL_BATCHES == 0:
            running.restore(after_bulk)
        running.process(small[at % _SMALL_BATCHES])
        at += 1

    functions = {
        "bulk": bulk_rows,
        "peer": lambda: apply_rows(defaultdict(Asset), rows),
        "floor": bytes_of_bulk.copy,
        "small": small_batch,
    }
    report(functions, seconds, once={"start": start_ns})


if __name__ == "__main__":
    main(float(sys.argv[1]))
