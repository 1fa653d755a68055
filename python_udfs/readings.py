"""A FEATURES batch as the readings of `dolphin.core.sensing`: what the two safety stages share."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from dolphin.core.arrow.columns import by_name
from dolphin.core.contract.schemas import FEATURES, SIGNALS
from dolphin.core.control import params
from dolphin.core.sensing.readings import COLUMNS, AssetReading, read

INPUT: Final = pa.schema([pa.field(name, FEATURES.field(name).type) for name in (*COLUMNS, "market_time_ns")])
"""The columns of FEATURES that are read, all of which may be null; others may be there."""


def other_law(batch: pa.RecordBatch) -> str:
    """What is wrong with the control law a batch was made under, or "". A batch without a feed's metadata was made here, by hand."""
    metadata = batch.schema.metadata or {}
    return params.difference(metadata.get(b"law", b"").decode()) if b"shard" in metadata else ""


def market_time_ns(batch: pa.RecordBatch) -> int | None:
    """Market time of the batch: from its metadata, else the newest row's; None for an empty batch without either."""
    stamp = (batch.schema.metadata or {}).get(b"market_time_ns")
    if stamp is not None:
        return int(stamp)
    times = [time for time in batch.column("market_time_ns").to_pylist() if time is not None]
    return max(times, default=None)


def readings(batch: pa.RecordBatch) -> Iterator[AssetReading]:
    """The readings of a batch, in its order."""
    columns = [batch.column(name).to_pylist() for name in COLUMNS]
    for row in zip(*columns, strict=True):
        yield read(*row)


def signals(keys: list[str], values: list[bytes]) -> pa.RecordBatch:
    """Packed signals by the keys of their gates, as a stage's output."""
    return by_name({"key": keys, "value": values}, SIGNALS)
