"""The agent's journal, `agent.ndjson`: one line a decision, in the order they were made.

A decision line holds market time only, so that two deterministic runs write the same lines; whatever carries a wall clock or a run id goes
into lines of the types that `dolphin.ops.report.NOT_DECISIONS` leaves out (`ready`, `status`, `latency`, `summary`).
"""

from pathlib import Path
from typing import Any

import msgspec


class Journal:
    """Appends JSON lines to one file, each complete and in the file when `write` returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._encoder = msgspec.json.Encoder()
        self._line = bytearray()
        self.counts: dict[str, int] = {}
        """Lines by type."""

    def write(self, kind: str, market_time_ns: int, **fields: Any) -> None:
        """One line of type `kind` at `market_time_ns`."""
        self._encoder.encode_into({"type": kind, "market_time_ns": market_time_ns, **fields}, self._line)
        self._line += b"\n"
        self._file.write(self._line)
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def close(self) -> None:
        self._file.close()
