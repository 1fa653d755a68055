"""MARKET rows in, one FEATURES row per known asset out.

The stage owns the state records of its shard (`dolphin.signals.feature_state`) and translates between Arrow and the compiled kernel
(`dolphin.signals.feature_kernel`). Every input batch yields the whole picture at its market time, also when it holds nothing but the feed's
TICK: windows decay and delays age by time alone.
"""

from typing import Any, Final

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

_DELAYS: Final = frozenset({"delay_ns", "excess_delay_ns", "jitter_ns"})
_KINDS: Final = frozenset({"last_kind", "taker_kind"})
_INT_TYPE: Final = {"is_synced": pa.bool_(), "last_kind": pa.uint8(), "taker_kind": pa.uint8()}
_ARROW_TYPE: Final = {"d": pa.float64(), "l": pa.int64(), "B": pa.uint8()}

FEATURES: Final = pa.schema(
    [
        pa.field("asset", pa.utf8(), nullable=False),
        pa.field("market_time_ns", pa.int64(), nullable=False),
        *(pa.field(name, pa.float64()) for name in FLOAT_OUTPUTS),
        *(pa.field(name, _INT_TYPE.get(name, pa.int64())) for name in INT_OUTPUTS),
    ]
)
"""Floats are NaN, times and ids -1, kinds 0 and delays null while unknown. `docs/signals.md` defines each column."""

_SNAPSHOT: Final = ("features", 1)


class Features:
    """The feature stage of one shard. Same batches, same output, bit for bit, however often it is snapshotted and restored between."""

    INPUT: Final = MARKET
    OUTPUT: Final = FEATURES

    def __init__(self) -> None:
        from dolphin.signals import feature_kernel  # numba: a good part of a second even with a warm cache, so only here

        self._kernel = feature_kernel
        self._clock_ns = 0
        self._adopt([], new_assets(0))
        self.process(pa.RecordBatch.from_pylist([], MARKET))  # compiles, or loads what was compiled, before the first deadline

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Features of all known assets after the rows of `batch` (MARKET, any number of rows)."""
        rows = batch.num_rows
        asset_index = self._asset_index(batch.column("asset"))
        kinds = np.empty(rows, np.uint8)
        sides = np.empty(rows, np.int8)
        times_and_ids = np.empty((len(INT_INPUTS), rows), np.int64)
        values = np.empty((len(FLOAT_INPUTS), rows))
        kinds[:] = batch.column("kind").to_numpy()
        sides[:] = _filled(batch.column("is_taker_buy").cast(pa.int8()), -1)
        for row, name in zip(times_and_ids, INT_INPUTS, strict=True):
            row[:] = _filled(batch.column(name), -1)
        for row, name in zip(values, FLOAT_INPUTS, strict=True):
            row[:] = batch.column(name).to_numpy(zero_copy_only=False)  # null becomes NaN
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
        self._index = {"": -1} | {asset: i for i, asset in enumerate(assets)}
        self._state = state
        self._asset_column = pa.array(assets, pa.utf8())

    def _asset_index(self, column: pa.Array) -> NDArray[np.int64]:
        """Row of the state for each entry of `column`; a new asset gets a new record, a row without asset gets -1."""
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        names: list[str] = encoded.dictionary.to_pylist()
        new = [name for name in names if name not in self._index]
        if new:
            if len(self._assets) + len(new) > MAX_ASSETS:
                raise BadInput(
                    f"one shard holds at most {MAX_ASSETS} assets", field="asset", value=new[0], remedy="Spread the assets over more shards"
                )
            self._adopt(self._assets + new, np.concatenate([self._state, new_assets(len(new))]))
        of_name = np.array([self._index[name] for name in names], np.int64)
        return of_name[encoded.indices.to_numpy()]

    def _read(self) -> pa.RecordBatch:
        assets = len(self._assets)
        floats = np.empty((len(FLOAT_OUTPUTS), assets))
        ints = np.empty((len(INT_OUTPUTS), assets), np.int64)
        self._kernel.read_features(self._state, self._clock_ns, floats, ints)
        columns = [self._asset_column, _column(np.full(assets, self._clock_ns))]
        columns += [_column(row) for row in floats]
        columns += [_int_column(name, row) for name, row in zip(INT_OUTPUTS, ints, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=FEATURES)


def _filled(column: pa.Array, missing: int) -> NDArray[Any]:
    return (column.fill_null(missing) if column.null_count else column).to_numpy()


def _column(values: NDArray[Any]) -> pa.Array:
    """`values` as an Arrow column without a copy."""
    return pa.Array.from_buffers(_ARROW_TYPE[values.dtype.char], values.size, [None, pa.py_buffer(values)], 0)


def _int_column(name: str, values: NDArray[np.int64]) -> pa.Array:
    if name == "is_synced":
        return pa.array(values != 0)
    if name in _KINDS:
        return _column(values.astype(np.uint8))
    if name in _DELAYS and (values == UNKNOWN_DELAY_NS).any():
        return pa.array(values, mask=values == UNKNOWN_DELAY_NS)
    return _column(values)
