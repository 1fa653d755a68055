"""How far the parts downstream have come, and waiting for them.

Each job (and the agent) writes the market time up to which it has finished everything into `DOLPHIN_PROGRESS`. The feed of a fast replay
keeps at most so many batches unfinished; a replay in lockstep takes one step at a time. A listener wakes the waiter; since a listener
misses what happens while the connection is down, the map is also read again after a silence. Waiting is bounded: past `STALL_LIMIT_S`
without any progress, the slowest part is named and the feed ends.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, Protocol

from dolphin.cluster.writes import TROUBLE, write_once
from dolphin.core.contract.names import AGENT, DOLPHIN_PROGRESS, FEED
from dolphin.errors import DolphinError

STALL_LIMIT_S: Final = 60.0
"""Wall time without any progress of the part waited for, after which the feed gives up."""

REREAD_S: Final = 0.5
"""Wall time without a listener event, after which the map is read again."""


class ProgressMap(Protocol):
    """What is used of a Hazelcast map."""

    async def get_all(self, keys: Any) -> dict[Any, Any]: ...
    async def set(self, key: Any, value: Any) -> None: ...
    async def add_entry_listener(self, include_value: bool = ..., *, added_func: Any = ..., updated_func: Any = ...) -> str: ...


class Progress:
    """The market times that the parts have reached (0 for one that has said nothing)."""

    def __init__(self, progress_map: ProgressMap, *, stall_limit_s: float = STALL_LIMIT_S) -> None:
        self._map = progress_map
        self._stall_limit_s = stall_limit_s
        self._times_ns: dict[str, int] = {}
        self._changed = asyncio.Event()

    async def open(self, parts: Iterable[str]) -> None:
        """Listen, and read where the `parts` stand."""
        await self._map.add_entry_listener(include_value=True, added_func=self._on_entry, updated_func=self._on_entry)
        await self._reread(parts)

    def time_ns(self, part: str) -> int:
        """Market time up to which `part` has finished everything."""
        return self._times_ns.get(part, 0)

    async def look(self, parts: Iterable[str]) -> int:
        """Read where `parts` stand, without listening; the market time of the slowest. An unreachable member says nothing new."""
        parts = tuple(parts)
        with suppress(*TROUBLE):
            await self._reread(parts)
        return min(self.time_ns(part) for part in parts)

    async def report(self, time_ns: int) -> None:
        """Say that the feed has published, or seen finished, everything up to `time_ns`."""

        async def has_happened() -> bool:
            return (await self._map.get_all([FEED])).get(FEED) == time_ns

        await write_once(lambda: self._map.set(FEED, time_ns), has_happened)

    async def wait(self, parts: Iterable[str], time_ns: int, stall_limit_s: float | None = None) -> None:
        """Return when every one of `parts` has reached `time_ns`. DolphinError where one makes no progress for the stall limit."""
        limit_s = self._stall_limit_s if stall_limit_s is None else stall_limit_s
        loop = asyncio.get_running_loop()
        behind = {part: self.time_ns(part) for part in parts if self.time_ns(part) < time_ns}
        moved_at = loop.time()
        while behind:
            self._changed.clear()
            try:
                async with asyncio.timeout(REREAD_S):
                    await self._changed.wait()
            except TimeoutError:
                with suppress(*TROUBLE):  # an unreachable member is no progress, and that has its bound below
                    await self._reread(behind)
            now_behind = {part: self.time_ns(part) for part in behind if self.time_ns(part) < time_ns}
            if now_behind != behind:
                behind, moved_at = now_behind, loop.time()
            elif loop.time() - moved_at > limit_s:
                raise _stalled(behind, time_ns, limit_s)

    async def _reread(self, parts: Iterable[str]) -> None:
        for part, time_ns in (await self._map.get_all(list(parts))).items():
            if time_ns > self.time_ns(part):
                self._times_ns[part] = time_ns
                self._changed.set()

    def _on_entry(self, event: Any) -> None:
        self._times_ns[event.key] = max(event.value, self.time_ns(event.key))
        self._changed.set()


def _stalled(behind: dict[str, int], time_ns: int, limit_s: float) -> DolphinError:
    part = min(behind, key=lambda name: behind[name])
    return DolphinError(
        f"no progress for {limit_s:.0f} s while the feed waits for market time {time_ns}",
        field=f"{DOLPHIN_PROGRESS}[{part}]",
        value=behind[part],
        remedy=f"Look at the log of {part}; `dolphin job show {part}` says whether it runs."
        if part != AGENT
        else "Look at the agent's log.",
    )
