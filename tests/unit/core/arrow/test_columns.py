"""A column goes where its name says."""

import pyarrow as pa
import pytest

from dolphin.core.arrow.columns import by_name

SCHEMA = pa.schema([pa.field("a", pa.int64()), pa.field("b", pa.utf8())])


def test_columns_are_placed_by_name() -> None:
    assert by_name({"b": ["x"], "a": [1]}, SCHEMA).to_pylist() == [{"a": 1, "b": "x"}]


@pytest.mark.parametrize("columns", [{"a": [1]}, {"a": [1], "b": ["x"], "c": [2]}])
def test_a_column_too_few_or_too_many_is_named(columns: dict[str, list[object]]) -> None:
    with pytest.raises(AssertionError, match="'b'" if "b" not in columns else "'c'"):
        by_name(columns, SCHEMA)
