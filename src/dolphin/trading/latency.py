"""How long things took, by path, as HDR histograms in memory. Wall-clock readings of one machine; nothing decides on them.

The feed's stamp travels in every batch. A leverage command carries no stamp of its own but the market time of the batch that caused it, so
the stamps of recent batches are kept, by market time.
"""

from collections import OrderedDict
from typing import Final

import numpy as np
from hdrh.histogram import HdrHistogram

MAX_NS: Final = 60_000_000_000
"""Longer readings count as a minute."""
STAMPS_KEPT: Final = 4_096
PERCENTILES: Final = {"p50": 50.0, "p99": 99.0, "p999": 99.9}

FEED_TO_FEATURE: Final = "feed_to_feature"
FEED_TO_AGENT: Final = "feed_to_agent"
FEED_TO_CAP_CHANGE: Final = "feed_to_cap_change"
TOPIC_TO_AGENT: Final = "topic_to_agent"
ORDER_TO_FILL: Final = "order_to_fill"
LEASE_TO_HIBERNATE: Final = "lease_to_hibernate"


class Latencies:
    """Histograms by path, made as readings come."""

    def __init__(self) -> None:
        self._histograms: dict[str, HdrHistogram] = {}
        self._published_wall_ns: OrderedDict[int, int] = OrderedDict()
        self._awaited: OrderedDict[int, list[int]] = OrderedDict()

    def record(self, path: str, elapsed_ns: int) -> None:
        """Takes one reading; one below a nanosecond (a stepped clock) counts as one."""
        histogram = self._histograms.get(path)
        if histogram is None:
            histogram = self._histograms[path] = HdrHistogram(1, MAX_NS, 3)
        histogram.record_value(min(max(elapsed_ns, 1), MAX_NS))

    def remember_batch(self, market_time_ns: int, published_wall_ns: int) -> None:
        """Keeps when the feed published the batch of `market_time_ns`."""
        _keep(self._published_wall_ns, market_time_ns, published_wall_ns)
        for wall_ns in self._awaited.pop(market_time_ns, ()):
            self.record(FEED_TO_CAP_CHANGE, wall_ns - published_wall_ns)

    def record_cap_change(self, market_time_ns: int, wall_ns: int) -> None:
        """A cap changed here at `wall_ns` because of the batch of `market_time_ns`, which itself may arrive after the command."""
        published_wall_ns = self._published_wall_ns.get(market_time_ns)
        if published_wall_ns is not None:
            self.record(FEED_TO_CAP_CHANGE, wall_ns - published_wall_ns)
        else:
            _keep(self._awaited, market_time_ns, [*self._awaited.get(market_time_ns, ()), wall_ns])

    def summary_us(self) -> dict[str, dict[str, float]]:
        """p50, p99, p999, max in microseconds and n, by path."""
        return {path: _summary_us(histogram) for path, histogram in sorted(self._histograms.items())}


def _keep[V](recent: OrderedDict[int, V], key: int, value: V) -> None:
    recent[key] = value
    if len(recent) > STAMPS_KEPT:
        recent.popitem(last=False)


def _summary_us(histogram: HdrHistogram) -> dict[str, float]:
    # The library's own quantiles walk 27,000 counts in Python, one at a time: the status would hold the agent up for 50 to 90 ms.
    counted = np.cumsum(np.ctypeslib.as_array(histogram.counts))
    targets = [histogram.get_target_count_at_percentile(percentile) for percentile in PERCENTILES.values()]
    values = [histogram.get_value_from_index(int(index)) for index in np.searchsorted(counted, targets)]
    readings = {name: histogram.get_highest_equivalent_value(value) / 1e3 for name, value in zip(PERCENTILES, values, strict=True)}
    return {**readings, "max": histogram.get_max_value() / 1e3, "n": histogram.get_total_count()}
