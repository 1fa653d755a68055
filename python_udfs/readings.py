"""A FEATURES batch as the readings of `dolphin.core.sensing`: what the two safety stages share.

Only grid points are read (`dolphin.core.arrow.moments`): the stages step once for each TICK of the feed, whatever batches the market
comes in.
"""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from dolphin.core.arrow.columns import by_name
from dolphin.core.arrow.moments import grid_points
from dolphin.core.contract.schemas import FEATURES, SIGNALS
from dolphin.core.control import params
from dolphin.core.sensing.readings import COLUMNS, AssetReading, read

INPUT: Final = pa.schema([pa.field(name, FEATURES.field(name).type) for name in (*COLUMNS, "market_time_ns", "ticked_at_ns")])
"""The columns of FEATURES that are read, all of which may be null; others may be there."""


def other_law(batch: pa.RecordBatch) -> str:
    """What is wrong with the control law a batch was made under, or "". A batch without a feed's metadata was made here, by hand."""
    metadata = batch.schema.metadata or {}
    return params.difference(metadata.get(b"law", b"").decode()) if b"shard" in metadata else ""


def readings(batch: pa.RecordBatch) -> Iterator[tuple[int, list[AssetReading]]]:
    """(market time, readings of all assets) at each grid point in `batch`, in order."""
    for time_ns, rows in grid_points(batch):
        columns = [rows.column(name).to_pylist() for name in COLUMNS]
        yield time_ns, [read(*row) for row in zip(*columns, strict=True)]


def signals(keys: list[str], values: list[bytes]) -> pa.RecordBatch:
    """Packed signals by the keys of their gates, as a stage's output."""
    return by_name({"key": keys, "value": values}, SIGNALS)
