"""The agent's trace: complete up to where it ends, and nobody waits for it."""

from pathlib import Path

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


def test_a_disk_that_does_not_keep_up_cuts_the_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_WAITING", 0)
    path = tmp_path / "trace.ndjson"
    trace = Trace(path)
    trace.add(TraceReopened(market_time_ns=1))
    trace.add(TraceReopened(market_time_ns=2))
    trace.close()
    (last,) = read_trace(path)
    assert isinstance(last, Cut)


def test_a_disk_that_is_gone_does_not_disturb_the_agent(tmp_path: Path) -> None:
    folder = tmp_path / "trace.ndjson"
    folder.mkdir()
    trace = Trace(folder)
    for number in range(100):
        trace.add(TraceReopened(market_time_ns=number))
    trace.close()
