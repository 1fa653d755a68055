"""Bringing a backup back: everything is unpacked and verified beside what is there, and only then takes its place.

What was there is moved into `replaced-<time>`, never removed. A restore that is interrupted leaves a mark, and nothing starts in the home
until it has been run again.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dolphin.core.upkeep.room import SLICE
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host.home import REPLACED, UNPACKING, Home, open_home
from dolphin.host.home_lock import HomeLock, is_under_way, locked
from dolphin.host.member import Gates
from dolphin.host.private import narrow_below
from dolphin.host.space import require_bytes
from dolphin.storage.sqlite import lock_of
from dolphin.upkeep.archive import GATES, LEDGER, RUNS, Manifest, heads_of, walk

COMMAND: Final = "dolphin restore"


def restore(file: Path, home: Home, on_file: Callable[[str], None], *, replace: bool) -> Manifest:
    """Makes `home` what it was when `file` was made; with `replace` also where it has a ledger or gates, which are then moved aside.

    The file is read to its end before anything is touched, and then once more.

    Raises:
        Refused: something runs in `home`, or there is something to be replaced and `replace` was not said, or too little room.
        BadInput: `file` is no whole backup.
        DolphinError: what is in it does not verify.
    """
    _refuse_replacing(home, replace=replace)
    try:
        manifest = walk(file, lambda name, piece: None if piece else on_file(name))
        require_bytes(home.root, SLICE + sum(member.size for member in manifest.files.values()))
        home = open_home(home.root)
        with HomeLock.take_to_restore(home, COMMAND), _unused(home):
            _refuse_replacing(home, replace=replace)
            return _brought_back(file, home, on_file)
    except OSError as error:
        remedy = "Mend that and run it again."
        raise BadInput(f"it cannot be restored ({error.strerror or error})", field="FILE", value=str(file), remedy=remedy) from error


def _brought_back(file: Path, home: Home, on_file: Callable[[str], None]) -> Manifest:
    place = Path(tempfile.mkdtemp(prefix=UNPACKING, dir=home.root))
    try:
        manifest = _unpacked(file, place, on_file)
        _verify(manifest, place, file)
        narrow_below(place)
        _put_in_place(home, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return manifest


def _refuse_replacing(home: Home, *, replace: bool) -> None:
    found = [path.name for path in (home.ledger, home.gates) if path.exists()]
    if found and not replace and not home.restoring.exists():
        what = f"it has {' and '.join(found)}, which would be replaced"
        remedy = "Say --replace to move that aside, or name another --home."
        raise Refused(what, field="--home", value=str(home.root), remedy=remedy)


@contextmanager
def _unused(home: Home) -> Iterator[None]:
    """While the block runs nobody writes into the gates and the ledger of `home`: those that take no lock of the home have one of these.

    Raises:
        Refused: a member, an agent or a feed that was started by itself, or a backup, is at work here.
    """
    with ExitStack() as held:
        for take in (Gates.in_file(home.gates).lock, lambda: _alone(home)):
            if (descriptor := take()) is not None:
                held.callback(os.close, descriptor)
        for run in home.runs.iterdir() if home.runs.is_dir() else ():
            if is_under_way(run):
                remedy = "End what was started by itself (systemctl stop dolphin-agent dolphin-feed), or name another --home."
                raise Refused("this run is under way", field="run", value=run.name, remedy=remedy)
        yield


def _alone(home: Home) -> int:
    """The descriptor of the whole lock of the ledger."""
    try:
        return locked(lock_of(home.ledger))
    except BlockingIOError:
        remedy = "End what has it open (an agent that was started by itself, a backup), or name another --home."
        raise Refused("the ledger is in use", field="--home", value=str(home.root), remedy=remedy) from None


def _unpacked(file: Path, place: Path, on_file: Callable[[str], None]) -> Manifest:
    def take(name: str, piece: bytes) -> None:
        path = place / name
        if not piece:
            on_file(name)
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as out:
            out.write(piece)

    manifest = walk(file, take)
    for name in manifest.files:
        _sync(place / name)
    return manifest


def _verify(manifest: Manifest, place: Path, file: Path) -> None:
    if not (place / LEDGER).is_file() or heads_of(place / LEDGER) != manifest.heads:
        raise DolphinError("the ledger in it is not the one that was copied", field="FILE", value=str(file), remedy="Name another backup.")
    if (place / GATES).is_file():
        with closing(sqlite3.connect(place / GATES)) as gates:
            said = gates.execute("PRAGMA integrity_check").fetchone()
        if said != ("ok",):
            raise DolphinError(f"the gates in it are damaged ({said})", field="FILE", value=str(file), remedy="Name another backup.")


def _put_in_place(home: Home, place: Path) -> None:
    """From the first move to the last the mark is there: half of it is no home."""
    home.restoring.touch(mode=0o600)
    _sync(home.restoring.parent)
    aside = home.root / f"{REPLACED}{datetime.fromtimestamp(time.time(), UTC):%Y%m%dT%H%M%S.%fZ}"
    old = [path for path in home.root.iterdir() if _is_replaced(path.name)]
    if old:
        aside.mkdir(mode=0o700)
    for path in old:
        path.rename(aside / path.name)
    for name in (RUNS, GATES, LEDGER):
        if (place / name).exists():
            (place / name).rename(home.root / name)
    _sync(home.root)
    home.restoring.unlink()


def _is_replaced(name: str) -> bool:
    """The databases with SQLite's own files, and the runs. A lock stays where it is: who waits for it waits for this file."""
    return name == RUNS or (name.startswith((LEDGER, GATES)) and not name.endswith(".lock"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
