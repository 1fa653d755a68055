"""Copying a home while a system runs in it.

The runs first, then the gates, and the ledger last: what a run tells is booked before, so that the copy of the ledger knows of everything
that the copies of the journals tell. The databases are copied by SQLite itself, each as it was at one moment.
"""

import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from dolphin.config import load_config
from dolphin.core.upkeep.segments import PACKED, base_of
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import Home, RunFiles
from dolphin.host.home_lock import require_whole
from dolphin.host.private import narrow
from dolphin.host.segments import freeze, is_there
from dolphin.storage.sqlite import share
from dolphin.upkeep.archive import GATES, LEDGER, RUNS, UNKNOWN_PLACE, Manifest, Writer, heads_of

_NOT_COPIED: Final = (".sqlite-wal", ".sqlite-shm", ".sqlite-journal", ".part", ".new")
"""Ends of names: SQLite's own files, whose contents are in the copy of the database, and what is being made just now."""


def back_up(home: Home, file: Path, on_file: Callable[[str], None]) -> Manifest:
    """Makes the file `file`, which is there only when it is whole and on disk; `on_file` hears the name of each part.

    Raises:
        BadInput: there is no ledger in `home`, a restore has left it half done, or `file` is there or cannot be made.
        Refused: something is just being restored into it.
        DolphinError: the ledger does not verify, or the disk is full.
    """
    require_whole(home)
    if not home.ledger.is_file():
        raise BadInput("there is no ledger in it", field="--home", value=str(home.root), remedy="Name the --home of a system that has run.")
    if file.exists():
        raise BadInput("there is such a file", field="FILE", value=str(file), remedy="Name another, or remove it.")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as place:
            part = Path(place) / "backup.tar.gz"
            with _kept(home), tarfile.open(part, "w:gz", compresslevel=6) as tar:
                manifest = _write(home, Path(place), Writer(tar), on_file)
            narrow(part)
            _sync(part)
            part.rename(file)
            _sync(file.absolute().parent)
    except OSError as error:
        raise BadInput(
            f"the backup cannot be written ({error.strerror or error})", field="FILE", value=str(file), remedy="Name a folder with room."
        ) from error
    return manifest


@contextmanager
def _kept(home: Home) -> Iterator[None]:
    """While the block runs nothing is restored into `home`. A lock that is not there is not made: a backup leaves nothing behind."""
    lock = None
    with suppress(OSError):
        lock = share(home.ledger)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _write(home: Home, place: Path, writer: Writer, on_file: Callable[[str], None]) -> Manifest:
    for run in _runs(home):
        _add_run(run, place, writer, on_file)
    if home.gates.is_file():
        on_file(GATES)
        writer.add(GATES, _copied(home.gates, place))
    on_file(LEDGER)
    ledger = _copied(home.ledger, place)
    heads = heads_of(ledger)
    writer.add(LEDGER, ledger)
    manifest = Manifest(made_wall_ns=time.time_ns(), heads=heads, gates_elsewhere=_gates_elsewhere(home), files=dict(writer.files))
    writer.finish(manifest)
    return manifest


def _add_run(run: Path, place: Path, writer: Writer, on_file: Callable[[str], None]) -> None:
    files = [path for path in _entries(run) if path.is_file() and not path.is_symlink() and not path.name.endswith(_NOT_COPIED)]
    for name in sorted({base_of(path.name) for path in files}):
        full_name = f"{RUNS}/{run.name}/{name}"
        on_file(full_name)
        if name.endswith(".sqlite"):
            writer.add(full_name, _copied(run / name, place))
        else:
            _add_segments(full_name, run / name, writer)


def _add_segments(name: str, path: Path, writer: Writer) -> None:
    """A file that grows, all of one moment: what it was then, and the segments closed before."""
    frozen = freeze(path)
    if frozen.open is not None:
        with frozen.open as file:
            writer.add_open(name, file, frozen.size)
    for closed in frozen.closed:
        for end in ("", PACKED):  # it may be compressed at any time
            with suppress(FileNotFoundError):
                writer.add(name.removesuffix(path.name) + closed + end, path.with_name(closed + end))
                break


def _runs(home: Home) -> list[Path]:
    return [path for path in _entries(home.runs) if path.is_dir() and not path.name.startswith(".")]


def _entries(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir())) if folder.is_dir() else iter(())


def _copied(database: Path, place: Path) -> Path:
    """A copy of `database` as it is at one moment, in one file."""
    copy = place / "copy.sqlite"
    copy.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise DolphinError(f"{database.name} cannot be copied ({error})", remedy="See: dolphin ledger verify") from error
    return copy


def _gates_elsewhere(home: Home) -> str:
    """Where the last run of the live market kept its gates, if not in the home. A replay has gates of its own, in its run.

    A run without the log of a member was on a cluster that it found, and only that knows.
    """
    for run in reversed(_runs(home)):
        files = RunFiles(run)
        if _source(files) != "live":
            continue
        if not is_there(files.log("member")):
            return UNKNOWN_PLACE
        with suppress(DolphinError):
            return load_config(files.config).gates.url
        return UNKNOWN_PLACE
    return ""


def _source(files: RunFiles) -> str:
    """What a run played; "" if it never came to that. A feed that systemd watches has its options elsewhere, and is live."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(files.options("feed").read_bytes(), type=_Played).source
    return "live" if is_there(files.feed_journal) and not files.config.exists() else ""


class _Played(msgspec.Struct):
    """Of a feed's options."""

    source: str


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
