"""What the feed publishes: the MARKET schema, the kinds of row, and the names of causes.

A row is one thing an exchange said about one asset (or the feed's own TICK and GAP). Rows travel in Arrow record batches whose schema
metadata says where the batch stands: `BatchInfo`. A *cause id* names one exchange message, so that a cut can be walked back to the frame
behind it: `SYMBOL@stream#id`. This module is the one place that writes and reads all three.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import pyarrow as pa

from dolphin.core.control.law import LAW


class Kind(IntEnum):
    """What a row says. The numbers are part of the contract; never reuse one."""

    BOOK = 1
    """Best bid and ask (bookTicker)."""
    TRADE = 2
    """One trade (trade)."""
    DEPTH = 3
    """A depth update applied to a synchronised book."""
    MARK = 4
    """Mark price and funding rate (markPrice)."""
    LIQUIDATION = 5
    """A liquidation order (forceOrder)."""
    TICK = 6
    """The feed's heartbeat: connected, at this market time. Asset is ""."""
    GAP = 7
    """The asset's book lost continuity and is resyncing."""
    AGG_TRADE = 8
    """Fills of one taker order at one price (aggTrade); every rule treats it as a TRADE."""


MARKET: Final = pa.schema(
    [
        pa.field("asset", pa.utf8(), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("event_time_ns", pa.int64()),
        pa.field("market_time_ns", pa.int64(), nullable=False),
        pa.field("exchange_id", pa.int64()),
        pa.field("bid_price", pa.float64()),
        pa.field("bid_qty", pa.float64()),
        pa.field("ask_price", pa.float64()),
        pa.field("ask_qty", pa.float64()),
        pa.field("price", pa.float64()),
        pa.field("qty", pa.float64()),
        pa.field("is_taker_buy", pa.bool_()),
        pa.field("bid_depth_usd", pa.float64()),
        pa.field("ask_depth_usd", pa.float64()),
        pa.field("mark_price", pa.float64()),
        pa.field("funding_rate", pa.float64()),
    ]
)
"""Columns that a kind does not have are null; times are nanoseconds, prices and quantities the exchange's units, depths quote notional."""

STREAM_OF_KIND: Final[dict[Kind, str]] = {
    Kind.BOOK: "bookTicker",
    Kind.TRADE: "trade",
    Kind.DEPTH: "depth",
    Kind.MARK: "markPrice",
    Kind.LIQUIDATION: "forceOrder",
    Kind.AGG_TRADE: "aggTrade",
    Kind.GAP: "depth",
}
"""The exchange stream behind a kind. TICK has none; a GAP is caused by the depth message that did not fit."""

_KIND_OF_STREAM: Final[dict[str, Kind]] = {stream: kind for kind, stream in STREAM_OF_KIND.items() if kind is not Kind.GAP}


@dataclass(frozen=True, slots=True)
class Cause:
    """The exchange message a cause id names."""

    asset: str
    kind: Kind
    exchange_id: int


def cause_id(asset: str, kind: int, exchange_id: int) -> str:
    """The name of one exchange message: `cause_id("BTCUSDT", Kind.TRADE, 7) == "BTCUSDT@trade#7"`. A TICK has no cause: KeyError."""
    return f"{asset}@{STREAM_OF_KIND[Kind(kind)]}#{exchange_id}"


def parse_cause_id(text: str) -> Cause:
    """The message that `text` names; ValueError where it is not a cause id. A GAP's cause reads back as the DEPTH message it is."""
    asset, at, rest = text.partition("@")
    stream, hash_, number = rest.partition("#")
    kind = _KIND_OF_STREAM.get(stream)
    if not (asset and at and hash_ and kind and number.isascii() and number.isdigit()):
        raise ValueError(f"not a cause id: {text!r} (want SYMBOL@stream#id)")
    return Cause(asset, kind, int(number))


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
    law: str = LAW
    """The control law of the process that made it (`dolphin.core.control.law`)."""


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


def encode_batch(batch: pa.RecordBatch) -> bytes:
    """`batch` as an Arrow IPC stream with one record batch: the bytes inside a wire `Batch`."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()
