"""What surrounds a function: an instance per key, metadata carried, contract checked."""

from typing import Any

import pyarrow as pa
import pytest
from makers import values_of

from dolphin.stage.function import StageError, StageFunction
from dolphin.stage.harness import EMITTED, MARKET_TIME, Harness, Stamped

WALL_NS = 1_700_000_000_000_000_000


class Total:
    def __init__(self) -> None:
        self.total = 0
        self.restored = 0

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self.total += sum(values_of(batch, "x"))
        return pa.record_batch({"total": [self.total]})

    def snapshot(self) -> bytes:
        return str(self.total).encode()

    def restore(self, state: bytes) -> None:
        self.total = int(state)

    def watermark(self, time_ns: int) -> pa.RecordBatch | None:
        return pa.record_batch({"total": [self.total], "at": [time_ns]}) if self.total else None


class Returns:
    def __init__(self, what: Any) -> None:
        self.what = what

    def process(self, batch: pa.RecordBatch) -> Any:
        return self.what

    def snapshot(self) -> Any:
        return self.what


def harness(make: Any, *, is_keyed: bool = False, schemas: tuple[pa.Schema | None, pa.Schema | None] = (None, None)) -> Harness:
    instance = make()
    function = StageFunction("m:f", make, hasattr(instance, "snapshot"), hasattr(instance, "watermark"), *schemas)
    return Harness(function, is_keyed=is_keyed, wall_clock_ns=lambda: WALL_NS)


def batch(*values: int, **metadata: str) -> pa.RecordBatch:
    made = pa.record_batch({"x": list(values)})
    return made.replace_schema_metadata(metadata) if metadata else made


def totals(results: list[Stamped]) -> list[int]:
    return [result.batch.column("total")[0].as_py() for result in results]


def test_keys_have_instances_of_their_own() -> None:
    stage = harness(Total, is_keyed=True)
    assert totals(stage.process("a", batch(1))) == [1]
    assert totals(stage.process("b", batch(10))) == [10]
    assert totals(stage.process("a", batch(2))) == [3]


def test_a_stage_that_is_not_keyed_has_one_instance_for_all_keys() -> None:
    stage = harness(Total)
    stage.process("a", batch(1))
    assert totals(stage.process("b", batch(2))) == [3]
    assert [key for key, _ in stage.snapshot()] == [""]


def test_a_restored_harness_goes_on_as_the_old_one_would_have() -> None:
    old, new = harness(Total, is_keyed=True), harness(Total, is_keyed=True)
    for key, value in (("a", 1), ("b", 10), ("a", 2)):
        old.process(key, batch(value))
    for key, state in old.snapshot():
        new.restore(key, state)
    assert totals(new.process("a", batch(5))) == totals(old.process("a", batch(5)))
    assert new.snapshot() == old.snapshot()


def test_metadata_of_the_input_is_carried_and_the_emission_is_stamped() -> None:
    (result,) = harness(Total).process("", batch(1, shard="0", market_time_ns="42", emitted_wall_ns="1"))
    assert result.records().schema.metadata == {b"shard": b"0", MARKET_TIME: b"42", EMITTED: str(WALL_NS).encode()}


def test_a_function_adds_metadata_but_cannot_move_time() -> None:
    answer = pa.record_batch({"y": [1]}).replace_schema_metadata({"mine": "1", "market_time_ns": "7"})
    (result,) = harness(lambda: Returns(answer)).process("", batch(1, market_time_ns="42"))
    assert result.records().schema.metadata[b"mine"] == b"1"
    assert result.records().schema.metadata[MARKET_TIME] == b"42"


def test_watermarks_reach_every_instance_in_the_order_of_keys() -> None:
    stage = harness(Total, is_keyed=True)
    for key, value in (("b", 2), ("a", 1), ("silent", 0)):
        stage.process(key, batch(value))
    answers = stage.watermark(99)
    assert [(key, totals(results)) for key, results in answers] == [("a", [1]), ("b", [2])]
    assert answers[0][1][0].records().schema.metadata[MARKET_TIME] == b"99"


def test_none_a_batch_or_a_list_may_be_returned() -> None:
    one = pa.record_batch({"y": [1]})
    for given, count in ((None, 0), (one, 1), ([one, one], 2), ([], 0), ((one,), 1)):
        assert len(harness(lambda given=given: Returns(given)).process("", batch(1))) == count


@pytest.mark.parametrize("wrong", [7, "text", {"a": 1}, pa.table({"a": [1]}), [1]], ids=lambda value: type(value).__name__)
def test_anything_else_is_named_with_the_remedy(wrong: Any) -> None:
    with pytest.raises(StageError, match=r"m:f: process returned .*; return a pyarrow\.RecordBatch, a list of them, or None"):
        harness(lambda: Returns(wrong)).process("", batch(1))


def test_a_snapshot_that_is_not_bytes_is_refused() -> None:
    stage = harness(lambda: Returns("text"))
    with pytest.raises(StageError):
        stage.process("", batch(1))
    with pytest.raises(StageError, match=r"snapshot\(\) returned str; return bytes"):
        stage.snapshot()


def test_columns_that_are_missing_or_of_another_type_are_named_on_the_way_in() -> None:
    needed = pa.schema([("x", pa.float64()), ("y", pa.utf8())])
    stage = harness(Total, schemas=(needed, None))
    with pytest.raises(StageError, match="INPUT: column x is int64, not double; column y is missing"):
        stage.process("", batch(1))


def test_a_result_must_have_exactly_the_declared_columns() -> None:
    declared = pa.schema([("sum", pa.int64())])
    stage = harness(Total, schemas=(None, declared))
    with pytest.raises(StageError, match="OUTPUT: column sum is missing; column total is not declared"):
        stage.process("", batch(1))


def test_a_constructor_that_fails_does_so_before_any_batch() -> None:
    def fails() -> None:
        raise ValueError("window must be positive")

    function = StageFunction("m:f", fails, False, False, None, None)
    with pytest.raises(ValueError, match="window"):
        Harness(function, is_keyed=True, wall_clock_ns=lambda: 0)
