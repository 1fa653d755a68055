"""Values as msgpack and back: the one way for signals, commands, records and snapshots."""

from collections.abc import Callable
from typing import Any

import msgpack


def pack(value: object, default: Callable[[Any], Any] | None = None) -> bytes:
    """`value` (maps, lists, strings, ints, bytes, bools, None) as msgpack bytes; `default` makes something packable of anything else."""
    packed = msgpack.packb(value, default=default)
    assert packed is not None  # only a stream packer returns None
    return packed


def unpack(data: bytes | bytearray, ext_hook: Callable[[int, bytes], Any] = msgpack.ExtType) -> Any:
    """What was packed; `ext_hook` reads extensions. Bytes that are not one value raise one of half a dozen kinds."""
    return msgpack.unpackb(data, ext_hook=ext_hook)
