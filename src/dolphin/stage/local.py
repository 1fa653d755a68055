"""A stage function without a cluster: the harness of the worker, fed from an iterable.

Tests, backtests and notebooks run a function this way and get exactly what a job would have given it: metadata, keys, checks.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from dolphin.stage.function import load
from dolphin.stage.harness import MARKET_TIME, UNKEYED, Harness
from dolphin.stage.output import Split, split


def run_local(
    function: str,
    batches: Iterable[pa.RecordBatch],
    params: Mapping[str, Any] | None = None,
    *,
    keyed_by: str | None = None,
    key_groups: int = 64,
    wall_clock_ns: Callable[[], int] = time.time_ns,
) -> Iterator[pa.RecordBatch]:
    """Yields the results of `module:attribute` for each batch, in order.

    `keyed_by`: the column an instance is kept for, as `key_groups` groups, like the edge of a job does it; None means
    one instance. A batch without `market_time_ns` in its metadata gets it from the last row of the column of that
    name, if there is one. A watermark follows every batch, as in a job.
    """
    loaded = load(function, params or {})
    harness = Harness(loaded, is_keyed=keyed_by is not None, wall_clock_ns=wall_clock_ns)
    for batch in map(_with_market_time, batches):
        parts = (
            [(UNKEYED, batch)] if keyed_by is None else [(str(group), part) for group, part in split(batch, Split(keyed_by, key_groups))]
        )
        for key, part in parts:
            yield from (result.records() for result in harness.process(key, part))
        if (batch.schema.metadata or {}).get(MARKET_TIME) is not None:
            for _, results in harness.watermark(int(batch.schema.metadata[MARKET_TIME])):
                yield from (result.records() for result in results)


def _with_market_time(batch: pa.RecordBatch) -> pa.RecordBatch:
    metadata = batch.schema.metadata or {}
    position = batch.schema.get_field_index(MARKET_TIME.decode())
    if MARKET_TIME in metadata or position < 0 or not batch.num_rows:
        return batch
    last = batch.column(position)[-1].as_py()
    return batch if last is None else batch.replace_schema_metadata({**metadata, MARKET_TIME: str(last).encode()})
