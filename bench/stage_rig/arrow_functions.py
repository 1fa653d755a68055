"""What our stage runs on record batches: nothing, and one column made of two others."""

import numpy as np
import pyarrow as pa


def same(batch: pa.RecordBatch) -> pa.RecordBatch:
    """What came in."""
    return batch


def mid(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the mean of `bid` and `ask` as one more column."""
    mids = (np.asarray(batch.column("bid")) + np.asarray(batch.column("ask"))) * 0.5
    return batch.append_column("mid", pa.array(mids))
