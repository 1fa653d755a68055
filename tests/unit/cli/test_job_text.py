"""A job for people: what it has done and how far it is, in words; every metric only where it is asked for."""

from io import StringIO
from typing import Any

from rich.console import Console

from dolphin.cli.job_text import headline, raw_lines, stage_lines, vertex_table

STATE: dict[str, Any] = {"name": "acb", "id": "0b1c-2d3e", "status": "running", "submitted_wall_ms": 1_760_108_220_000}
VERTICES: dict[str, dict[str, int]] = {
    "progress": {"receivedCount": 7, "emittedCount": 0, "coalescedWm": 1_760_108_221_250_000_000},
    "votes": {
        "receivedCount": 1_200,
        "emittedCount": 1_199,
        "coalescedWm": -(2**63),
        "queuesSize": 3,
        "stage.batches": 1_199,
        "stage.rows": 9_592,
        "stage.inFlight": 1,
        "stage.latencyP50Us": 900,
        "stage.latencyP99Us": 2_140,
        "stage.restarts": 2,
        "stage.failures": 2,
    },
    "market.{key}": {"emittedCount": 1_203, "lostItems": 4, "lastForwardedWm": 1_760_108_221_500_000_000},
}


def table() -> list[list[str]]:
    console = Console(file=StringIO(), width=160)
    console.print(vertex_table(VERTICES))
    assert isinstance(console.file, StringIO)
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_the_headline_says_since_when() -> None:
    said = headline(STATE, STATE["submitted_wall_ms"] + 754_000)
    assert said == "acb is running; submitted 2025-10-10 14:57:00 UTC, 12 min 34 s ago, as 0b1c-2d3e"


def test_each_vertex_has_a_line_from_the_source_to_the_end_and_what_was_lost_stands_out() -> None:
    header, *rows = table()
    assert header[0] == "vertex"
    assert rows == [
        ["market.{key}", "-", "1,203", "2025-10-10", "14:57:01.500", "-", "4", "LOST"],
        ["votes", "1,200", "1,199", "-", "3", "-"],
        ["progress", "7", "0", "2025-10-10", "14:57:01.250", "-", "-"],
    ]


def test_a_python_stage_says_how_fast_it_answers_and_how_often_it_failed() -> None:
    (said,) = stage_lines(VERTICES)
    assert said == (
        "votes: 1,199 batches, 9,592 rows; answers in 0.9 ms in the middle, 2.1 ms at the 99th percentile; "
        "1 under way, 2 failures, 2 restarts"
    )


def test_raw_has_everything_under_jets_own_names() -> None:
    said = "\n".join(raw_lines(VERTICES))
    for metrics in VERTICES.values():
        assert all(f"{metric} " in said and str(value) in said for metric, value in metrics.items())
