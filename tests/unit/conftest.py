"""Unit tests wait for nothing: where every task waits for time, the loop's clock jumps to the next timer instead.

The loop does not see what a thread or a process waits for: a test with such work is an integration test.
"""

import asyncio
import selectors
from collections.abc import Callable


class _Jumping(selectors.BaseSelector):
    """Never waits: tells its loop how long it would have."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.waited_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("every task waits, and none of them for time")
        self.waited_s += max(0.0, timeout)
        return []

    def register(self, fileobj, events, data=None) -> selectors.SelectorKey:  # type: ignore[no-untyped-def]
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj) -> selectors.SelectorKey:  # type: ignore[no-untyped-def]
        return self._real.unregister(fileobj)

    def get_map(self):  # type: ignore[no-untyped-def]
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time` moves by what its tasks sleep, and by nothing else."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds slept so far."""
        return self._jumping.waited_s


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop of every async test of this folder."""
    return {"jumping": JumpingLoop}
