"""A recording played through decoder, order books and batcher without a cluster: what is in it, what is wrong with it, how fast it goes."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dolphin.core.contract import names
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import Counters, Translator
from dolphin.feeds.recording import RecordingInfo, inspect, read
from dolphin.feeds.worker import FAST_SPAN_NS


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it."""

    recording: RecordingInfo
    rows: int
    batches: int
    counters: Counters
    unsynced: tuple[str, ...]
    """Symbols whose order book was not known at the end."""
    notices: tuple[str, ...]
    seconds: float
    """Wall time from the first frame to the last batch, reading included."""

    @property
    def frames_per_second(self) -> float:
        """Of wall time."""
        return self.counters.frames / self.seconds


def rehearse(paths: Iterable[str | Path]) -> Rehearsal:
    """Play the recording as fast as it goes. BadInput where it cannot be used."""
    info = inspect(paths)
    translator, batcher = Translator(), Batcher(shard=names.FIRST_SHARD, max_span_ns=FAST_SPAN_NS)
    rows = 0
    started_ns = time.perf_counter_ns()
    for frame in read(info.paths):
        batcher.add(translator.on_frame(frame.receive_ns, frame.raw))
        while (batch := batcher.take(translator.market_time_ns)) is not None:
            rows += batch.num_rows
    batcher.add(translator.on_end(info.last_time_ns))
    while (batch := batcher.flush()) is not None:
        rows += batch.num_rows
    return Rehearsal(
        recording=info,
        rows=rows,
        batches=batcher.batches,
        counters=translator.counters,
        unsynced=tuple(translator.unsynced_assets),
        notices=tuple(translator.take_notices()),
        seconds=(time.perf_counter_ns() - started_ns) / 1e9,
    )
