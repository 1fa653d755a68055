"""Rows of MARKET out of Arrow's memory into the arrays of the feature kernel, all columns in one compiled call.

To wrap sixteen columns one by one with pyarrow and numpy takes 60 µs, and 300 where a processor's caches hold something else, as they do
when a market speaks after a pause: several times what the kernel itself takes. The addresses come through Arrow's C data interface
(https://arrow.apache.org/docs/format/CDataInterface.html), which pyarrow and Arrow promise to keep; nothing is copied but the values.

Like `feature_kernel` this imports numba: only the feature stage's constructor does.
"""

# numba's decorators and pyarrow's capsules are untyped
# pyright: reportPrivateImportUsage=false, reportCallIssue=false, reportGeneralTypeIssues=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

import ctypes
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from dolphin.core.contract.schemas import MARKET
from dolphin.core.signals.columns import FLOAT_INPUTS, INT_INPUTS
from dolphin.core.signals.compiling import kernel

KIND_AT: Final = MARKET.get_field_index("kind")
SIDE_AT: Final = MARKET.get_field_index("is_taker_buy")
INTS_AT: Final = np.array([MARKET.get_field_index(name) for name in INT_INPUTS])
FLOATS_AT: Final = np.array([MARKET.get_field_index(name) for name in FLOAT_INPUTS])

# struct ArrowArray, in words of eight bytes
_WORDS: Final = 10
_OFFSET: Final = 2
_BUFFERS: Final = 5
_CHILDREN: Final = 6

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]

type Rows = tuple[NDArray[np.uint8], NDArray[np.int8], NDArray[np.int64], NDArray[np.float64]]


def read_rows(batch: pa.RecordBatch) -> Rows:
    """The inputs of `feature_kernel.apply_rows`, from kinds on, for a batch of exactly the schema MARKET (other types would be read as
    what they are not)."""
    assert batch.schema.equals(MARKET)
    _, array = cast("tuple[object, object]", batch.__arrow_c_array__())  # holds the batch's memory until it is let go
    return _read(_pointer_of(array, b"arrow_array"), batch.num_rows)


@intrinsic
def _at(_context: Any, address: Any) -> Any:
    """An address as a pointer that `carray` takes."""

    def convert(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), convert


@kernel
def _words(address: int, count: int) -> NDArray[np.int64]:
    return carray(_at(address), count, np.int64)


@kernel
def _column(array: NDArray[np.int64], position: int) -> tuple[int, int, int]:
    """(address of the validity bits or 0, address of the values, place of the first row) of a column of the batch."""
    children = _words(array[_CHILDREN], position + 1)
    column = _words(children[position], _WORDS)
    buffers = _words(column[_BUFFERS], 2)
    return buffers[0], buffers[1], array[_OFFSET] + column[_OFFSET]


@kernel
def _bit(address: int, place: int) -> int:
    return (carray(_at(address + place // 8), 1, np.uint8)[0] >> (place % 8)) & 1


@kernel
def _fill(into: NDArray[Any], array: NDArray[np.int64], position: int, missing: float) -> None:
    """Values of eight bytes, which have `into`'s type."""
    validity, address, first = _column(array, position)
    values = carray(_at(address), first + into.size, into.dtype)
    for row in range(into.size):
        into[row] = values[first + row] if validity == 0 or _bit(validity, first + row) else missing


@kernel
def _read(address: int, rows: int) -> Rows:
    array = _words(address, _WORDS)
    kinds = np.empty(rows, np.uint8)
    sides = np.empty(rows, np.int8)
    times_and_ids = np.empty((INTS_AT.size, rows), np.int64)
    values = np.empty((FLOATS_AT.size, rows))
    _, kinds_address, first = _column(array, KIND_AT)
    kinds[:] = carray(_at(kinds_address), first + rows, np.uint8)[first:]
    validity, bits, first = _column(array, SIDE_AT)
    for row in range(rows):
        sides[row] = _bit(bits, first + row) if validity == 0 or _bit(validity, first + row) else -1
    for i in range(INTS_AT.size):
        _fill(times_and_ids[i], array, INTS_AT[i], -1)
    for i in range(FLOATS_AT.size):
        _fill(values[i], array, FLOATS_AT[i], np.nan)
    return kinds, sides, times_and_ids, values
