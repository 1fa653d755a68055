"""The agent's trace: complete up to where it ends, and nobody waits for it."""

from pathlib import Path
from typing import Self

import pytest

from dolphin.assurance.trace.read import read_trace
from dolphin.core.audit.trace import Cut, TraceReopened
from dolphin.trading import journal
from dolphin.trading.journal import Trace


def test_events_are_in_the_file_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "run" / "trace.ndjson"
    trace = Trace(path)
    given = [TraceReopened(market_time_ns=number) for number in range(1_000)]
    for event in given:
        trace.add(event)
    trace.close()
    assert read_trace(path) == given
    assert trace.lost == 0


def test_a_trace_that_is_too_long_says_where_it_was_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_EVENTS", 10)
    path = tmp_path / "trace.ndjson"
    trace = Trace(path)
    for number in range(100):
        trace.add(TraceReopened(market_time_ns=number))
    trace.close()
    *events, last = read_trace(path)
    assert [event.market_time_ns for event in events] == list(range(8))
    assert isinstance(last, Cut)
    assert trace.lost == 92


def test_a_disk_that_does_not_keep_up_cuts_the_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_WAITING", 0)
    path = tmp_path / "trace.ndjson"
    trace = Trace(path)
    trace.add(TraceReopened(market_time_ns=1))
    trace.add(TraceReopened(market_time_ns=2))
    trace.close()
    (last,) = read_trace(path)
    assert isinstance(last, Cut)
    assert trace.lost == 2


def test_a_disk_that_is_gone_does_not_disturb_the_agent_and_is_said_and_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "trace.ndjson"
    folder.mkdir()
    trace = Trace(folder)
    for number in range(100):
        trace.add(TraceReopened(market_time_ns=number))
    trace.close()
    assert trace.lost == 100
    said = capfd.readouterr().err
    assert said.count("the trace cannot be written from here on (IsADirectoryError") == 1


class FullDisk:
    """A file that takes two lines, and then no more."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lines = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, line: bytes) -> None:
        if self._lines == 2:
            raise OSError(28, "No space left on device")
        self._file.write(line)
        self._lines += 1

    def flush(self) -> None:
        """Nothing is held back."""


def test_a_disk_that_fills_up_ends_the_trace_and_what_is_lost_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trace.ndjson"
    disk = FullDisk(path)
    monkeypatch.setattr(Path, "open", lambda *_: disk)
    trace = Trace(path)
    for number in range(100):
        trace.add(TraceReopened(market_time_ns=number))
    trace.close()
    monkeypatch.undo()
    assert read_trace(path) == [TraceReopened(market_time_ns=0), TraceReopened(market_time_ns=1)]
    assert trace.lost in (98, 99, 100), "what was written in one go with a line that failed may count as lost"
    assert "No space left on device" in capfd.readouterr().err


def test_a_log_that_cannot_be_written_either_raises_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = (tmp_path / "log").open("w")
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    journal.say("the disk is full")
