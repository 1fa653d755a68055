"""Where a batch stands: the schema metadata of every Arrow batch that crosses a boundary. Written and read here alone."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class BatchInfo:
    """Where a batch stands: the schema metadata of every Arrow batch that crosses a boundary."""

    shard: str
    batch: int
    """Sequence number within the shard, from 1 without holes."""
    market_time_ns: int
    """Market time of the last row."""
    published_wall_ns: int = 0
    """Wall clock of the feed just before it published; 0 before that."""
    emitted_wall_ns: int = 0
    """Wall clock of the stage harness on output; 0 before that."""
    run_id: str = ""
    law: str = ""
    """The law hash of the process that made it (`dolphin.core.control.params`); "" is nobody's."""


def metadata_of(info: BatchInfo) -> dict[bytes, bytes]:
    """`info` as Arrow schema metadata (utf8, decimal)."""
    return {
        b"shard": info.shard.encode(),
        b"batch": str(info.batch).encode(),
        b"market_time_ns": str(info.market_time_ns).encode(),
        b"published_wall_ns": str(info.published_wall_ns).encode(),
        b"emitted_wall_ns": str(info.emitted_wall_ns).encode(),
        b"run_id": info.run_id.encode(),
        b"law": info.law.encode(),
    }


def with_info(batch: pa.RecordBatch, info: BatchInfo) -> pa.RecordBatch:
    """`batch` with `info` in its schema metadata; other metadata keys are kept."""
    return batch.replace_schema_metadata({**(batch.schema.metadata or {}), **metadata_of(info)})


def info_of(batch: pa.RecordBatch) -> BatchInfo:
    """The metadata of `batch`; ValueError names the key that is missing or not a number. A missing law is "", which is nobody's."""
    metadata: dict[bytes, bytes] = batch.schema.metadata or {}

    def text(key: str) -> str:
        value = metadata.get(key.encode())
        if value is None:
            raise ValueError(f"the batch's metadata has no {key!r}")
        return value.decode()

    def number(key: str) -> int:
        value = text(key)
        try:
            return int(value)
        except ValueError:
            raise ValueError(f"the batch's metadata has {key} = {value!r}, not an integer") from None

    return BatchInfo(
        shard=text("shard"),
        batch=number("batch"),
        market_time_ns=number("market_time_ns"),
        published_wall_ns=number("published_wall_ns"),
        emitted_wall_ns=number("emitted_wall_ns"),
        run_id=text("run_id"),
        law=(metadata.get(b"law") or b"").decode(),
    )
