"""Values as msgpack and back: the one way for signals, commands, records and snapshots."""

# msgpack is untyped
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard, cast

import msgpack


def pack(value: object, default: Callable[[Any], Any] | None = None) -> bytes:
    """`value` (maps, lists, strings, ints, bytes, bools, None) as msgpack bytes; `default` makes something packable of anything else."""
    packed = cast("bytes | None", msgpack.packb(value, default=default))
    assert packed is not None  # only a stream packer returns None
    return packed


def unpack(data: bytes | bytearray, ext_hook: Callable[[int, bytes], Any] = msgpack.ExtType) -> Any:
    """What was packed; `ext_hook` reads extensions. Bytes that are not one value raise one of half a dozen kinds."""
    return cast("Any", msgpack.unpackb(data, ext_hook=ext_hook))


def is_map(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether something unpacked is a map; of what, is still to be looked at. A key may be bytes too, which nobody asks for."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether something unpacked is a list; of what, is still to be looked at."""
    return isinstance(value, list)
