"""A batch comes apart into its moments, and of FEATURES into those at which the feed ticked."""

import pyarrow as pa

from dolphin.core.arrow.moments import grid_points, joined, moments

SCHEMA = pa.schema([("asset", pa.utf8()), ("market_time_ns", pa.int64()), ("ticked_at_ns", pa.int64())])


def batch(*rows: tuple[str, int | None, int | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def told(batch: pa.RecordBatch) -> list[tuple[int, list[str]]]:
    return [(time_ns, rows.to_pydict()["asset"]) for time_ns, rows in grid_points(batch)]


def test_the_moments_of_a_batch_come_in_order_with_their_rows() -> None:
    found = list(moments(batch(("A", 1, 0), ("B", 1, 0), ("A", 2, 2), ("B", 2, 2))))
    assert [(time_ns, rows.num_rows) for time_ns, rows in found] == [(1, 2), (2, 2)]


def test_a_grid_point_is_a_moment_at_which_the_feed_ticked() -> None:
    assert told(batch(("A", 1, 1), ("B", 1, 1))) == [(1, ["A", "B"])]
    assert told(batch(("A", 2, 1), ("B", 2, 1))) == []
    assert told(batch(("A", 1, 1), ("A", 2, 1), ("A", 3, 3), ("B", 3, 3))) == [(1, ["A"]), (3, ["A", "B"])]


def test_without_rows_or_a_time_there_is_no_grid_point() -> None:
    assert told(batch()) == []
    assert told(batch(("A", None, None), ("B", None, 1), ("C", 1, None))) == []
    assert told(batch(("A", None, None), ("B", 1, 1))) == [(1, ["B"])]


def test_batches_are_joined_whether_or_not_they_have_rows() -> None:
    empty, one, two = batch(), batch(("A", 1, 1)), batch(("A", 2, 1), ("B", 2, 1))
    assert joined([empty, empty]) is empty
    assert joined([empty, one, two, empty]).to_pylist() == one.to_pylist() + two.to_pylist()
