"""Which runs go: the oldest first, never one that runs."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's folder."""

    run_id: str
    """Sorts by start time."""
    size: int
    """Bytes."""
    last_wall_s: float
    """When something was last written in it."""
    is_running: bool


def to_prune(runs: Iterable[RunFolder], now_s: float, *, keep: int | None = None, older_than_s: float | None = None) -> list[RunFolder]:
    """The runs that go, oldest first: not among the newest `keep`, silent longer than `older_than_s`; a limit left out keeps nothing."""
    newest_first = sorted(runs, key=lambda run: run.run_id, reverse=True)
    spare = newest_first[keep or 0 :]
    return [run for run in reversed(spare) if not run.is_running and (older_than_s is None or now_s - run.last_wall_s > older_than_s)]
