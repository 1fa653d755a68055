"""A written template is the batch that would have been built column by column."""

import numpy as np
import pyarrow as pa
import pytest

from dolphin.core.arrow.template import BatchTemplate

SCHEMA = pa.schema(
    [("name", pa.utf8()), ("a", pa.int64()), ("x", pa.float64()), ("y", pa.float64()), ("k", pa.uint8()), ("is_on", pa.bool_())]
)
BLOCKS = [["a"], ["x", "y"], ["k"], ["is_on"]]


def built(rows: int, seed: int) -> tuple[pa.RecordBatch, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    a, xy, k = rng.integers(-9, 9, (1, rows)), rng.normal(size=(2, rows)), rng.integers(0, 9, (1, rows)).astype(np.uint8)
    is_on = rng.random(rows) < 0.5
    columns = [pa.array([f"n{i}" for i in range(rows)]), pa.array(a[0]), pa.array(xy[0]), pa.array(xy[1]), pa.array(k[0]), pa.array(is_on)]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA), [a, xy, k, np.packbits(is_on, bitorder="little")[np.newaxis]]


def written(template: BatchTemplate, values: list[np.ndarray]) -> pa.RecordBatch:
    for place, block in zip(template.places, values, strict=True):
        assert place.dtype == block.dtype
        place[:] = block
    return template.batch()


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 64, 400])
def test_a_written_template_is_the_batch_built_column_by_column(rows: int) -> None:
    template = BatchTemplate(built(rows, seed=1)[0], BLOCKS)
    expected, values = built(rows, seed=2)
    found = written(template, values)
    found.validate(full=True)
    assert found.equals(expected)


def test_writing_again_leaves_earlier_batches_alone() -> None:
    first, values = built(9, seed=1)
    template = BatchTemplate(first, BLOCKS)
    found = written(template, values)
    written(template, built(9, seed=2)[1])
    assert found.equals(first)


def test_a_block_of_different_types_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        BatchTemplate(built(9, seed=1)[0], [["name", "a", "x"]])
