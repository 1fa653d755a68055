"""The frames of the stage protocol: the bytes that Java reads and writes too, in whatever pieces a socket gives them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolphin.stage import protocol
from dolphin.stage.output import key_group
from dolphin.stage.protocol import READ_BYTES, FrameReader, FrameType, Item, ItemKind, ProtocolError

GOLDEN: dict[str, Any] = json.loads((Path(__file__).resolve().parents[2] / "contract" / "stage_frames.json").read_text(encoding="utf-8"))
FRAMES = GOLDEN["frames"]
LIMIT = 1 << 20


def feed(reader: FrameReader, data: bytes) -> None:
    """Gives `data` to the reader in as many pieces as it has space for."""
    while data:
        space = reader.space()
        count = min(len(space), len(data))
        space[:count] = data[:count]
        reader.filled(count)
        data = data[count:]


def read_one(name: str) -> protocol.Frame:
    reader = FrameReader(LIMIT)
    feed(reader, bytes.fromhex(FRAMES[name]["frame"]))
    frame = reader.next()
    assert frame is not None
    assert reader.next() is None
    return frame


def test_a_batch_is_read_as_java_writes_it() -> None:
    golden = FRAMES["batch"]
    frame = read_one("batch")
    assert (frame.type, frame.seq) == (FrameType.BATCH, golden["seq"])
    time_ns, key, arrow = protocol.read_batch(frame.body)
    assert (time_ns, key, arrow.hex()) == (golden["time_ns"], golden["key"], golden["arrow"])


def test_rows_are_read_as_java_writes_them() -> None:
    golden = FRAMES["rows"]
    time_ns, key, rows = protocol.read_rows(read_one("rows").body)
    assert (time_ns, key) == (golden["time_ns"], golden["key"])
    assert [[row_key, value.hex()] for row_key, value in rows] == golden["rows"]


def test_the_other_requests_are_read_as_java_writes_them() -> None:
    assert bytes(read_one("config").body).decode() == FRAMES["config"]["json"]
    assert protocol.read_i64(read_one("watermark").body, 0)[0] == FRAMES["watermark"]["time_ns"]
    assert read_one("snapshot").type is FrameType.SNAPSHOT
    key, offset = protocol.read_text(read_one("restore").body, 0)
    state, end = protocol.read_blob(read_one("restore").body, offset)
    assert (key, state.hex(), end) == (FRAMES["restore"]["key"], FRAMES["restore"]["state"], len(read_one("restore").body))


def test_answers_are_written_as_java_reads_them() -> None:
    result, part, state = FRAMES["result"], FRAMES["part"], FRAMES["state"]
    items = [
        Item(item["edges"], ItemKind(item["kind"]), item["key"], item["time_ns"], [bytes.fromhex(item["payload"])])
        for item in result["items"]
    ]
    entries = [(key, bytes.fromhex(blob)) for key, blob in state["entries"]]
    written = {
        "hello": protocol.hello(FRAMES["hello"]["pid"], FRAMES["hello"]["python"]),
        "ready": protocol.encode(FrameType.READY, 0, FRAMES["ready"]["json"].encode()),
        "result": protocol.result(result["seq"], result["busy_ns"], result["rows_in"], items),
        "part": protocol.part(part["seq"], items),
        "state": protocol.state(state["seq"], entries),
        "error": protocol.error(FRAMES["error"]["seq"], FRAMES["error"]["text"]),
    }
    for name, pieces in written.items():
        assert b"".join(pieces).hex() == FRAMES[name]["frame"], name


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1))
def test_frames_are_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    names = ["config", "batch", "rows", "watermark", "snapshot"]
    stream = b"".join(bytes.fromhex(FRAMES[name]["frame"]) for name in names)
    reader = FrameReader(LIMIT)
    seen: list[str] = []
    position = 0
    while position < len(stream):
        cut = cuts[position % len(cuts)]
        feed(reader, stream[position : position + cut])
        position += cut
        while (frame := reader.next()) is not None:
            name = frame.type.name.lower()
            assert bytes(frame.body) == bytes.fromhex(FRAMES[name]["frame"])[protocol.HEADER_BYTES :]
            seen.append(name)
    assert seen == names


SIZES = [0, 100, 40_000, READ_BYTES - protocol.HEADER_BYTES, READ_BYTES, 2 * READ_BYTES]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.sampled_from(SIZES), min_size=1, max_size=6))
def test_a_reader_grows_for_a_large_frame_and_shrinks_again(sizes: list[int]) -> None:
    reader = FrameReader(4 * READ_BYTES)
    bodies = [bytes([number]) * size for number, size in enumerate(sizes)]
    stream = b"".join(piece for body in bodies for piece in protocol.encode(FrameType.BATCH, 1, body))
    seen: list[bytes] = []
    while stream:
        space = reader.space()
        count = min(len(space), len(stream))
        space[:count] = stream[:count]
        reader.filled(count)
        stream = stream[count:]
        while (frame := reader.next()) is not None:
            seen.append(bytes(frame.body))
    assert seen == bodies
    assert len(reader.space()) == READ_BYTES


@pytest.mark.parametrize("length", [0, 8, LIMIT + 1, 0xFFFFFFFF])
def test_a_length_that_cannot_be_is_refused_before_anything_is_stored(length: int) -> None:
    reader = FrameReader(LIMIT)
    feed(reader, length.to_bytes(4, "little"))
    with pytest.raises(ProtocolError, match="a frame of"):
        reader.next()


def test_an_unknown_type_is_refused() -> None:
    reader = FrameReader(LIMIT)
    feed(reader, (9).to_bytes(4, "little") + bytes([77]) + bytes(8))
    with pytest.raises(ProtocolError, match="type 77"):
        reader.next()


@settings(deadline=None)
@given(st.sampled_from(["batch", "rows"]), st.data())
def test_a_body_that_ends_inside_a_field_is_refused(name: str, data: st.DataObject) -> None:
    body = read_one(name).body
    key_end = 8 + 4 + len(FRAMES[name]["key"].encode())
    cut = data.draw(st.integers(0, key_end - 1 if name == "batch" else len(body) - 1))
    read = protocol.read_batch if name == "batch" else protocol.read_rows
    with pytest.raises(ProtocolError, match="ends inside"):
        read(body[:cut])


def test_of_a_long_traceback_the_end_is_kept() -> None:
    frame = b"".join(protocol.error(1, "x" * 100_000 + "ValueError: here"))
    assert len(frame) <= protocol.MAX_ERROR_BYTES + protocol.HEADER_BYTES
    assert frame.endswith(b"ValueError: here")


@pytest.mark.parametrize("case", GOLDEN["key_groups"], ids=lambda case: case["value"] or "empty")
def test_key_groups_are_part_of_the_contract(case: dict[str, Any]) -> None:
    assert key_group(case["value"], case["groups"]) == case["group"]
