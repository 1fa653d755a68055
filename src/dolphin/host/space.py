"""Room on the disk: what is set aside so that exits can be booked when it is full, and who may still enter (`dolphin.core.upkeep.room`)."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from dolphin.core.upkeep.room import MIB, RESERVE, SLICE, TO_START, is_short, may_refill, missing_to_start
from dolphin.errors import Refused
from dolphin.host.home import Home
from dolphin.host.private import FILE
from dolphin.host.stderr import say

_REMEDY: Final = "Free some (dolphin prune says what it would), or name a --home on another disk."


class Reserve:
    """A file that takes room away from everybody, and gives it back in slices. Many processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int | None:
        """Bytes; None if there is no reserve."""
        try:
            return self._path.stat().st_size
        except OSError:
            return None

    def give_up(self) -> bool:
        """Frees one slice; False if nothing is left."""
        size = self.size()
        if not size:
            return False
        try:
            os.truncate(self._path, max(0, size - SLICE))
        except OSError:
            return False
        return True

    def fill(self) -> bool:
        """Takes what it lacks; False if the disk has not got it, and then it is as before."""
        before = self.size() or 0
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE)
            try:
                os.posix_fallocate(file, 0, RESERVE)
            finally:
                os.close(file)
        except OSError:
            with suppress(OSError):
                os.truncate(self._path, before)
            return False
        return True


class Room:
    """Whether there is room for new positions in the folder of `ledger`, as it was when somebody last looked."""

    def __init__(self, ledger: Path) -> None:
        self._folder = ledger.absolute().parent
        self._reserve = Reserve(Home(self._folder).reserve)
        self.is_short = False
        self.look()

    def give_up(self) -> bool:
        """Called when the ledger could not be written for want of room; whether trying again makes sense."""
        if not self.is_short:
            say("the disk is full: the ledger goes on with the reserve, and no entry leaves")
        self.is_short = True
        return self._reserve.give_up()

    def look(self) -> None:
        """Looks again, and makes the reserve whole if it has been given up and there is room; call it now and then."""
        free = _free(self._folder)
        size = self._reserve.size()
        if size is not None and may_refill(free, size) and self._reserve.fill():
            free, size = _free(self._folder), RESERVE
        now = is_short(free, RESERVE if size is None else size, was_short=self.is_short)
        if now != self.is_short:
            say(f"{free // MIB} MiB are free in {self._folder}: {'no entry leaves' if now else 'entries leave again'}")
        self.is_short = now


def require_room(home: Home) -> None:
    """Sets the reserve of `home` aside.

    Raises:
        Refused: there is too little room for it and for a start; says how much.
    """
    reserve = Reserve(home.reserve)
    free = _free(home.root)
    missing = missing_to_start(free, reserve.size() or 0)
    if missing or not reserve.fill():
        needed = free + max(missing, SLICE)
        what = f"too little room on the disk: {free // MIB} MiB are free, {-(-needed // MIB)} MiB are needed to start"
        raise Refused(what, field="--home", value=str(home.root), remedy=f"{_REMEDY} The ledger needs {TO_START // MIB} MiB to live in.")


def require_bytes(folder: Path, size: int) -> None:
    """Raises `Refused`, and says how much is missing, where `folder`, which may not be there yet, has no room for `size` bytes."""
    free = _free(next(place for place in (folder, *folder.absolute().parents) if place.is_dir()))
    if free < size:
        what = f"too little room on the disk: {free // MIB} MiB are free, {-(-size // MIB)} MiB are needed"
        raise Refused(what, field="--home", value=str(folder), remedy=_REMEDY)


def _free(folder: Path) -> int:
    """Bytes that this user may still write there; 0 if nobody can say."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize
