"""Two assets, calm and deep, a batch every 250 ms of market time, which ends with the feed's TICK; a fault is one GAP row: the depth of one
asset is not known any more."""

from typing import Any

import pyarrow as pa

from dolphin.cluster.wire import Batch
from dolphin.core.contract.batch import BatchInfo, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from dolphin.core.control.params import LAW_HASH

START_NS = 1_700_000_000_000_000_000
STEP_NS = 250_000_000
SHARD = "0"
PRICES = {"AUSDT": 100.0, "BUSDT": 10.0}


class Market:
    """Makes the batches, in order."""

    def __init__(self) -> None:
        self._number = 0

    def next(self, *, is_faulty: bool = False) -> Batch:
        """The next batch."""
        self._number += 1
        now_ns = START_NS + self._number * STEP_NS
        rows = [row for asset, price in PRICES.items() for row in self._calm(asset, price)]
        if is_faulty:
            rows.append({"asset": "AUSDT", "kind": int(Kind.GAP)})
        rows.append({"asset": "", "kind": int(Kind.TICK)})
        for row in rows:
            row |= {"event_time_ns": now_ns - 5_000_000, "market_time_ns": now_ns, "exchange_id": self._number}
        records = pa.RecordBatch.from_pylist(rows, schema=MARKET)
        return Batch.of(SHARD, now_ns, with_info(records, BatchInfo(SHARD, self._number, now_ns, run_id="bench-kill", law=LAW_HASH)))

    def _calm(self, asset: str, price: float) -> list[dict[str, Any]]:
        book = {"bid_price": price * 0.9999, "bid_qty": 50.0, "ask_price": price * 1.0001, "ask_qty": 50.0}
        trade = {"price": price, "qty": 1.0, "is_taker_buy": self._number % 2 == 0}
        depth = {"bid_depth_usd": 1e6, "ask_depth_usd": 1e6}
        return [
            {"asset": asset, "kind": int(kind), **fields} for kind, fields in ((Kind.BOOK, book), (Kind.TRADE, trade), (Kind.DEPTH, depth))
        ]
