"""Streams of one batch: byte for byte those that Arrow writes, and read as Arrow reads them, whatever came before."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolphin.core.arrow.ipc import StreamReader, StreamWriter

DICTIONARY = pa.array(["x", "y", "x"]).dictionary_encode()
NESTED_DICTIONARY = pa.array([["x"], None, ["y"]]).cast(pa.list_(pa.dictionary(pa.int32(), pa.utf8())))
COLUMNS = [
    pa.array([1, None, 3]),
    pa.array(["a", None, "ccc"]),
    pa.array([[1, 2], None, []]),
    pa.array([{"a": 1}, {"a": None}, None]),
    pa.array([True, None, False]),
    DICTIONARY,
    NESTED_DICTIONARY,
]


def arrows_own(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as arrow:
        arrow.write_batch(batch)
    return sink.getvalue().to_pybytes()


def written(writer: StreamWriter, batch: pa.RecordBatch, metadata: dict[bytes, bytes]) -> bytes:
    return b"".join(writer.pieces(batch, metadata))


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.type))
def test_a_stream_is_byte_for_byte_the_one_that_arrow_writes(column: pa.Array) -> None:
    whole = pa.record_batch({"column": column})
    writer = StreamWriter()
    for batch in (whole, whole.slice(1, 1), whole.slice(0, 0)):
        for number in (b"1", b"2", b"10"):
            metadata = {b"market_time_ns": number, b"run_id": b""}
            assert written(writer, batch, metadata) == arrows_own(batch.replace_schema_metadata(metadata))


VALUES = st.binary(max_size=4)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.dictionaries(st.sampled_from([b"a", b"b", b"shard", b"1"]), VALUES)), min_size=1, max_size=8))
def test_metadata_of_one_batch_never_shows_in_another(batches: list[tuple[bool, dict[bytes, bytes]]]) -> None:
    writer, reader = StreamWriter(), StreamReader()
    for is_wide, metadata in batches:
        batch = pa.record_batch({"x": [1], "y": [2]} if is_wide else {"x": [1]}, metadata={"own": "is replaced"})
        stream = written(writer, batch, metadata)
        assert stream == arrows_own(batch.replace_schema_metadata(metadata))
        back = reader.read(memoryview(stream))
        assert back.equals(batch)
        assert (back.schema.metadata or {}) == metadata


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.type))
def test_a_stream_is_read_as_arrow_reads_it(column: pa.Array) -> None:
    plain = pa.record_batch({"plain": [1, 2]})
    batch = pa.record_batch({"column": column}, metadata={"market_time_ns": "1"})
    reader = StreamReader()
    for sent in (batch, batch, plain, batch, batch.slice(1, 0)):
        back = reader.read(memoryview(arrows_own(sent)))
        assert back.equals(sent)
        assert back.schema.metadata == sent.schema.metadata


def test_streams_that_differ_in_metadata_or_in_a_name_are_told_apart() -> None:
    reader = StreamReader()
    for number in range(8, 14):
        for name in "xy":  # of one length, so that their schemas' messages are too
            sent = pa.record_batch({name: [number]}, metadata={"batch": str(number), "run_id": "", "shard": name})
            for _ in range(2):
                back = reader.read(memoryview(arrows_own(sent)))
                assert back.equals(sent, check_metadata=True)


def test_a_stream_in_the_form_of_before_arrow_0_15_is_read_too() -> None:
    batch = pa.record_batch({"x": [1, 2]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(use_legacy_format=True)) as arrow:
        arrow.write_batch(batch)
    assert StreamReader().read(memoryview(sink.getvalue())).equals(batch)


def test_a_compressed_stream_is_read_too() -> None:
    batch = pa.record_batch({"x": list(range(1000))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as arrow:
        arrow.write_batch(batch)
    assert StreamReader().read(memoryview(sink.getvalue())).equals(batch)


def test_a_batch_outlives_the_bytes_it_was_read_from() -> None:
    stream = bytearray(arrows_own(pa.record_batch({"x": [1, 2, 3]})))
    batch = StreamReader().read(memoryview(stream))
    stream[:] = bytes(len(stream))
    assert batch.column("x").to_pylist() == [1, 2, 3]


@pytest.mark.parametrize("cut", [0, 3, 8, 40, 200])
def test_bytes_that_are_no_stream_are_refused(cut: int) -> None:
    stream = arrows_own(pa.record_batch({"x": [1, 2, 3]}))
    with pytest.raises((pa.ArrowInvalid, StopIteration)):
        StreamReader().read(memoryview(stream[:cut]))
