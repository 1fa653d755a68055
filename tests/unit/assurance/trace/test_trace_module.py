"""A trace as TLA+, and what cannot be read as a trace."""

import re
from pathlib import Path

import pytest

from dolphin.assurance.trace import module
from dolphin.assurance.trace.read import read_trace
from dolphin.core.audit.trace import Believed, Epoch, TraceEvent, TraceShut
from dolphin.errors import BadInput

NOW = 1_700_000_000_000_000_000


def command(**changes: int | str | None) -> Believed:
    fields = {"market_time_ns": NOW, "key": "paper", "epoch": NOW, "seq": 1, "posture": "APEX", "cap_ppm": 2_000_000, "f1_ppm": 1_000_000}
    return Believed(**{**fields, "expires_at_ns": NOW + 2_000_000_000, **changes})  # type: ignore[arg-type]


EPOCH = Epoch(market_time_ns=0, account="paper", run_id="run", epoch=3)


def test_no_number_is_beyond_what_tlc_can_hold() -> None:
    text = module.text([EPOCH, command(), command(seq=2**40, cap_ppm=2**50)])
    assert all(int(number) < 2**31 for number in re.findall(r"\d+", text))


def test_times_keep_their_order() -> None:
    trace: list[TraceEvent] = [
        EPOCH,
        TraceShut(market_time_ns=5, reason="x"),
        command(market_time_ns=2**40, expires_at_ns=2**41),
        command(seq=2),
    ]
    ranks = [int(rank) for rank in re.findall(r"\bat \|-> (\d+)", module.text(trace))]
    assert ranks == [1, 2, 3, 5]


def test_words_of_a_trace_cannot_become_tla() -> None:
    text = module.text([EPOCH, command(posture='"], now |-> "', key='paper") \\cup {')])
    assert "cup" not in text
    assert 'posture |-> "now"' in text


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no event"),
        (b'{"type":"reopened","market_time_ns":1}', "no event"),
        (b"{}\n", "line 1"),
        (b'{"type":"reopened","market_time_ns":1}\nnot json\n', "line 2"),
        (b'{"type":"reopened","market_time_ns":1,"more":2}\n', "line 1"),
        (b'{"type":"reopened","market_time_ns":1.5}\n', "line 1"),
        (b'{"type":"party","market_time_ns":1}\n', "line 1"),
        (b"\xff\xfe\n", "line 1"),
    ],
)
def test_what_is_no_trace_is_one_clear_error(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=word):
        read_trace(path)


def test_an_unfinished_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_bytes(b'{"type":"reopened","market_time_ns":1}\n{"type":"reop')
    assert len(read_trace(path)) == 1


def test_a_trace_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dolphin.assurance.trace.read.MAX_EVENTS", 2)
    path = tmp_path / "trace.ndjson"
    path.write_bytes(b'{"type":"reopened","market_time_ns":1}\n' * 3)
    with pytest.raises(BadInput, match="more than 2 events"):
        read_trace(path)
