"""Record batches of one shape, written in place.

Building a batch of forty columns object by object costs pyarrow 170 µs, at hundreds of batches a second most of a stage's work. A template
keeps the batch as one Arrow IPC message and shows where its columns lie as numpy arrays: whoever computes the values writes them there, and
a batch is a copy of the message and one read, 15 µs. Where the columns lie is asked of pyarrow once, never assumed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class BatchTemplate:
    """A batch of at least one row without nulls, some of whose columns are given new values each time."""

    places: tuple[NDArray[Any], ...]
    """The values of each block, to be written to: (columns of the block, rows); booleans packed, lowest bit first, in bytes."""

    def __init__(self, batch: pa.RecordBatch, blocks: Sequence[Sequence[str]]) -> None:
        """`blocks` are the columns to be rewritten, grouped: consecutive columns of one fixed-width type are one block."""
        assert batch.num_rows > 0
        message = batch.serialize()
        columns = pa.ipc.read_record_batch(message, batch.schema)
        self._schema = batch.schema
        self._message = bytearray(message)
        self.places = tuple(_place(self._message, message.address, [columns.column(name) for name in block]) for block in blocks)

    def batch(self) -> pa.RecordBatch:
        """A new batch with what is in `places` now."""
        return pa.ipc.read_record_batch(pa.py_buffer(bytes(self._message)), self._schema)


def _place(message: bytearray, address: int, columns: "list[pa.Array[pa.Scalar[pa.DataType]]]") -> NDArray[np.generic]:
    """The values of consecutive columns of one type inside `message`, a copy of what `columns` were read from at `address`."""
    assert all(column.null_count == 0 for column in columns)
    starts = [values.address - address for column in columns if (values := column.buffers()[1]) is not None]
    assert len(starts) == len(columns)
    steps = np.diff(starts)
    assert (steps == steps[:1]).all(), "a block's columns are not of one type, or not consecutive"
    rows, kind = len(columns[0]), columns[0].type
    if pa.types.is_boolean(kind):
        rows, dtype = -(-rows // 8), np.dtype(np.uint8)
    else:
        dtype = np.dtype(kind.to_pandas_dtype())
    step = int(steps[0]) if steps.size else rows * dtype.itemsize
    return np.ndarray((len(columns), rows), dtype, message, starts[0], (step, dtype.itemsize))
