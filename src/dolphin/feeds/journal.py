"""`feed.ndjson`: what the feed has done, one JSON line a second and one at the end.

Counters are totals, not increments. Every line has `type` (`progress` or `summary`), `wall_ns`, `market_time_ns`, `frames`, `rows`,
`batches`, `bytes`, `lag_ns`, `waiting_rows`, `coalesced_rows`, the translator's counters, `unsynced` (assets whose order book is not
known), `source` and the `notices` since the line before; the summary also has `ended` (`end`, `stopped` or `failed`) and `error`.
A disk that takes no line does not end the feed: that is said once on standard error, and the lines are missing. The file is kept in
segments (`dolphin.host.segments`).
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from dolphin.feeds.play import Feed
from dolphin.host.segments import Appender
from dolphin.host.stderr import say


class Journal:
    """The open journal of one feed."""

    def __init__(self, path: Path, *, source: str, run_id: str) -> None:
        self._file = Appender(path)
        self._fixed = {"source": source, "run_id": run_id}
        self.missing = 0
        """Lines that could not be written."""

    def write_progress(self, feed: Feed, **more: Any) -> None:
        """Append where `feed` stands."""
        self._write({"type": "progress", **_standing(feed), **more})

    def write_summary(self, feed: Feed, *, ended: str, error: str | None = None, **more: Any) -> None:
        """Append the last line."""
        self._write({"type": "summary", **_standing(feed), **more, "ended": ended, "error": error})

    def close(self) -> None:
        """Nothing is written after this."""
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(msgspec.json.encode({**line, **self._fixed}) + b"\n")
        except OSError as error:
            if not self.missing:
                say(f"feed: the journal cannot be written ({error.strerror}); the feed goes on")
            self.missing += 1


def _standing(feed: Feed) -> dict[str, Any]:
    counters = asdict(feed.translator.counters)
    counters["translated_rows"] = counters.pop("rows")
    return {
        "wall_ns": time.time_ns(),
        "market_time_ns": feed.publisher.market_time_ns,
        "rows": feed.publisher.rows,
        "batches": feed.publisher.batches,
        "bytes": feed.publisher.bytes,
        "lag_ns": feed.lag_ns,
        "waiting_rows": feed.batcher.waiting_rows,
        "coalesced_rows": feed.batcher.coalesced_rows,
        "unsynced": feed.translator.unsynced_assets,
        "notices": feed.translator.take_notices(),
        **counters,
    }
