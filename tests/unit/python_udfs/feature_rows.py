"""Handmade FEATURES batches for the tests of the safety stages."""

from typing import Any

import msgpack
import pyarrow as pa

from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import SIGNALS
from dolphin.core.control import gate_entry
from dolphin.core.control.command import Command, decode, survival_signal
from dolphin.core.control.params import LAW_HASH
from dolphin.core.market.rows import TICK_NS
from python_udfs import readings

SECOND = 1_000_000_000
MS = 1_000_000
START = 1_723_161_255 * SECOND


def row(asset: str, at_ns: int, **changes: Any) -> dict[str, Any]:
    """A healthy asset at `at_ns`, which is a grid point every 250 ms; every exchange id is new every 100 ms."""
    number = at_ns // (100 * MS)
    fields = {
        "asset": asset,
        "market_time_ns": at_ns,
        "ticked_at_ns": at_ns // TICK_NS * TICK_NS,
        "updated_at_ns": at_ns,
        "spread_max_bps": 0.5,
        "depth_min_usd": 1_000_000.0,
        "taker_buy_1m": 500_000.0,
        "taker_sell_1m": 500_000.0,
        "trades_1m": 500,
        "excess_delay_ns": 2 * MS,
        "jitter_ns": 3 * MS,
        "is_synced": True,
        "last_kind": int(Kind.BOOK),
        "last_exchange_id": number,
        "taker_kind": int(Kind.TRADE),
        "taker_exchange_id": number + 1,
        "spread_max_exchange_id": number,
        "depth_min_exchange_id": number + 2,
    }
    return {**fields, **changes}


def batch(at_ns: int, *rows: dict[str, Any], made_under: str = LAW_HASH) -> pa.RecordBatch:
    """The rows as a FEATURES batch of market time `at_ns`."""
    found = pa.RecordBatch.from_pylist(list(rows), schema=readings.INPUT)
    return found.replace_schema_metadata({b"market_time_ns": str(at_ns).encode(), b"shard": b"0", b"law": made_under.encode()})


def signals(found: pa.RecordBatch | None) -> list[tuple[str, dict[str, Any]]]:
    """The (key, signal) pairs of what a stage emitted."""
    if found is None:
        return []
    assert found.schema.equals(SIGNALS)
    return [(each["key"], msgpack.unpackb(each["value"])) for each in found.to_pylist()]


class Entries:
    """The gate maps, fed with what stages emit, as the jobs `acb` and `survival` wire them."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.postures: dict[str, bytes] = {}
        self.cuts: list[Command] = []

    def take(self, found: pa.RecordBatch | None) -> None:
        """Apply every signal of a batch; commands that lower a cap are kept in `cuts`."""
        for each in [] if found is None else found.to_pylist():
            key, signal = each["key"], each["value"]
            if msgpack.unpackb(signal)["kind"] in ("demand", "broken"):
                governed = gate_entry.apply("POSTURE", key, self.postures.get(key), signal)
                assert governed.value is not None
                assert msgpack.unpackb(governed.answer)["accepted"]
                self.postures[key] = governed.value
                signal = survival_signal(decode(governed.value))
            applied = gate_entry.apply("LEVERAGE", key, self.values.get(key), signal)
            assert applied.value is not None
            assert msgpack.unpackb(applied.answer)["accepted"]
            self.values[key] = applied.value
            command = decode(applied.value)
            if command.cap_ppm < command.from_cap_ppm:
                self.cuts.append(command)

    def command(self, key: str) -> Command:
        """The command in force for `key`."""
        return decode(self.values[key])
