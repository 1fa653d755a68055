"""A batch cut where its market time changes.

In a job every batch of FEATURES or SCAN rows is of one moment. In a file they follow one another, and a reader cuts batches where it likes:
a stage that looks at moments takes them from here, so that files and jobs give the same.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa


def moments(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(market time in ns, its rows) for each run of rows with one `market_time_ns`, in order; nothing for a batch without rows."""
    times = batch.column("market_time_ns").to_numpy()
    starts = np.flatnonzero(np.diff(times, prepend=times[:1] - 1))
    for start, end in pairwise([*starts.tolist(), batch.num_rows]):
        yield int(times[start]), batch.slice(start, end - start)
