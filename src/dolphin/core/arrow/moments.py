"""A batch cut where its market time changes.

As the feed cuts its batches, every batch of FEATURES or SCAN rows is of one moment. In a file, or where batches were joined, they follow
one another, and a reader cuts batches where it likes: a stage that looks at moments takes them from here, so that all give the same.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def moments(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(market time in ns, its rows) for each run of rows with one `market_time_ns`, in order; nothing for a batch without rows."""
    times = batch.column("market_time_ns").to_numpy()
    starts = np.flatnonzero(np.diff(times, prepend=times[:1] - 1))
    for start, end in pairwise([*starts.tolist(), batch.num_rows]):
        yield int(times[start]), batch.slice(start, end - start)


def grid_points(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The moments of a FEATURES batch at which the feed ticked: (market time in ns, its rows), in order.

    Whatever decides looks here and nowhere else: how much market a batch holds, and so how fast it is played, then decides nothing.
    """
    is_tick = pc.equal(batch.column("market_time_ns"), batch.column("ticked_at_ns"))  # pyright: ignore[reportUnknownMemberType]
    if is_tick.true_count:  # as a rule all rows or none: a batch as the feed cuts it need not be copied
        yield from moments(batch if is_tick.true_count == batch.num_rows else batch.filter(is_tick))


def joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """The rows of `batches` (at least one, all of one schema) in one."""
    if not any(batch.num_rows for batch in batches):
        return batches[0]
    (batch,) = pa.Table.from_batches(list(batches)).combine_chunks().to_batches()
    return batch
