"""MARKET rows in, one FEATURES row per known asset and moment out.

The stage owns the state records of its shard (`dolphin.core.signals.feature_state`) and translates between Arrow and the compiled kernel
(`dolphin.core.signals.feature_kernel`, `.feature_output`). Every TICK yields the whole picture at its market time: the grid point that
the rules look at. So does the end of an input batch, for whoever follows the prices. Where a feed or a reader cuts its batches therefore
changes nothing at a grid point, and neither does a batch that holds several.
"""

from itertools import pairwise
from operator import itemgetter
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dolphin.core.arrow.moments import joined
from dolphin.core.arrow.template import BatchTemplate
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.names import MAX_ASSETS
from dolphin.core.contract.schemas import FEATURES, MARKET
from dolphin.core.signals.columns import FLOAT_OUTPUTS, INT_OUTPUTS
from dolphin.core.signals.feature_state import ASSET_STATE, UNKNOWN_DELAY_NS, new_assets
from dolphin.errors import BadInput
from dolphin.stage import snapshot

_ASSET_AT: Final = MARKET.get_field_index("asset")
_DELAYS: Final = ("delay_ns", "excess_delay_ns", "jitter_ns")

_SNAPSHOT: Final = ("features", 3)
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
        self._clock_ns, self._ticked_at_ns = 0, -1
        self._adopt(["any"], new_assets(1))
        self.process(pa.RecordBatch.from_pylist([], MARKET))  # compiles, or loads what was compiled, before the first deadline
        self._adopt([], new_assets(0))

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Features of all known assets at every TICK in `batch` (MARKET, any number of rows) and after its last row, in order."""
        if not batch.schema.equals(MARKET):
            batch = _as_market(batch)
        ends = np.flatnonzero(batch.column("kind").to_numpy() == Kind.TICK) + 1
        if not ends.size or (ends.size == 1 and ends[0] == batch.num_rows):  # as a feed cuts them
            return self._moment(batch, is_tick=bool(ends.size))
        bounds = [0, *ends.tolist()]
        moments = [self._moment(batch.slice(start, end - start), is_tick=True) for start, end in pairwise(bounds)]
        if bounds[-1] < batch.num_rows:
            moments.append(self._moment(batch.slice(bounds[-1]), is_tick=False))
        return joined(moments)

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        return snapshot.pack(*_SNAPSHOT, self._memory())

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""
        read = itemgetter("clock_ns", "ticked_at_ns", "assets", "records")
        self._clock_ns, self._ticked_at_ns, assets, records = snapshot.restored(data, *_SNAPSHOT, read, ASSET_STATE)
        self._adopt(assets, records)

    def _memory(self) -> dict[str, object]:
        return {"clock_ns": self._clock_ns, "ticked_at_ns": self._ticked_at_ns, "assets": self._assets, "records": self._state}

    def _moment(self, rows: pa.RecordBatch, *, is_tick: bool) -> pa.RecordBatch:
        """Features after `rows`, the last of which is a TICK or not."""
        asset_index = self._asset_index(rows.column(_ASSET_AT))
        self._clock_ns = self._apply_rows(self._state, self._clock_ns, asset_index, *self._read_rows(rows))
        if is_tick:
            self._ticked_at_ns = self._clock_ns
        return self._read_features()

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
        is_delay_unknown = self._write_features(self._state, self._clock_ns, self._ticked_at_ns, *self._template.places)
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
