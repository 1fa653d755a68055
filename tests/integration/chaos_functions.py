"""The stages of the chaos test: what was sent twice is dropped, what is left is added up."""

import json
from typing import Final, cast

import numpy as np
import pyarrow as pa


class OnceEach:
    """Drops a batch that its sender had to repeat: numbers of one shard rise by one, and a repeated one does not.

    A number that is skipped is a batch that was lost on the way, and an error.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        shard, number = batch.column("shard")[0].as_py(), batch.column("number")[0].as_py()
        last = self._last.get(shard, 0)
        if number <= last:
            return None
        if number != last + 1:
            raise ValueError(f"shard {shard}: batch {number} came after {last}")
        self._last[shard] = number
        return batch

    def snapshot(self) -> bytes:
        return json.dumps(self._last).encode()

    def restore(self, state: bytes) -> None:
        self._last = json.loads(state)


class Sums:
    """The sum of amounts and the number of rows of each asset so far, for the assets of each batch."""

    OUTPUT: Final = pa.schema([("asset", pa.utf8()), ("total", pa.int64()), ("rows", pa.int64())])

    def __init__(self) -> None:
        self._sums: dict[str, list[int]] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        amounts = np.asarray(batch.column("amount"))
        touched: dict[str, None] = {}
        for asset, amount in zip(cast("list[str]", batch.column("asset").to_pylist()), amounts.tolist(), strict=True):
            total = self._sums.setdefault(asset, [0, 0])
            total[0] += amount
            total[1] += 1
            touched[asset] = None
        totals, rows = [self._sums[asset][0] for asset in touched], [self._sums[asset][1] for asset in touched]
        return pa.record_batch({"asset": list(touched), "total": totals, "rows": rows}, schema=self.OUTPUT)

    def snapshot(self) -> bytes:
        return json.dumps(self._sums).encode()

    def restore(self, state: bytes) -> None:
        self._sums = json.loads(state)
