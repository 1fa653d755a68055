"""The stages of the chaos test: what was sent twice is dropped, what is left is added up."""

import json
from typing import Final

import numpy as np
import pyarrow as pa


class OnceEach:
    """Drops a batch that its sender had to repeat: numbers of one shard rise, and a repeated one does not."""

    def __init__(self) -> None:
        self._last = 0

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        number = batch.column("number")[0].as_py()
        if number <= self._last:
            return None
        self._last = number
        return batch

    def snapshot(self) -> bytes:
        return str(self._last).encode()

    def restore(self, state: bytes) -> None:
        self._last = int(state)


class Sums:
    """The sum of amounts and the number of rows of each asset so far, for the assets of each batch."""

    OUTPUT: Final = pa.schema([("asset", pa.utf8()), ("total", pa.int64()), ("rows", pa.int64())])

    def __init__(self) -> None:
        self._sums: dict[str, list[int]] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        amounts = np.asarray(batch.column("amount"))
        touched: dict[str, None] = {}
        for asset, amount in zip(batch.column("asset").to_pylist(), amounts.tolist(), strict=True):
            total = self._sums.setdefault(asset, [0, 0])
            total[0] += amount
            total[1] += 1
            touched[asset] = None
        return pa.record_batch(
            [list(touched), [self._sums[asset][0] for asset in touched], [self._sums[asset][1] for asset in touched]], schema=self.OUTPUT
        )

    def snapshot(self) -> bytes:
        return json.dumps(self._sums).encode()

    def restore(self, state: bytes) -> None:
        self._sums = json.loads(state)
