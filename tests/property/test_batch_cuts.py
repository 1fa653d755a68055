"""Batches partition the rows, in order, by a rule that a reader can check; and how often one looks does not matter."""

from hypothesis import given
from hypothesis import strategies as st
from makers import values_of

from dolphin.core.contract.kinds import Kind
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import Row

SPAN = 100
MAX_ROWS = 8
GRID = 230

steps = st.lists(st.integers(1, 150), min_size=1, max_size=120)


def row_at(time_ns: int, kind: Kind) -> Row:
    return ("", kind, None, time_ns, None, None, None, None, None, None, None, None, None, None, None, None)


def rows_of(gaps: list[int]) -> list[Row]:
    """Rows so far apart, a TICK where a grid of `GRID` has been passed."""
    time, rows = 0, []
    for gap in gaps:
        kind = Kind.TICK if (time + gap) // GRID > time // GRID else Kind.MARK
        time += gap
        rows.append(row_at(time, kind))
    return rows


def cut(rows: list[Row], chunks: list[int]) -> list[list[int]]:
    """The market times of each batch, when rows arrive in chunks of these sizes and the clock is the rows' own."""
    batcher = Batcher(shard="0", max_span_ns=SPAN, max_rows=MAX_ROWS)
    batches: list[list[int]] = []
    rest = list(rows)
    while rest:
        size = chunks[len(batches) % len(chunks)]
        arrived, rest = rest[:size], rest[size:]
        batcher.add(arrived)
        while (batch := batcher.take(arrived[-1][3])) is not None:
            batches.append(values_of(batch, "market_time_ns"))
    while (batch := batcher.flush()) is not None:
        batches.append(values_of(batch, "market_time_ns"))
    return batches


@given(steps)
def test_batches_hold_every_row_once_in_order_within_span_and_size_and_end_with_a_tick(gaps: list[int]) -> None:
    rows = rows_of(gaps)
    ticks = {row[3] for row in rows if row[1] == Kind.TICK}
    batches = cut(rows, [1])
    assert [time for batch in batches for time in batch] == [row[3] for row in rows]
    for batch, following in zip(batches, [*batches[1:], None], strict=True):
        assert 1 <= len(batch) <= MAX_ROWS
        assert batch[-1] < batch[0] + SPAN
        assert not ticks & {*batch[:-1]}, "nothing comes after a TICK"
        has_to_end = len(batch) == MAX_ROWS or batch[-1] in ticks or following is None or following[0] >= batch[0] + SPAN
        assert has_to_end, "no batch ends before it has to"


@given(steps, st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_the_cuts_do_not_depend_on_how_rows_arrive(gaps: list[int], chunks: list[int]) -> None:
    rows = rows_of(gaps)
    assert cut(rows, [1]) == cut(rows, chunks)
