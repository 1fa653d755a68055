"""A trailing sample of one reading, and robust statistics of it.

At most one sample per stride of market time (1 s at first). When the sample is full, every other one is dropped and the stride doubles,
until the sample spans a day; from then on it is a ring. So memory is bounded, the choice of samples depends on market time only, and
two runs over the same batches keep the same samples.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from dolphin.core.units import DAY_NS, SECOND_NS

CAPACITY = 512
MIN_SAMPLES = 30
"""Fewest samples that say what is usual."""
NOW_SECONDS = 5
"""What a reading is now is the median of so many seconds: one flicker of the book is not a collapse."""
MAD_TO_SIGMA = 1.4826  # of a normal distribution


class Statistics(NamedTuple):
    """Of the samples: order statistics, and the median absolute deviation scaled to a standard deviation."""

    size: int
    median: float
    scale: float
    low: float  # 1 % quantile
    high: float  # 99 % quantile
    smallest: float


class Trail:
    """Samples of one reading over up to `horizon_ns` of market time."""

    def __init__(self, horizon_ns: int = DAY_NS) -> None:
        self._horizon_ns = horizon_ns
        self._samples: list[float] = []
        self._first_ns = -1
        self._next_ns = 0
        self._stride_ns = SECOND_NS
        self._statistics: Statistics | None = None

    def add(self, now_ns: int, value: float) -> None:
        """Offer a finite reading; it is kept if the present stride has none yet."""
        if now_ns < self._next_ns:
            return
        if self._first_ns < 0:
            self._first_ns = now_ns
        self._samples.append(value)
        self._statistics = None
        if len(self._samples) > CAPACITY:
            if self._stride_ns * CAPACITY < self._horizon_ns:
                del self._samples[1::2]
                self._stride_ns *= 2
            else:
                del self._samples[0]
        self._next_ns = (now_ns // self._stride_ns + 1) * self._stride_ns

    def is_warm(self, now_ns: int, warm_up_ns: int, min_samples: int) -> bool:
        """Whether the sample spans the warm-up and holds enough."""
        return len(self._samples) >= min_samples and self._first_ns >= 0 and now_ns - self._first_ns >= warm_up_ns

    def statistics(self) -> Statistics:
        """Computed once per sample kept; needs at least one."""
        if self._statistics is None:
            ordered = np.sort(np.array(self._samples))
            count = len(ordered)
            median = float(ordered[count // 2])
            deviation = float(np.sort(np.abs(ordered - median))[count // 2])
            tail = count // 100
            self._statistics = Statistics(
                count,
                median,
                MAD_TO_SIGMA * deviation,
                float(ordered[tail]),
                float(ordered[count - 1 - tail]),
                float(ordered[0]),
            )
        return self._statistics

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        return [self._horizon_ns, self._first_ns, self._next_ns, self._stride_ns, np.array(self._samples).tobytes()]

    @classmethod
    def from_list(cls, fields: list[object]) -> "Trail":
        """The trail that `to_list` wrote."""
        horizon_ns, first_ns, next_ns, stride_ns, samples = fields
        assert isinstance(horizon_ns, int)
        assert isinstance(first_ns, int)
        assert isinstance(next_ns, int)
        assert isinstance(stride_ns, int)
        assert isinstance(samples, bytes)
        trail = cls(horizon_ns)
        trail._first_ns, trail._next_ns, trail._stride_ns = first_ns, next_ns, stride_ns
        trail._samples = np.frombuffer(samples).tolist()
        return trail


@dataclass(slots=True)
class Usual:
    """One reading of one asset: what is usual, and what it is now."""

    trail: Trail
    second: int = -1
    recent: list[float] = field(default_factory=list)  # one a second, newest last

    def add(self, now_ns: int, value: float) -> None:
        """Take the reading at market time `now_ns`."""
        self.trail.add(now_ns, value)
        if now_ns // SECOND_NS > self.second:
            self.second = now_ns // SECOND_NS
            self.recent = [*self.recent[1 - NOW_SECONDS :], value]

    def now(self) -> float:
        """The lower median of the last seconds; needs at least one reading."""
        return sorted(self.recent)[(len(self.recent) - 1) // 2]

    def to_list(self) -> list[object]:
        """Everything `from_list` needs."""
        return [self.trail.to_list(), self.second, self.recent]

    @classmethod
    def from_list(cls, fields: list[Any]) -> "Usual":
        """The reading that `to_list` wrote."""
        trail, second, recent = fields
        return cls(Trail.from_list(trail), second, recent)
