"""The wire between a Jet processor and its Python worker.

Two Unix-domain stream sockets, both connected by the worker to the path on its command line: the first carries
requests (Java to Python), the second answers (Python to Java). Either side may be stopped at any byte by the death of
the other; end of stream means the peer is gone. All numbers are little-endian.

    frame   := length u32 | type u8 | seq u64 | body         length counts type, seq and body
    text    := n u32 | n bytes of UTF-8
    blob    := n u32 | n bytes

Requests, answered strictly in order:

    1 CONFIG     JSON object, to the end of the frame         answered by READY or ERROR
    2 RESTORE    key text | state blob                        not answered; before any batch
    3 BATCH      time_ns i64 | key text | Arrow IPC stream to the end       answered by RESULT or ERROR
    4 ROWS       time_ns i64 | key text | n u32 | n x (key text | value blob)    the same; all rows go to the instance `key`
    5 WATERMARK  time_ns i64                                  the same; sent only to functions that have `watermark`
    6 SNAPSHOT   (empty)                                      answered by STATE or ERROR

Answers, carrying the `seq` of their request (one may wait for those after it while more requests are at hand):

    16 HELLO     protocol u32 | pid u32 | python text         first frame of the answer socket, unasked
    17 READY     JSON object {"is_stateful": bool, "has_watermark": bool}
    18 RESULT    busy_ns u64 | rows_in u32 | n u32 | n x item
    19 STATE     n u32 | n x (key text | state blob)
    20 ERROR     what went wrong, a Python traceback where there is one: UTF-8 to the end; the worker exits after it
    21 PART      n u32 | n x item        the first items of a result, which need not wait for the rest: RESULT follows

    item    := edges u32 | kind u8 | key text | time_ns i64 | payload blob
               bit i of edges: goes to edge ordinal i. kind 1: a Batch. kind 2: a Row, time_ns 0

`tests/contract/stage_frames.json` holds one frame of each type as bytes; pytest and JUnit both read it. This file and
`dolphin.jet.stage.Frames` are the only two that know the layout.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

PROTOCOL = 2
MAX_ERROR_BYTES = 16 * 1024
READ_BYTES = 512 * 1024
"""Size of a reader's buffer; it is larger only while a larger frame comes in."""

_HEADER = struct.Struct("<IBQ")
_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_RESULT = struct.Struct("<QI")
_HELLO = struct.Struct("<II")
_EDGES_KIND = struct.Struct("<IB")
_TIME_LENGTH = struct.Struct("<qI")

HEADER_BYTES = _HEADER.size
_UNCOUNTED_BYTES = 4  # the length field itself


type Pieces = Sequence[bytes | memoryview]
"""Bytes to be written one after the other."""


class FrameType(IntEnum):
    """The type byte of a frame."""

    CONFIG = 1
    RESTORE = 2
    BATCH = 3
    ROWS = 4
    WATERMARK = 5
    SNAPSHOT = 6
    HELLO = 16
    READY = 17
    RESULT = 18
    STATE = 19
    ERROR = 20
    PART = 21


class ItemKind(IntEnum):
    """What Java makes of an item of a result."""

    BATCH = 1
    ROW = 2


class ProtocolError(Exception):
    """The peer sent bytes that are no frame of this protocol; the connection is of no more use."""


class Item(NamedTuple):
    """One thing to emit: `payload` (Arrow stream or row value, in pieces) under `key`, to every edge whose bit is set in `edges`."""

    edges: int
    kind: ItemKind
    key: str
    time_ns: int
    payload: Pieces


class Frame(NamedTuple):
    """One frame as it arrived; `body` is valid until the next call of `FrameReader.space`."""

    type: FrameType
    seq: int
    body: memoryview


class FrameReader:
    """Bytes in, frames out, in whatever pieces the bytes come. Does no I/O.

    One buffer is used again and again: the caller puts bytes into `space()`, says with `filled()` how many, and takes
    frames with `next()` until there is none.
    """

    def __init__(self, max_frame_bytes: int) -> None:
        """`max_frame_bytes`: a longer frame raises `ProtocolError` instead of being stored."""
        self.max_frame_bytes = max_frame_bytes
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._start = 0
        self._end = 0
        self._needed = 0

    def space(self) -> memoryview:
        """Where the next bytes go, at least one. Ends the validity of the frames given out."""
        rest = self._buffer[self._start : self._end]
        size = max(READ_BYTES, self._needed)
        if size != len(self._buffer):
            self._buffer = memoryview(bytearray(size))
        self._buffer[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        return self._buffer[self._end :]

    def filled(self, count: int) -> None:
        """`count` bytes have been put into `space()`."""
        self._end += count

    def next(self) -> Frame | None:
        """The next complete frame, or None until more bytes have come."""
        available = self._end - self._start
        self._needed = 0
        if available < _UNCOUNTED_BYTES:
            return None
        (length,) = _U32.unpack_from(self._buffer, self._start)
        if length < HEADER_BYTES - _UNCOUNTED_BYTES or length > self.max_frame_bytes:
            raise ProtocolError(f"a frame of {length} bytes; {self.max_frame_bytes} are allowed")
        if available < _UNCOUNTED_BYTES + length:
            self._needed = _UNCOUNTED_BYTES + length
            return None
        _, kind, seq = _HEADER.unpack_from(self._buffer, self._start)
        body = self._buffer[self._start + HEADER_BYTES : self._start + _UNCOUNTED_BYTES + length]
        self._start += _UNCOUNTED_BYTES + length
        try:
            return Frame(FrameType(kind), seq, body)
        except ValueError as unknown:
            raise ProtocolError(f"frame type {kind} is unknown") from unknown


def encode(kind: FrameType, seq: int, *parts: bytes | memoryview) -> list[bytes | memoryview]:
    """A frame as pieces for one gathering write; the parts are not copied."""
    body_bytes = sum(map(len, parts))
    return [_HEADER.pack(HEADER_BYTES - _UNCOUNTED_BYTES + body_bytes, kind, seq), *parts]


def text(value: str) -> bytes:
    """A `text` field."""
    raw = value.encode()
    return _U32.pack(len(raw)) + raw


def read_blob(body: memoryview, offset: int) -> tuple[memoryview, int]:
    """A `blob` field and the offset after it."""
    if offset + _U32.size > len(body):
        raise ProtocolError("a frame ends inside a length")
    (length,) = _U32.unpack_from(body, offset)
    start = offset + _U32.size
    if start + length > len(body):
        raise ProtocolError("a frame ends inside a field")
    return body[start : start + length], start + length


def read_text(body: memoryview, offset: int) -> tuple[str, int]:
    """A `text` field and the offset after it."""
    raw, end = read_blob(body, offset)
    return str(raw, "utf-8"), end


def read_i64(body: memoryview, offset: int) -> tuple[int, int]:
    """An `i64` field and the offset after it."""
    if offset + _I64.size > len(body):
        raise ProtocolError("a frame ends inside a number")
    return _I64.unpack_from(body, offset)[0], offset + _I64.size


def read_batch(body: memoryview) -> tuple[int, str, memoryview]:
    """BATCH: market time, key, Arrow stream."""
    if len(body) < _TIME_LENGTH.size:
        raise ProtocolError("a frame ends inside a number")
    time_ns, key_bytes = _TIME_LENGTH.unpack_from(body)
    key_end = _TIME_LENGTH.size + key_bytes
    if key_end > len(body):
        raise ProtocolError("a frame ends inside a field")
    return time_ns, str(body[_TIME_LENGTH.size : key_end], "utf-8"), body[key_end:]


def read_rows(body: memoryview) -> tuple[int, str, list[tuple[str, bytes]]]:
    """ROWS: market time, instance key, rows."""
    time_ns, offset = read_i64(body, 0)
    key, offset = read_text(body, offset)
    if offset + _U32.size > len(body):
        raise ProtocolError("a frame ends inside a count")
    (count,) = _U32.unpack_from(body, offset)
    offset += _U32.size
    rows: list[tuple[str, bytes]] = []
    for _ in range(count):
        row_key, offset = read_text(body, offset)
        value, offset = read_blob(body, offset)
        rows.append((row_key, bytes(value)))
    return time_ns, key, rows


def hello(pid: int, python: str) -> list[bytes | memoryview]:
    """HELLO."""
    return encode(FrameType.HELLO, 0, _HELLO.pack(PROTOCOL, pid), text(python))


def result(seq: int, busy_ns: int, rows_in: int, items: Sequence[Item]) -> Pieces:
    """RESULT; `items` are those that no PART had."""
    return encode(FrameType.RESULT, seq, _RESULT.pack(busy_ns, rows_in), *_items(items))


def part(seq: int, items: Sequence[Item]) -> Pieces:
    """PART."""
    return encode(FrameType.PART, seq, *_items(items))


def _items(items: Sequence[Item]) -> Pieces:
    parts: list[bytes | memoryview] = [_U32.pack(len(items))]
    for edges, kind, key, time_ns, payload in items:
        payload_bytes = sum(map(len, payload))
        parts.append(_EDGES_KIND.pack(edges, kind) + text(key) + _TIME_LENGTH.pack(time_ns, payload_bytes))
        parts += payload
    return parts


def state(seq: int, entries: Sequence[tuple[str, bytes]]) -> list[bytes | memoryview]:
    """STATE."""
    parts: list[bytes | memoryview] = [_U32.pack(len(entries))]
    for key, blob in entries:
        parts += [text(key), _U32.pack(len(blob)), blob]
    return encode(FrameType.STATE, seq, *parts)


def error(seq: int, traceback: str) -> list[bytes | memoryview]:
    """ERROR; of a long traceback the end is kept, where the exception is."""
    raw = traceback.encode(errors="replace")
    return encode(FrameType.ERROR, seq, raw[-MAX_ERROR_BYTES:])
