"""A stage's state as bytes, and back.

A snapshot is a msgpack map of plain values and NumPy arrays (dtype, shape, raw bytes) under a name and a version. Restoring what another
stage, another version or a broken disk wrote is an operating error that says so; it never yields a half-restored state.
"""

from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from dolphin.errors import BadInput

_ARRAY_EXT = 1
_REMEDY = "Start the job anew without a snapshot (dolphin job cancel, then submit)"


def _encode(value: object) -> msgpack.ExtType:
    if isinstance(value, np.ndarray):
        kind = None if value.dtype.fields else value.dtype.str
        return msgpack.ExtType(_ARRAY_EXT, msgpack.packb((kind, value.shape, np.ascontiguousarray(value).tobytes())))
    raise TypeError(f"a snapshot cannot hold {type(value).__name__}")


def _decoder(record: np.dtype[Any] | None) -> Any:
    def decode(code: int, data: bytes) -> NDArray[Any]:
        if code != _ARRAY_EXT:
            raise ValueError(f"unknown extension type {code}")
        kind, shape, raw = msgpack.unpackb(data)
        dtype = record if kind is None else np.dtype(kind)
        if dtype is None:
            raise ValueError("a record array where none belongs")
        return np.frombuffer(raw, dtype).reshape(shape).copy()

    return decode


def pack(stage: str, version: int, state: dict[str, Any]) -> bytes:
    """`state` (msgpack values and arrays; record arrays of one dtype only) as bytes marked with `stage` and `version`."""
    packed: bytes = msgpack.packb({"stage": stage, "version": version, "state": state}, default=_encode)  # pyright: ignore[reportAssignmentType]
    return packed


def unpack(data: bytes, stage: str, version: int, record: np.dtype[Any] | None = None) -> dict[str, Any]:
    """The state that `pack(stage, version, state)` wrote; `record` is the dtype of its record arrays.

    Arrays are fresh and writable. BadInput where the bytes are not such a snapshot.
    """
    try:
        found = msgpack.unpackb(data, ext_hook=_decoder(record), strict_map_key=False)
        mark = found["stage"], found["version"]
        state = found["state"]
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise BadInput(f"the snapshot of stage {stage} cannot be read ({error})", remedy=_REMEDY) from error
    if mark != (stage, version):
        raise BadInput(f"want a snapshot of {(stage, version)}", field="snapshot", value=mark, remedy=_REMEDY)
    return state
