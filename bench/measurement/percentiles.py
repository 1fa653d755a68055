"""Percentiles of latencies, kept in HDR histograms: three digits from 1 ns to an hour, no sample lost, no average anywhere."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, Self

from hdrh.histogram import HdrHistogram

_LOWEST_NS: Final = 1
_HIGHEST_NS: Final = 3_600_000_000_000
_DIGITS: Final = 3


class Latencies:
    """The latencies of one fresh start."""

    def __init__(self, samples_ns: Iterable[int]) -> None:
        self._histogram = HdrHistogram(_LOWEST_NS, _HIGHEST_NS, _DIGITS)
        for sample in samples_ns:
            self._histogram.record_value(max(sample, _LOWEST_NS))

    def quantile_us(self, percent: float) -> float:
        """The latency that `percent` of the samples do not exceed, in microseconds."""
        return self._histogram.get_value_at_percentile(percent) / 1000

    @classmethod
    def of_each(cls, starts: Sequence[Iterable[int]]) -> list[Self]:
        """One per fresh start."""
        return [cls(samples) for samples in starts]


def median_p50_us(starts: Sequence[Latencies]) -> float:
    """The median over fresh starts of their medians."""
    return median(start.quantile_us(50) for start in starts)


def worst_p99_us(starts: Sequence[Latencies]) -> float:
    """The worst 99th percentile of any fresh start."""
    return max(start.quantile_us(99) for start in starts)
