"""Arrow IPC streams of one record batch, read and written at a fraction of the cost of `pyarrow.ipc`'s streams.

A stream is its messages one after the other (schema, batch, end), and Arrow reads and writes each alone. That is worth
while because the batches of a stage have one schema, of which at most the values of its metadata (times, numbers)
change from batch to batch. A schema whose bytes stay the same is not parsed again; one of which only those values
change is not built again, they are put in their places in its message. And the pieces of a written stream can go to a
socket as they are. Only dictionaries need messages of their own: such batches take pyarrow's own way.
"""

import struct
from collections.abc import Mapping
from typing import Final, Self

import pyarrow as pa

_CONTINUED: Final = b"\xff\xff\xff\xff"
_END_OF_STREAM: Final = _CONTINUED + bytes(4)
_PREFIX: Final = struct.Struct("<4si")


type Metadata = Mapping[bytes, bytes]


def _has_dictionary(schema: pa.Schema) -> bool:
    return any(map(_is_dictionary, schema.types))


def _is_dictionary(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return True
    # The stubs have no type of the inner fields.
    return any(_is_dictionary(kind.field(i).type) for i in range(kind.num_fields))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


class StreamReader:
    """Reads streams that follow one another; remembers the last schema."""

    def __init__(self) -> None:
        self._head = b""
        self._schema = pa.schema([])
        self._message: _SchemaMessage | None = None

    def read(self, stream: memoryview) -> pa.RecordBatch:
        """The first batch of `stream`, which is copied: Arrow wants aligned buffers, and a function may keep them.

        Raises `pyarrow.ArrowInvalid`, `EOFError` or `StopIteration` for bytes that are no stream or have no batch.
        """
        raw = bytes(stream)
        buffer = pa.py_buffer(raw)
        head = raw[: _schema_bytes(raw)]
        if not head or (head != self._head and not self._learn(head, buffer)):
            return pa.ipc.open_stream(buffer).read_next_batch()
        return pa.ipc.read_record_batch(buffer.slice(len(head)), self._schema)

    def _learn(self, head: bytes, buffer: pa.Buffer) -> bool:
        """Takes the schema in `head` for the present one; False if it cannot be used alone."""
        values = None if self._message is None else self._message.values(head)
        if self._message is not None and values is not None:
            self._head, self._schema = head, _with_metadata(self._message.schema, values)
            return True
        schema = pa.ipc.read_schema(buffer)
        if _has_dictionary(schema):
            return False
        if len(head) == len(self._head):  # likely to be followed by more of its kind, which is worth a closer look
            self._message = _SchemaMessage.of(head, schema)
        self._head, self._schema = head, schema
        return True


def _with_metadata(schema: pa.Schema, metadata: dict[bytes, bytes]) -> pa.Schema:
    return schema.with_metadata(metadata)  # pyright: ignore[reportUnknownMemberType]  # the stubs do not say of what the dict is


def _schema_bytes(raw: bytes) -> int:
    """Length of the schema's message; 0 if it is not of the form that Arrow has written since 0.15."""
    if len(raw) < _PREFIX.size:
        return 0
    mark, length = _PREFIX.unpack_from(raw)
    return _PREFIX.size + length if mark == _CONTINUED else 0


class _SchemaMessage:
    """The message of one schema, for metadata of given keys and lengths of values: only the values are put in each time.

    Where a value lies shows by comparing two messages that differ in nothing else.
    """

    def __init__(self, schema: pa.Schema, metadata: Metadata) -> None:
        blank = {key: bytes(len(value)) for key, value in metadata.items()}
        self.schema = schema
        self._blank = bytearray(_with_metadata(schema, blank).serialize().to_pybytes())
        self._message = bytearray(self._blank)
        self._places: list[tuple[bytes, int, int]] = []
        for key, value in blank.items():
            marked = _with_metadata(schema, {**blank, key: b"\1" * len(value)}).serialize().to_pybytes()
            start = next((i for i, byte in enumerate(marked) if byte != self._message[i]), 0)
            self._places.append((key, start, start + len(value)))

    @classmethod
    def of(cls, head: bytes, schema: pa.Schema) -> Self | None:
        """From the message `head` of `schema`; None if it is not as it would be written here."""
        metadata = schema.metadata or {}
        message = cls(schema.remove_metadata(), metadata)
        return message if message.filled(metadata) == head else None

    def values(self, head: bytes) -> dict[bytes, bytes] | None:
        """The metadata of a message that differs from this one in their values alone; None if it is another."""
        masked = bytearray(head)
        for _, start, end in self._places:
            masked[start:end] = bytes(end - start)
        return {key: head[start:end] for key, start, end in self._places} if masked == self._blank else None

    def filled(self, metadata: Metadata) -> bytes | None:
        """The message with these values; None if they do not have the keys, their order and the lengths it was made for."""
        if len(metadata) != len(self._places):
            return None
        message = self._message
        for (key, value), (place, start, end) in zip(metadata.items(), self._places, strict=True):
            if key != place or len(value) != end - start:
                return None
            message[start:end] = value
        return bytes(message)


class StreamWriter:
    """Writes streams of one batch each; remembers the last schema."""

    def __init__(self) -> None:
        self._last: _SchemaMessage | None = None

    def pieces(self, batch: pa.RecordBatch, metadata: Metadata) -> tuple[bytes | memoryview, ...]:
        """The stream with this batch and, in its schema, this metadata (instead of its own), as pieces to be written one
        after the other."""
        schema = batch.schema
        head = None
        if self._last is not None and schema.equals(self._last.schema):
            head = self._last.filled(metadata)
        elif _has_dictionary(schema):
            return (encoded(batch.replace_schema_metadata(dict(metadata))),)
        if head is None:
            self._last = _SchemaMessage(schema, metadata)
            head = self._last.filled(metadata)
            assert head is not None
            assert pa.ipc.read_schema(pa.py_buffer(head)).equals(_with_metadata(schema, dict(metadata)), check_metadata=True)
        return head, memoryview(batch.serialize()), _END_OF_STREAM


def encoded(batch: pa.RecordBatch) -> bytes:
    """The stream with this batch, its metadata in the schema."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)  # pyright: ignore[reportUnknownMemberType]  # the stubs do not say that it returns nothing
    return sink.getvalue().to_pybytes()


def decoded(stream: bytes) -> pa.RecordBatch:
    """The batch in a stream; its columns refer to the bytes. Raises as `StreamReader.read`."""
    with pa.ipc.open_stream(pa.py_buffer(stream)) as reader:
        return reader.read_next_batch()
