"""A job for people: its state, and of each vertex what one looks for first. `--raw` and `--json` have every metric."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.table import Table

from dolphin.core.words import span, utc

_NOT_YET: Final = 0
"""Below it stands Jet's number for "no watermark yet"."""
_LAST: Final = "progress"
"""The vertex that every leaf leads to (docs/pipelines.md)."""

Metrics = Mapping[str, int]


def headline(state: Mapping[str, Any], now_wall_ms: int) -> str:
    """Name, status, since when."""
    since_ms = state["submitted_wall_ms"]
    age = span(max(0, now_wall_ms - since_ms) * 1_000_000)
    submitted = datetime.fromtimestamp(since_ms / 1000, UTC)
    return f"{state['name']} is {state['status']}; submitted {submitted:%Y-%m-%d %H:%M:%S} UTC, {age} ago, as {state['id']}"


def vertex_table(vertices: Mapping[str, Metrics]) -> Table:
    """A line a vertex: items in and out, what was lost, how far it has come."""
    table = Table("vertex", "in", "out", "has everything up to", "waiting", "lost", box=None, pad_edge=False)
    for column in (1, 2, 4, 5):
        table.columns[column].justify = "right"
    for name in sorted(vertices, key=lambda name: (name == _LAST, "lostItems" not in vertices[name], name)):
        metrics = vertices[name]
        reached_ns = metrics.get("coalescedWm", metrics.get("lastForwardedWm", _NOT_YET))
        reached = utc(reached_ns) if reached_ns > _NOT_YET else "-"
        counts = (_count(metrics, "receivedCount"), _count(metrics, "emittedCount"))
        table.add_row(name, *counts, reached, _count(metrics, "queuesSize"), _lost(metrics))
    return table


def stage_lines(vertices: Mapping[str, Metrics]) -> Iterator[str]:
    """A line a Python stage."""
    for name, metrics in sorted(vertices.items()):
        if "stage.batches" in metrics:
            latency = f"{_ms(metrics, 'stage.latencyP50Us')} in the middle, {_ms(metrics, 'stage.latencyP99Us')} at the 99th percentile"
            yield (
                f"{name}: {metrics['stage.batches']:,} batches, {metrics.get('stage.rows', 0):,} rows; answers in {latency}; "
                f"{metrics.get('stage.inFlight', 0)} under way, {metrics.get('stage.failures', 0)} failures, "
                f"{metrics.get('stage.restarts', 0)} restarts"
            )


def raw_lines(vertices: Mapping[str, Metrics]) -> Iterator[str]:
    """Every metric as it is."""
    for vertex, metrics in sorted(vertices.items()):
        yield f"  {vertex}"
        yield from (f"    {metric:<28} {value}" for metric, value in sorted(metrics.items()))


def _count(metrics: Metrics, name: str) -> str:
    return f"{metrics[name]:,}" if name in metrics else "-"


def _lost(metrics: Metrics) -> str:
    lost = metrics.get("lostItems")
    return "-" if lost is None else f"{lost:,}" if not lost else f"{lost:,} LOST"


def _ms(metrics: Metrics, name: str) -> str:
    return f"{metrics.get(name, 0) / 1000:.1f} ms"
