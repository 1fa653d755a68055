"""Batch metadata reads back as written."""

import pyarrow as pa
import pytest

from dolphin.core.arrow.ipc import decoded, encoded
from dolphin.core.contract.batch import BatchInfo, info_of, with_info
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET


def one_tick() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"asset": "", "kind": Kind.TICK, "market_time_ns": 5}], schema=MARKET)


def test_metadata_and_rows_survive_the_wire() -> None:
    info = BatchInfo(shard="0", batch=3, market_time_ns=5, published_wall_ns=9, emitted_wall_ns=11, run_id="r1")
    batch = with_info(one_tick(), info)
    received = decoded(encoded(batch))
    assert received.equals(batch)
    assert info_of(received) == info


def test_a_batch_is_stamped_with_the_law_of_its_maker_and_one_without_is_nobodys() -> None:
    batch = with_info(one_tick(), BatchInfo("0", 1, 5, law="f" * 16))
    assert info_of(batch).law == "f" * 16
    assert info_of(with_info(one_tick(), BatchInfo("0", 1, 5))).law == ""
    older = {key: value for key, value in batch.schema.metadata.items() if key != b"law"}
    assert info_of(batch.replace_schema_metadata(older)).law == ""


def test_missing_or_malformed_metadata_is_named() -> None:
    with pytest.raises(ValueError, match="shard"):
        info_of(one_tick())
    wrong = with_info(one_tick(), BatchInfo("0", 1, 5)).replace_schema_metadata({b"shard": b"0", b"batch": b"x"})
    with pytest.raises(ValueError, match="batch = 'x'"):
        info_of(wrong)
