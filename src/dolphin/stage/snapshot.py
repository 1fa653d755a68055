"""A stage's state as bytes, and back: the one way for every stage.

A snapshot is a msgpack map of plain values and NumPy arrays (dtype, shape, raw bytes) under a name and a version; an array of records says
which layout its bytes have, and a stage whose arrays have a row for each of some columns names those. Restoring what another stage, another
version, another layout or a broken disk wrote is an operating error that says so; it never yields a half-restored state.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from dolphin.core.contract.packing import pack as packed
from dolphin.core.contract.packing import unpack
from dolphin.errors import BadInput

type State = dict[str, Any]

_ARRAY_EXT = 1
_REMEDY = "Start the job anew without a snapshot (dolphin job cancel, then submit)"


def pack(stage: str, version: int, state: State, columns: Sequence[str] = ()) -> bytes:
    """`state` (msgpack values and arrays; record arrays of one dtype only) as bytes marked with `stage`, `version` and the
    names of `columns`, the rows of its arrays."""
    return packed({"stage": stage, "version": version, "columns": list(columns), "state": state}, default=_encode)


def restored[T](
    data: bytes,
    stage: str,
    version: int,
    read: Callable[[State], T],
    record: np.dtype[Any] | None = None,
    columns: Sequence[str] = (),
) -> T:
    """What `read` makes of the state that `pack(stage, version, state, columns)` wrote; `record` is the dtype of its record arrays.

    Arrays are fresh and writable.

    Raises:
        BadInput: the bytes are not such a snapshot, or `read` cannot take its state; what `read` refuses itself is raised as it is.
    """
    try:
        found = unpack(data, ext_hook=_decoder(record))
        mark, state = (found["stage"], found["version"], *found["columns"]), found["state"]
        if mark == (stage, version, *columns):
            return read(state)
    except BadInput:
        raise
    except Exception as error:  # damaged bytes raise many kinds; every one means the same
        raise BadInput(f"the snapshot of stage {stage} cannot be read ({error})", remedy=_REMEDY) from error
    raise BadInput(f"want a snapshot of {(stage, version, *columns)}", field="snapshot", value=mark, remedy=_REMEDY)


def _encode(value: object) -> msgpack.ExtType:
    if isinstance(value, np.ndarray):
        kind = _layout(value.dtype) if value.dtype.fields else value.dtype.str
        return msgpack.ExtType(_ARRAY_EXT, packed((kind, value.shape, np.ascontiguousarray(value).tobytes())))
    raise TypeError(f"a snapshot cannot hold {type(value).__name__}")


def _decoder(record: np.dtype[Any] | None) -> Callable[[int, bytes], NDArray[Any]]:
    def decode(code: int, data: bytes) -> NDArray[Any]:
        if code != _ARRAY_EXT:
            raise ValueError(f"unknown extension type {code}")
        kind, shape, raw = unpack(data)
        if kind.startswith("record "):
            if record is None or kind != _layout(record):
                raise ValueError("records of another layout")
            dtype = record
        else:
            dtype = np.dtype(kind)
        return np.frombuffer(raw, dtype).reshape(shape).copy()

    return decode


def _layout(dtype: np.dtype[Any]) -> str:
    """Names, types and places of the fields of a record: bytes of another layout would be read as what they are not."""
    assert dtype.fields is not None
    places = [(name, str(kind), offset) for name, (kind, offset, *_) in dtype.fields.items()]
    return "record " + hashlib.sha256(repr((places, dtype.itemsize)).encode()).hexdigest()[:16]
