"""What the kernel is given is what the rows say, wherever a batch begins and whatever is missing."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.contract.schemas import MARKET
from dolphin.core.signals.columns import FLOAT_INPUTS, INT_INPUTS
from dolphin.core.signals.market_arrays import read_rows
from python_udfs.features import Features
from tests.unit.python_udfs.market_rows import is_same

INT64 = st.integers(-(2**63), 2**63 - 1)
OF_TYPE: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.utf8(): st.text(max_size=5),
    pa.uint8(): st.integers(0, 255),
    pa.int64(): INT64,
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
}
ROWS = st.lists(
    st.fixed_dictionaries({field.name: OF_TYPE[field.type] | st.none() if field.nullable else OF_TYPE[field.type] for field in MARKET}),
    max_size=20,
)


def known(value: Any, missing: Any) -> Any:
    return missing if value is None else value


@given(ROWS, st.integers(0, 20), st.integers(0, 20))
def test_every_value_of_every_row_is_read(rows: list[dict[str, Any]], start: int, length: int) -> None:
    batch = pa.RecordBatch.from_pylist(rows, schema=MARKET).slice(min(start, len(rows)), length)
    rows = rows[start : start + length]
    kinds, sides, times_and_ids, values = read_rows(batch)
    assert kinds.tolist() == [row["kind"] for row in rows]
    assert sides.tolist() == [known(row["is_taker_buy"], -1) for row in rows]
    assert times_and_ids.tolist() == [[known(row[name], -1) for row in rows] for name in INT_INPUTS]
    np.testing.assert_array_equal(values, np.array([[known(row[name], math.nan) for row in rows] for name in FLOAT_INPUTS]))


def test_a_slice_of_a_slice_read_from_a_struct_begins_where_it_says() -> None:
    rows = [{"asset": "A", "kind": number, "market_time_ns": number} for number in range(30)]
    whole = pa.RecordBatch.from_pylist(rows, schema=MARKET)
    part = pa.RecordBatch.from_struct_array(whole.to_struct_array().slice(3)).slice(9)
    part = pa.RecordBatch.from_arrays(part.columns, schema=MARKET)
    assert read_rows(part)[0].tolist() == list(range(12, 30))


def test_other_types_are_never_read_as_what_they_are_not() -> None:
    batch = pa.RecordBatch.from_pylist([{"kind": 1}], schema=pa.schema([pa.field("kind", pa.int64())]))
    with pytest.raises(AssertionError):
        read_rows(batch)


def test_the_stage_takes_columns_in_any_order_among_others_and_of_other_types() -> None:
    rows = [
        {"asset": "A", "kind": 1, "market_time_ns": 5, "exchange_id": 1, "bid_price": 8.0, "ask_price": 9.0, "bid_qty": 1.0, "ask_qty": 1.0}
    ]
    plain = pa.RecordBatch.from_pylist(rows, schema=MARKET)
    odd = plain.select(MARKET.names[::-1]).append_column("more", pa.array([1]))
    odd = odd.set_column(odd.schema.get_field_index("kind"), "kind", pa.array([1], pa.int32()))
    assert is_same(Features().process(odd), Features().process(plain))
