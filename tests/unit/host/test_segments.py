"""What was appended is read, once and in order, wherever it stands by then."""

import gzip
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.upkeep.segments import SegmentRule
from dolphin.errors import DolphinError
from dolphin.host import segments
from dolphin.host.segments import Appender, Segments, cut_log, freeze, last_lines, pack_closed

SMALL = SegmentRule(max_bytes=100)


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def appended(path: Path, lines: list[bytes], rule: SegmentRule = SMALL) -> None:
    file = Appender(path, rule)
    for line in lines:
        file.write(line)
    file.close()
    pack_closed(path)


def numbered(count: int) -> list[bytes]:
    return [b"line %04d\n" % number for number in range(count)]


def test_closed_segments_are_numbered_and_compressed_and_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "run" / "agent.ndjson"
    appended(path, numbered(25))
    assert names(path) == ["agent.ndjson", "agent.ndjson.000001.gz", "agent.ndjson.000002.gz"]
    assert path.read_bytes() == b"".join(numbered(25)[20:])
    assert gzip.decompress(path.with_name("agent.ndjson.000001.gz").read_bytes()) == b"".join(numbered(10))
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


def test_a_segment_is_closed_by_age_too(tmp_path: Path) -> None:
    now_s = 0.0
    file = Appender(tmp_path / "f", clock=lambda: now_s)
    file.write(b"old\n")
    now_s = 3599.0
    file.write(b"old\n")
    now_s = 3600.0
    file.write(b"new\n")
    file.close()
    assert (tmp_path / "f").read_bytes() == b"new\n"
    assert Segments(tmp_path / "f").read() == b"old\nold\nnew\n"


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(["read", "pack", "kill", "tear"])), max_size=40),
)
def test_a_reader_sees_every_line_once_and_in_order_while_the_file_rotates(steps: list[bytes | str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "f"
        file, reader = Appender(path, SMALL), Segments(path)
        given_, seen = bytearray(), bytearray()
        for step in steps:
            if isinstance(step, bytes):
                line = step.replace(b"\n", b" ") + b"\n"
                file.write(line)
                given_ += line
            elif step == "read":
                seen += reader.read()
            elif step == "pack":
                pack_closed(path)
            else:
                file.close()
                if step == "tear":  # what a killed writer leaves of a line
                    with path.open("ab") as torn:
                        torn.write(b"half a li")
                file = Appender(path, SMALL)
        seen += reader.read()
        file.close()
        assert seen == given_
        assert Segments(path).read() == given_, "one who comes late reads the same"


def test_a_reader_between_the_two_names_of_a_segment_reads_it_once(tmp_path: Path) -> None:
    path = tmp_path / "f"
    appended(path, numbered(15))
    plain = tmp_path / "f.000001"
    plain.write_bytes(b"".join(numbered(10)))  # compressed, and not yet removed
    assert Segments(path).read() == b"".join(numbered(15))
    pack_closed(path)
    assert names(path) == ["f", "f.000001.gz"]


def test_a_rotation_under_the_readers_hands_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its look at the folder and its reading, the file it means has been closed and another one has its name."""
    path = tmp_path / "f"
    file, reader = Appender(path, SMALL), Segments(path)
    for line in numbered(10):
        file.write(line)
    look = segments._read

    def rotate_then_read(which: Path, offset: int) -> bytes:
        monkeypatch.setattr(segments, "_read", look)
        file.write(b"next\n")
        return look(which, offset)

    monkeypatch.setattr(segments, "_read", rotate_then_read)
    assert reader.read() == b"".join(numbered(10)) + b"next\n"
    file.close()


def test_an_old_segment_that_was_removed_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "f"
    appended(path, numbered(35))
    path.with_name("f.000002.gz").unlink()
    assert Segments(path).read() == b"".join(numbered(10) + numbered(35)[20:])


def test_a_damaged_segment_is_an_error_and_not_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "f"
    appended(path, numbered(15))
    packed = path.with_name("f.000001.gz")
    for damaged in (packed.read_bytes()[:-9], b"no gzip", packed.read_bytes()[:20] + b"\xff" * 30):
        packed.write_bytes(damaged)
        with pytest.raises(DolphinError, match="damaged"):
            Segments(path).read()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_line_that_found_no_room_leaves_nothing_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    file = Appender(path)
    file.write(b"whole\n")
    write = os.write

    def half(descriptor: int, what: memoryview) -> int:
        if len(what) < 10:
            raise OSError(28, "No space left on device")
        return write(descriptor, what[:5])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        file.write(b"of which half is\n")
    monkeypatch.undo()
    file.write(b"after\n")
    file.close()
    assert path.read_bytes() == b"whole\nafter\n"


def test_a_disk_without_room_for_a_new_file_goes_on_in_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    file, reader = Appender(path, SMALL), Segments(path)
    make = segments._open

    def full(_: Path) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments, "_open", full)
    for line in numbered(15):
        file.write(line)
    assert names(path) == ["f"]
    monkeypatch.setattr(segments, "_open", make)
    file.write(b"next\n")
    file.close()
    assert reader.read() == b"".join(numbered(15)) + b"next\n"


def test_a_log_that_another_process_appends_to_is_cut_and_its_last_words_are_still_known(tmp_path: Path) -> None:
    log = tmp_path / "member.log"
    with log.open("ab", buffering=0) as theirs:
        theirs.write(b"one\ntwo\nthree\n")
        cut_log(log)
        assert log.read_bytes() == b""
        assert last_lines(log, 2) == ["two", "three"]
        theirs.write(b"four\n")
    assert last_lines(log, 2) == ["three", "four"]
    assert Segments(log).read() == b"one\ntwo\nthree\nfour\n"
    assert names(log) == ["member.log", "member.log.000001.gz"]


def test_what_is_frozen_stays_while_its_writer_goes_on_and_rotates(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    writer = Appender(path, SMALL)
    for line in numbered(9):
        writer.write(line)
    frozen = freeze(path)
    for line in numbered(40):
        writer.write(line)
    writer.close()
    assert frozen.open is not None
    with frozen.open as file:
        now = file.read(frozen.size)
    texts = [b"".join(segments._text_of(path, number, 0) or b"" for number in range(1, len(frozen.closed) + 1)), now]  # pyright: ignore[reportPrivateUsage]
    assert b"".join(texts) == b"".join(numbered(9))


def test_a_segment_that_is_closed_while_one_looks_is_frozen_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"1\n")
    listed, closed = segments._closed, iter([True])  # pyright: ignore[reportPrivateUsage]

    def list_and_rotate(of: Path) -> object:
        found = listed(of)
        if next(closed, False):
            path.rename(path.with_name("journal.000001"))
            path.write_bytes(b"2\n")
        return found

    monkeypatch.setattr(segments, "_closed", list_and_rotate)
    frozen = freeze(path)
    assert frozen.closed == ("journal.000001",)
    assert frozen.open is not None
    with frozen.open as file:
        assert file.read(frozen.size) == b"2\n"


def test_where_nothing_was_written_nothing_is_frozen(tmp_path: Path) -> None:
    assert freeze(tmp_path / "journal") == segments.Frozen((), None, 0)
