"""Stage functions for the tests of whole pipelines, small enough to predict."""

import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc


class Count:
    """How many rows of each asset it has seen; one row an asset of the batch."""

    INPUT: Final = pa.schema([("asset", pa.utf8())])
    OUTPUT: Final = pa.schema([("asset", pa.utf8()), ("n", pa.int64())])

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        assets = batch.column("asset").to_pylist()
        for asset in assets:
            self._seen[asset] = self._seen.get(asset, 0) + 1
        known = sorted(set(assets))
        return pa.record_batch([known, [self._seen[asset] for asset in known]], schema=self.OUTPUT)

    def snapshot(self) -> bytes:
        return json.dumps(self._seen).encode()

    def restore(self, state: bytes) -> None:
        self._seen = json.loads(state)


def total(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The sum of a batch's counts, as one row."""
    return pa.record_batch({"asset": ["all"], "n": [pc.sum(batch.column("n")).as_py()]})


def broken(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Raises on its first batch."""
    raise ValueError(f"cannot count {batch.num_rows} rows")
