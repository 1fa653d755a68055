"""MARKET rows in, one FEATURES row per known asset out.

The stage owns the state records of its shard (`dolphin.core.signals.feature_state`) and translates between Arrow and the compiled kernel
(`dolphin.core.signals.feature_kernel`, `.feature_output`). Every input batch yields the whole picture at its market time, also when it
holds nothing but the feed's TICK: windows decay and delays age by time alone.
"""

from operator import itemgetter
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dolphin.core.arrow.template import BatchTemplate
from dolphin.core.contract.names import MAX_ASSETS
from dolphin.core.contract.schemas import FEATURES, MARKET
from dolphin.core.signals.columns import FLOAT_OUTPUTS, INT_OUTPUTS
from dolphin.core.signals.feature_state import ASSET_STATE, UNKNOWN_DELAY_NS, new_assets
from dolphin.errors import BadInput
from dolphin.stage import snapshot

_ASSET_AT: Final = MARKET.get_field_index("asset")
_DELAYS: Final = ("delay_ns", "excess_delay_ns", "jitter_ns")

_SNAPSHOT: Final = ("features", 2)
_NO_ASSET: Final[dict[str | None, int]] = {"": -1, None: -1}


class Features:
    """The feature stage of one shard. Same batches, same output, bit for bit, however often it is snapshotted and restored between."""

    INPUT: Final = MARKET
    OUTPUT: Final = FEATURES

    def __init__(self) -> None:
        from dolphin.core.signals.feature_kernel import apply_rows  # numba: a good part of a second even with a warm cache, so only here
        from dolphin.core.signals.feature_output import read_features
        from dolphin.core.signals.market_arrays import read_rows

        self._read_rows, self._apply_rows, self._write_features = read_rows, apply_rows, read_features
        self._clock_ns = 0
        self._adopt(["any"], new_assets(1))
        self.process(pa.RecordBatch.from_pylist([], MARKET))  # compiles, or loads what was compiled, before the first deadline
        self._clock_ns = 0
        self._adopt([], new_assets(0))

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Features of all known assets after the rows of `batch` (MARKET, any number of rows)."""
        if not batch.schema.equals(MARKET):
            batch = _as_market(batch)
        asset_index = self._asset_index(batch.column(_ASSET_AT))
        self._clock_ns = self._apply_rows(self._state, self._clock_ns, asset_index, *self._read_rows(batch))
        return self._read_features()

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        return snapshot.pack(*_SNAPSHOT, {"clock_ns": self._clock_ns, "assets": self._assets, "records": self._state})

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        clock_ns, assets, records = snapshot.restored(data, *_SNAPSHOT, itemgetter("clock_ns", "assets", "records"), ASSET_STATE)
        self._clock_ns = clock_ns
        self._adopt(assets, records)

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

    def _read_features(self) -> pa.RecordBatch:
        if self._template is None:
            return pa.RecordBatch.from_pylist([], FEATURES)
        is_delay_unknown = self._write_features(self._state, self._clock_ns, *self._template.places)
        batch = self._template.batch()
        return _with_nulls(batch) if is_delay_unknown else batch


def _as_market(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of MARKET out of a batch that has others too, or these in another order."""
    return pa.RecordBatch.from_arrays([batch.column(field.name).cast(field.type) for field in MARKET], schema=MARKET)


def _template(assets: list[str]) -> BatchTemplate | None:
    """FEATURES of `assets`, to be written by `feature_output.read_features`; None without assets."""
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
