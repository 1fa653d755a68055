"""Record batches of one shape, written in place.

Building a batch of forty columns object by object costs pyarrow 170 µs, at hundreds of batches a second most of a stage's work. A template
keeps the batch as one Arrow IPC message: a new batch is a copy of its bytes with new values in the columns' places, and one read, 15 µs.
Where the columns lie is asked of pyarrow once, never assumed.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class BatchTemplate:
    """A batch of at least one row without nulls, some of whose columns are given new values each time."""

    def __init__(self, batch: pa.RecordBatch, blocks: Sequence[Sequence[str]]) -> None:
        """`blocks` are the columns to be rewritten, grouped: consecutive columns of one fixed-width type are one block."""
        assert batch.num_rows > 0
        message = batch.serialize()
        columns = pa.ipc.read_record_batch(message, batch.schema)
        self._schema = batch.schema
        self._message = np.frombuffer(message, np.uint8)
        self._places = [_place(message, [columns.column(name) for name in block]) for block in blocks]

    def filled(self, *values: NDArray[np.generic]) -> pa.RecordBatch:
        """A new batch with `values` in the blocks' places: (columns of the block, rows) each; booleans packed, lowest bit first."""
        message = self._message.copy()
        for (start, step), block in zip(self._places, values, strict=True):
            place = np.ndarray(block.shape, block.dtype, message.data, start, (step, block.itemsize))
            place[:] = block
        return pa.ipc.read_record_batch(pa.py_buffer(message), self._schema)


def _place(message: pa.Buffer, columns: list[pa.Array]) -> tuple[int, int]:
    """Offset of the first column's values in `message`, and the distance from one column to the next."""
    assert all(column.null_count == 0 for column in columns)
    starts = [column.buffers()[1].address - message.address for column in columns]
    steps = np.diff(starts)
    assert (steps == steps[:1]).all(), "a block's columns are not of one type, or not consecutive"
    return starts[0], int(steps[0]) if steps.size else 0
