"""Stage functions for the tests of whole pipelines, small enough to predict."""

import json
from typing import Final, cast

import msgpack
import pyarrow as pa
import pyarrow.compute as pc


class Count:
    """How many rows of each asset it has seen; one row an asset of the batch."""

    INPUT: Final = pa.schema([("asset", pa.utf8())])
    OUTPUT: Final = pa.schema([("asset", pa.utf8()), ("n", pa.int64())])

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        assets = cast("list[str]", batch.column("asset").to_pylist())
        for asset in assets:
            self._seen[asset] = self._seen.get(asset, 0) + 1
        known = sorted(set(assets))
        return pa.record_batch({"asset": known, "n": [self._seen[asset] for asset in known]}, schema=self.OUTPUT)

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


def manual_cuts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """An operator's cut of each asset; the batch's market time is the sequence number."""
    assets = batch.column("asset").to_pylist()
    times = batch.column("market_time_ns").to_pylist()
    signals = [
        {"kind": "manual", "op": "cut", "level": 4, "reason": "test", "by": "test", "seq": time_ns, "time_ns": time_ns} for time_ns in times
    ]
    return pa.record_batch(
        {"key": [f"cuts/{asset}" for asset in assets], "value": pa.array([msgpack.packb(signal) for signal in signals], pa.binary())}
    )


class Wide:
    """A batch that is small as a message and takes a good part of a second to encode as `ROWS` entries of a map."""

    ROWS: Final = 2_000

    def __init__(self) -> None:
        self._batches = 0

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self._batches += batch.num_rows > 0
        numbers = pa.array([list(range(100)) * 5] * self.ROWS, pa.list_(pa.int8()))
        return pa.record_batch({"row": list(range(self.ROWS)), "batches": [self._batches] * self.ROWS, "numbers": numbers})

    def snapshot(self) -> bytes:
        return self._batches.to_bytes(8, "little")

    def restore(self, state: bytes) -> None:
        self._batches = int.from_bytes(state, "little")
