"""What leaves a stage: batches, key groups, rows for maps."""

import msgpack
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import values_of

from dolphin.core.arrow.ipc import StreamReader
from dolphin.stage.function import StageError
from dolphin.stage.harness import Stamped
from dolphin.stage.output import Batches, Encoder, Rows, Split, key_group, parse, rows, split
from dolphin.stage.protocol import ItemKind

BATCH = pa.record_batch({"asset": ["BTC", "ETH", "BTC"], "account": ["a", "a", "b"], "cap": [1, None, 3], "raw": [b"1", b"2", b"3"]})


def test_each_row_gets_its_key_from_the_template_and_a_map_of_all_columns() -> None:
    encoded = list(rows(BATCH, Rows("{account}/{asset}", None, (), False)))
    assert [key for key, _ in encoded] == ["a/BTC", "a/ETH", "b/BTC"]
    assert msgpack.unpackb(encoded[1][1]) == {"asset": "ETH", "account": "a", "cap": None, "raw": b"2"}


def test_a_value_column_is_taken_as_it_is() -> None:
    assert list(rows(BATCH, Rows("{asset}", "raw", (), False))) == [("BTC", b"1"), ("ETH", b"2"), ("BTC", b"3")]


def test_only_the_last_row_and_only_some_columns() -> None:
    ((key, value),) = rows(BATCH, Rows("SCAN", None, ("cap", "asset"), True))
    assert (key, msgpack.unpackb(value)) == ("SCAN", {"cap": 3, "asset": "BTC"})


def test_a_batch_without_rows_gives_none_and_no_group() -> None:
    empty = BATCH.slice(0, 0)
    assert list(rows(empty, Rows("{asset}", None, (), True))) == []
    assert list(split(empty, Split("asset", 8))) == []


@settings(deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=50), st.integers(1, 300))
def test_a_split_moves_every_row_to_the_group_of_its_value_and_keeps_their_order(values: list[str], groups: int) -> None:
    batch = pa.record_batch({"asset": pa.array(values, pa.utf8()), "row": list(range(len(values)))})
    parts = dict(split(batch, Split("asset", groups)))
    assert list(parts) == sorted(parts)
    for group, part in parts.items():
        assert {key_group(value, groups) for value in values_of(part, "asset")} == {group}
        assert values_of(part, "row") == sorted(values_of(part, "row"))
    assert sorted(row for part in parts.values() for row in values_of(part, "row")) == list(range(len(values)))


def test_equal_outputs_of_several_edges_are_encoded_once() -> None:
    outputs = parse(
        [
            {"kind": "batches"},
            {"kind": "rows", "key_template": "{asset}", "value_column": "raw", "columns": [], "last_row_only": True},
            {"kind": "batches"},
            {"kind": "split", "column": "asset", "key_groups": 1},
        ]
    )
    assert outputs == [Batches(), Rows("{asset}", "raw", (), True), Batches(), Split("asset", 1)]
    encoder, result = Encoder(outputs), Stamped(BATCH, {b"shard": b"0"})
    items = [*encoder.batches("7", 99, result), *encoder.rows(result)]
    assert [(item.edges, item.kind, item.key, item.time_ns) for item in items] == [
        (0b0101, ItemKind.BATCH, "7", 99),
        (0b1000, ItemKind.BATCH, "0", 99),
        (0b0010, ItemKind.ROW, "BTC", 0),
    ]
    sent = StreamReader().read(memoryview(b"".join(items[0].payload)))
    assert sent.equals(BATCH)
    assert sent.schema.metadata == {b"shard": b"0"}


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (Rows("{asst}", None, (), False), "column asst is missing; the result has asset, account, cap, raw"),
        (Rows("{cap}", None, (), False), "column cap has nulls; it is part of the key"),
        (Rows("{asset}", "cap", (), False), "column cap has nulls; it is the value"),
        (Rows("{asset}", "account", (), False), "column account is string, not binary"),
        (Rows("{asset}", None, ("cap", "x"), False), "column x is missing"),
    ],
)
def test_a_row_that_cannot_be_made_names_the_column(output: Rows, said: str) -> None:
    with pytest.raises(StageError, match=said):
        list(rows(BATCH, output))


def test_a_null_has_no_key_group() -> None:
    with pytest.raises(StageError, match="column cap has nulls; the next stage is keyed by it"):
        list(split(BATCH, Split("cap", 8)))


def test_a_value_that_msgpack_does_not_know_is_named() -> None:
    batch = pa.record_batch({"asset": ["BTC"], "at": pa.array([1], pa.timestamp("ns"))})
    with pytest.raises(StageError, match="does not fit msgpack"):
        list(rows(batch, Rows("{asset}", None, (), False)))
