"""A small seeded market that plays through the feature, scan and ranking stages in tests."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dolphin.core.arrow.moments import joined
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def market(assets: list[str], seconds: int, seed: int = 0) -> Iterator[pa.RecordBatch]:
    """One MARKET batch a second: a book, a trade and a depth of each asset, moved by a common factor, and a TICK. Deeper books to the later
    assets."""
    rng = np.random.default_rng(seed)
    count = len(assets)
    mids = np.full(count, 100.0)
    kinds = np.tile(np.array([Kind.BOOK, Kind.TRADE, Kind.DEPTH], np.uint8), count)
    for second in range(seconds):
        mids = mids * np.exp(5e-4 * (rng.normal() + rng.normal(size=count)))
        per_row = np.repeat(mids, 3)
        times = START + second * SECOND + np.arange(3 * count) * 1_000
        qty = rng.random(3 * count)
        columns = {
            "asset": pa.array(np.repeat(assets, 3).tolist()),
            "kind": pa.array(kinds),
            "event_time_ns": pa.array(times - 3_000_000),
            "market_time_ns": pa.array(times),
            "exchange_id": pa.array(np.full(3 * count, second + 1)),
            "bid_price": pa.array(per_row - 0.01),
            "bid_qty": pa.array(qty),
            "ask_price": pa.array(per_row + 0.01),
            "ask_qty": pa.array(qty),
            "price": pa.array(per_row),
            "qty": pa.array(qty),
            "is_taker_buy": pa.array(rng.random(3 * count) < 0.5),
            "bid_depth_usd": pa.array(1e5 * np.repeat(np.arange(1.0, count + 1), 3)),
            "ask_depth_usd": pa.array(np.full(3 * count, 1e9)),
            "mark_price": pa.nulls(3 * count, pa.float64()),
            "funding_rate": pa.nulls(3 * count, pa.float64()),
        }
        tick = dict.fromkeys(MARKET.names) | {"asset": "", "kind": int(Kind.TICK), "market_time_ns": int(times[-1]) + 1}
        yield joined([pa.RecordBatch.from_arrays(list(columns.values()), schema=MARKET), pa.RecordBatch.from_pylist([tick], schema=MARKET)])
