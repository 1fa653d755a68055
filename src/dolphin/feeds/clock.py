"""What time the market has: a multiple of the wall clock in a replay, a wall clock that never steps in a live feed."""

import time
from collections.abc import Callable


class PacedClock:
    """Market time as a multiple of a monotonic clock, from `start_ns` on."""

    def __init__(self, start_ns: int, speed: float, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        assert speed > 0
        self._speed = speed
        self._start_ns = start_ns
        self._monotonic_ns = monotonic_ns
        self._started_at_ns = monotonic_ns()

    def now_ns(self) -> int:
        """The market time that it is."""
        return self._start_ns + int((self._monotonic_ns() - self._started_at_ns) * self._speed)

    def seconds_to(self, market_ns: int) -> float:
        """Wall seconds until it is `market_ns`; negative where that is past."""
        return (market_ns - self.now_ns()) / 1e9 / self._speed


class LiveClock:
    """Wall time that never steps: the wall clock at the start, and the monotonic clock from then on."""

    def __init__(self, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._monotonic_ns = monotonic_ns
        self._offset_ns = time.time_ns() - monotonic_ns()

    def now_ns(self) -> int:
        """Nanoseconds since 1970."""
        return self._offset_ns + self._monotonic_ns()
