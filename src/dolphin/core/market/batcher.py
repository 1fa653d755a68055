"""Rows to Arrow batches, cut by market time.

The rule: a batch starts with the first waiting row and takes every row less than `max_span_ns` of market time after it, at most
`max_rows`, and none after a TICK. It is complete when it holds a TICK, when it is full, when a row beyond its span is waiting, or when the
clock has passed its span. So the cuts are a function of the rows alone wherever the clock is the rows' own (fast replays, in lockstep or
not), and a live feed cuts by its wall clock with the same code. A TICK ends its batch because the rules look there: it need not wait, and
no batch holds more than one grid point. Where else a batch is cut decides nothing.

Rows wait in a bounded queue. If the cluster is slower than a live feed, older BOOK rows are replaced by the newest one of their asset,
which costs quotes; trades, depth and everything else are never dropped: past `MAX_WAITING_ROWS` the feed has to stop, and its silence
makes the consumers fail safe. A replay drops nothing: it waits.
"""

from typing import Any, Final

import pyarrow as pa

from dolphin.core.contract.batch import BatchInfo, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from dolphin.core.market.rows import Row

MAX_ROWS: Final = 256
"""Rows in a batch."""

COALESCE_ABOVE_ROWS: Final = 4_096
"""Waiting rows from which BOOK rows are coalesced."""

MAX_WAITING_ROWS: Final = 65_536
"""Waiting rows that are never exceeded."""


class QueueFullError(Exception):
    """The queue is full of rows that must not be dropped."""


class Batcher:
    """One shard's queue of rows and the batches cut from it."""

    def __init__(
        self, *, shard: str, max_span_ns: int, run_id: str = "", law: str = "", max_rows: int = MAX_ROWS, may_coalesce: bool = False
    ) -> None:
        """`may_coalesce`: BOOK rows may be dropped while too many wait, for a market that does not wait."""
        assert max_span_ns > 0
        assert 0 < max_rows <= COALESCE_ABOVE_ROWS
        self._shard = shard
        self._run_id = run_id
        self._law = law
        self.max_span_ns = max_span_ns
        """Market time in a batch; may be changed between batches."""
        self._max_rows = max_rows
        self._rows: list[Row] = []
        self._cut_at = 0
        self._may_coalesce = may_coalesce
        self._coalesce_at = COALESCE_ABOVE_ROWS
        self._ticks = 0  # waiting
        self.batches = 0
        """Batches taken so far: the sequence number of the last one."""
        self.coalesced_rows = 0

    @property
    def waiting_rows(self) -> int:
        """Rows not yet taken."""
        return len(self._rows) - self._cut_at

    @property
    def due_ns(self) -> int | None:
        """Market time at which the first waiting row's batch is complete at the latest; None where no row waits."""
        return self._rows[self._cut_at][3] + self.max_span_ns if self.waiting_rows else None

    def add(self, rows: list[Row]) -> None:
        """Queue `rows`, in order of market time. QueueFullError where the bound cannot be kept."""
        self._rows.extend(rows)
        for row in rows:
            self._ticks += row[1] == Kind.TICK
        if self._may_coalesce and self.waiting_rows > self._coalesce_at:
            self._coalesce()
            # Look again only after another quarter has arrived, or a queue full of trades would be searched at every row.
            self._coalesce_at = max(COALESCE_ABOVE_ROWS, self.waiting_rows + self.waiting_rows // 4)
        if self.waiting_rows > MAX_WAITING_ROWS:
            raise QueueFullError(f"{self.waiting_rows} rows wait")

    def take(self, now_ns: int) -> pa.RecordBatch | None:
        """The next complete batch at market time `now_ns`, None where there is none yet."""
        due_ns = self.due_ns
        if due_ns is None:
            return None
        if now_ns < due_ns and self.waiting_rows < self._max_rows and not self._ticks:
            return None
        return self._take()

    def flush(self) -> pa.RecordBatch | None:
        """The next batch, complete or not: for the end of a source. None where no row waits."""
        return self._take() if self.waiting_rows else None

    def _take(self) -> pa.RecordBatch:
        end = self._end()
        rows = self._rows[self._cut_at : end]
        self._ticks -= rows[-1][1] == Kind.TICK
        self._cut_at = end
        if end == len(self._rows):
            self._rows, self._cut_at, self._coalesce_at = [], 0, COALESCE_ABOVE_ROWS
        elif self._cut_at > COALESCE_ABOVE_ROWS:
            del self._rows[: self._cut_at]
            self._cut_at = 0
        self.batches += 1
        info = BatchInfo(shard=self._shard, batch=self.batches, market_time_ns=rows[-1][3], run_id=self._run_id, law=self._law)
        return with_info(record_batch(rows), info)

    def _end(self) -> int:
        """Where the next batch ends: with a TICK, at the end of its span, or full."""
        start = self._cut_at
        due_ns = self._rows[start][3] + self.max_span_ns
        end = min(start + self._max_rows, len(self._rows))
        if not self._ticks and self._rows[end - 1][3] < due_ns:
            return end
        for index in range(start, end):
            if self._rows[index][3] >= due_ns:
                return index
            if self._rows[index][1] == Kind.TICK:
                return index + 1
        return end

    def _coalesce(self) -> None:
        newest: set[str] = set()
        kept: list[Row] = []
        for row in reversed(self._rows[self._cut_at :]):
            if row[1] == Kind.BOOK:
                if row[0] in newest:
                    continue
                newest.add(row[0])
            kept.append(row)
        kept.reverse()
        self.coalesced_rows += self.waiting_rows - len(kept)
        self._rows, self._cut_at = kept, 0


def record_batch(rows: list[Row]) -> pa.RecordBatch:
    """`rows` (at least one) as a MARKET batch without metadata."""
    columns = [_array(column, kind) for column, kind in zip(zip(*rows, strict=True), MARKET.types, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=MARKET)  # pyright: ignore[reportUnknownMemberType]


def _array(column: tuple[Any, ...], kind: pa.DataType) -> "pa.Array[Any]":
    # Most columns of most batches are empty, and nulls are made three times faster without looking at each.
    if column.count(None) == len(column):
        return pa.nulls(len(column), kind)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]
    return pa.array(column, type=kind)
