"""Removing the folders of old runs. Ledger and gates are never touched: what was decided and owned is there, not in the runs."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from dolphin.core.upkeep.runs import RunFolder
from dolphin.errors import Refused
from dolphin.host.home import Home
from dolphin.host.home_lock import HomeLock, holder, is_under_way, last_holder

COMMAND: Final = "dolphin prune"
QUIET_S: Final = 5.0
"""A run that wrote later than this still runs, whoever started it: a feed writes every second, while the disk takes it."""
_GOING: Final = ".going-"


@contextmanager
def settled(home: Home) -> Iterator[str]:
    """While the block runs no system starts in `home`; gives the id of the run that is under way, "" if none is.

    Raises:
        Refused: a system is just starting, and its run is not known yet.
    """
    try:
        lock = HomeLock.take(home, COMMAND, "")
    except Refused:
        running = holder(home)
        if running is None or not running.run_id:
            raise
        yield running.run_id
        return
    with lock:
        yield ""


@contextmanager
def looked_at(home: Home) -> Iterator[str]:
    """The same for whoever changes nothing: nothing is locked, or even made."""
    running = last_holder(home)
    yield "" if running is None else running.run_id


def folders(home: Home, running: str) -> list[RunFolder]:
    """Every run of `home`, oldest first; `running` is the id of the one that is under way."""
    now_s = time.time()
    found: list[RunFolder] = []
    for path in sorted(_runs(home)):
        size, last_s = _measure(path)
        is_running = path.name == running or now_s - last_s < QUIET_S or is_under_way(path)
        found.append(RunFolder(path.name, size, last_s, is_running))
    return found


def remove(home: Home, runs: list[RunFolder], on_removed: Callable[[RunFolder], None]) -> None:
    """Removes `runs`, one after the other. What an earlier call has begun to remove is gone afterwards too.

    Raises:
        Refused: a folder is not this user's to remove.
    """
    for path in home.runs.glob(f"{_GOING}*"):
        shutil.rmtree(path, ignore_errors=True)
    for run in runs:
        path, going = home.run(run.run_id), home.run(f"{_GOING}{run.run_id}")
        try:
            path.rename(going)  # so that nobody takes half a run for a run
            shutil.rmtree(going)
        except OSError as error:
            raise Refused(
                f"it cannot be removed ({error.strerror})", field="run", value=run.run_id, remedy="Remove it as its owner."
            ) from error
        on_removed(run)


def _runs(home: Home) -> list[Path]:
    with suppress(FileNotFoundError):
        return [path for path in home.runs.iterdir() if path.is_dir() and not path.is_symlink() and not path.name.startswith(_GOING)]
    return []


def _measure(folder: Path) -> tuple[int, float]:
    """(bytes on disk, last change) of everything in `folder`."""
    size, last_s = 0, 0.0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                found = (Path(place) / name).lstat()
                size += found.st_blocks * 512
                last_s = max(last_s, found.st_mtime)
    return size, last_s
