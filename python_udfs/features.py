"""MARKET rows in, one FEATURES row per known asset out.

The stage owns the state records of its shard (`dolphin.signals.feature_state`) and translates between Arrow and the compiled kernel
(`dolphin.signals.feature_kernel`). Every input batch yields the whole picture at its market time, also when it holds nothing but the feed's
TICK: windows decay and delays age by time alone.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dolphin.errors import BadInput
from dolphin.market.schema import MARKET
from dolphin.signals import snapshot
from dolphin.signals.feature_state import (
    ASSET_STATE,
    FLOAT_INPUTS,
    FLOAT_OUTPUTS,
    INT_INPUTS,
    INT_OUTPUTS,
    MAX_ASSETS,
    UNKNOWN_DELAY_NS,
    new_assets,
)
from python_udfs.template import BatchTemplate

_DELAYS: Final = ("delay_ns", "excess_delay_ns", "jitter_ns")

FEATURES: Final = pa.schema(
    [
        pa.field("asset", pa.utf8(), nullable=False),
        pa.field("market_time_ns", pa.int64(), nullable=False),
        *(pa.field(name, pa.float64()) for name in FLOAT_OUTPUTS),
        *(pa.field(name, pa.int64()) for name in INT_OUTPUTS),
        pa.field("last_kind", pa.uint8()),
        pa.field("taker_kind", pa.uint8()),
        pa.field("is_synced", pa.bool_()),
    ]
)
"""Floats are NaN, times and ids -1, kinds 0 and delays null while unknown. `docs/signals.md` defines each column."""

_SNAPSHOT: Final = ("features", 1)
_NO_ASSET: Final[dict[str | None, int]] = {"": -1, None: -1}


class Features:
    """The feature stage of one shard. Same batches, same output, bit for bit, however often it is snapshotted and restored between."""

    INPUT: Final = MARKET
    OUTPUT: Final = FEATURES

    def __init__(self) -> None:
        from dolphin.signals import feature_kernel  # numba: a good part of a second even with a warm cache, so only here

        self._kernel = feature_kernel
        self._clock_ns = 0
        self._adopt(["any"], new_assets(1))
        self.process(pa.RecordBatch.from_pylist([], MARKET))  # compiles, or loads what was compiled, before the first deadline
        self._clock_ns = 0
        self._adopt([], new_assets(0))

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Features of all known assets after the rows of `batch` (MARKET, any number of rows)."""
        rows = batch.num_rows
        column = dict(zip(batch.schema.names, batch.columns, strict=True))
        asset_index = self._asset_index(column["asset"])
        kinds = np.empty(rows, np.uint8)
        sides = np.empty(rows, np.int8)
        times_and_ids = np.empty((len(INT_INPUTS), rows), np.int64)
        values = np.empty((len(FLOAT_INPUTS), rows))
        kinds[:] = column["kind"].to_numpy()
        sides[:] = _sides(column["is_taker_buy"])
        for row, name in zip(times_and_ids, INT_INPUTS, strict=True):
            row[:] = _integers(column[name], missing=-1)
        for row, name in zip(values, FLOAT_INPUTS, strict=True):
            row[:] = column[name].to_numpy(zero_copy_only=False)  # null becomes NaN
        self._clock_ns = self._kernel.apply_rows(self._state, self._clock_ns, asset_index, kinds, sides, times_and_ids, values)
        return self._read()

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        return snapshot.pack(*_SNAPSHOT, {"clock_ns": self._clock_ns, "assets": self._assets, "records": self._state})

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        state = snapshot.unpack(data, *_SNAPSHOT, ASSET_STATE)
        self._clock_ns = state["clock_ns"]
        self._adopt(state["assets"], state["records"])

    def _adopt(self, assets: list[str], state: NDArray[np.void]) -> None:
        self._assets = assets
        self._index = {asset: i for i, asset in enumerate(assets)} | _NO_ASSET
        self._state = state
        self._template = _template(assets)

    def _asset_index(self, column: pa.Array) -> NDArray[np.int64]:
        """Row of the state for each entry of `column`; a new asset gets a new record, a row without asset gets -1."""
        names: list[str | None] = column.to_pylist()
        new = [name for name in dict.fromkeys(names) if name and name not in self._index]
        if new:
            if len(self._assets) + len(new) > MAX_ASSETS:
                raise BadInput(
                    f"one shard holds at most {MAX_ASSETS} assets", field="asset", value=new[0], remedy="Spread the assets over more shards"
                )
            self._adopt(self._assets + new, np.concatenate([self._state, new_assets(len(new))]))
        return np.array([self._index[name] for name in names], np.int64)

    def _read(self) -> pa.RecordBatch:
        if self._template is None:
            return pa.RecordBatch.from_pylist([], FEATURES)
        is_delay_unknown = self._kernel.read_features(self._state, self._clock_ns, *self._template.places)
        batch = self._template.batch()
        return _with_nulls(batch) if is_delay_unknown else batch


def _template(assets: list[str]) -> BatchTemplate | None:
    """FEATURES of `assets`, to be written by `feature_kernel.read_features`; None without assets."""
    if not assets:
        return None
    columns = [pa.array(assets, pa.utf8())]
    columns += [pa.array(np.zeros(len(assets)), pa.float64()).cast(field.type) for field in list(FEATURES)[1:]]
    blocks = [["market_time_ns"], FLOAT_OUTPUTS, INT_OUTPUTS, ["last_kind"], ["taker_kind"], ["is_synced"]]
    return BatchTemplate(pa.RecordBatch.from_arrays(columns, schema=FEATURES), blocks)


def _with_nulls(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch` with its unknown delays null; rare, until every asset has spoken."""
    for name in _DELAYS:
        at = FEATURES.get_field_index(name)
        delays_ns = batch.column(at).to_numpy()
        batch = batch.set_column(at, FEATURES.field(at), pa.array(delays_ns, mask=delays_ns == UNKNOWN_DELAY_NS))
    return batch


def _integers(column: pa.Array, missing: int) -> NDArray[np.int64]:
    """Values of an int64 column with `missing` for null."""
    validity, data = column.buffers()
    values = np.frombuffer(data, np.int64)[column.offset : column.offset + len(column)] if len(column) else np.empty(0, np.int64)
    return np.where(_bits(validity, column), values, missing) if column.null_count else values


def _sides(column: pa.Array) -> NDArray[np.int8]:
    """Values of a bool column as 1 and 0, -1 for null."""
    validity, data = column.buffers()
    return np.where(_bits(validity, column), _bits(data, column).view(np.int8), np.int8(-1))


def _bits(bitmap: pa.Buffer | None, column: pa.Array) -> NDArray[np.uint8]:
    """The bits of one of `column`'s bitmaps, one byte each; all ones where Arrow left the bitmap out."""
    if bitmap is None:
        return np.ones(len(column), np.uint8)
    return np.unpackbits(np.frombuffer(bitmap, np.uint8), count=column.offset + len(column), bitorder="little")[column.offset :]
