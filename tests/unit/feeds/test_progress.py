"""Waiting for the parts downstream: woken by an event, by a second look, and never for ever."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from dolphin.errors import DolphinError
from dolphin.feeds import progress as module
from dolphin.feeds.progress import Progress


class StandInMap:
    """A map that can lose its listener events, as a reconnecting client does."""

    def __init__(self) -> None:
        self.entries: dict[str, int] = {}
        self._listeners: list[Any] = []

    async def get_all(self, keys: list[str]) -> dict[str, int]:
        return {key: self.entries[key] for key in keys if key in self.entries}

    async def set(self, key: str, value: int) -> None:
        self.entries[key] = value
        for listener in self._listeners:
            listener(SimpleNamespace(key=key, value=value))

    async def add_entry_listener(self, include_value: bool = False, *, added_func: Any = None, updated_func: Any = None) -> str:
        assert include_value
        self._listeners.append(updated_func)
        return "registration"


async def opened(entries: StandInMap, parts: tuple[str, ...], **settings: float) -> Progress:
    progress = Progress(entries, **settings)
    await progress.open(parts)
    return progress


async def test_waiting_ends_when_the_slowest_part_has_arrived() -> None:
    entries = StandInMap()
    progress = await opened(entries, ("a", "b"))
    waiting = asyncio.create_task(progress.wait(["a", "b"], 10))
    await entries.set("a", 10)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await entries.set("b", 11)
    await waiting


async def test_where_the_parts_stand_at_the_start_is_known() -> None:
    entries = StandInMap()
    entries.entries["a"] = 42
    progress = await opened(entries, ("a",))
    assert progress.time_ns("a") == 42
    assert progress.time_ns("never heard of") == 0
    await progress.wait(["a"], 42)


async def test_a_missed_event_is_made_up_for_by_reading_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REREAD_S", 0.01)
    entries = StandInMap()
    progress = await opened(entries, ("a",))
    entries.entries["a"] = 10  # no listener hears of it
    await progress.wait(["a"], 10)


async def test_progress_never_goes_back() -> None:
    entries = StandInMap()
    progress = await opened(entries, ("a",))
    await entries.set("a", 10)
    await entries.set("a", 5)
    assert progress.time_ns("a") == 10


async def test_a_part_that_stands_still_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REREAD_S", 0.01)
    entries = StandInMap()
    progress = await opened(entries, ("fast", "stuck"), stall_limit_s=0.1)
    await entries.set("fast", 10)
    await entries.set("stuck", 3)
    with pytest.raises(DolphinError, match=r"DOLPHIN_PROGRESS\[stuck\] = 3: no progress"):
        await progress.wait(["fast", "stuck"], 10)
