"""Bringing a backup back: everything is unpacked and verified beside what is there, and only then takes its place.

What was there is moved into `replaced-<time>`, never removed. A restore that is interrupted leaves a mark, and nothing starts in the home
until it has been run again.
"""

import hashlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.host.home import REPLACED, Home
from dolphin.host.home_lock import HomeLock
from dolphin.host.private import narrow_below
from dolphin.upkeep.archive import GATES, LEDGER, MANIFEST, RUNS, Manifest, Member, heads_of, is_expected, read_manifest

COMMAND: Final = "dolphin restore"
_CHUNK: Final = 1024 * 1024


def restore(file: Path, home: Home, on_file: Callable[[str], None], *, replace: bool) -> Manifest:
    """Makes `home` what it was when `file` was made; with `replace` also where it has a ledger, which is then moved aside.

    Raises:
        Refused: a system runs in `home`, or it has a ledger and `replace` was not said.
        BadInput: `file` is no whole backup, or there is no room for what is in it.
        DolphinError: what is in it does not verify.
    """
    with HomeLock.take_to_restore(home, COMMAND):
        if home.ledger.exists() and not replace and not home.restoring.exists():
            remedy = "Say --replace to move it aside, or name another --home."
            raise Refused("it has a ledger, which would be replaced", field="--home", value=str(home.root), remedy=remedy)
        place = Path(tempfile.mkdtemp(prefix=".restore-", dir=home.root))
        try:
            manifest = _unpacked(file, place, on_file)
            _verify(manifest, place, file)
            narrow_below(place)
            _put_in_place(home, place)
        except OSError as error:
            remedy = "Mend that and run it again."
            raise BadInput(f"it cannot be restored ({error.strerror or error})", field="FILE", value=str(file), remedy=remedy) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return manifest


def _unpacked(file: Path, place: Path, on_file: Callable[[str], None]) -> Manifest:
    found: dict[str, Member] = {}
    try:
        with tarfile.open(file, "r:gz") as tar:
            for info in tar:
                if not is_expected(info) or (content := tar.extractfile(info)) is None:
                    raise BadInput("there is something in it that no backup has", field="FILE", value=str(file), remedy="Name another.")
                on_file(info.name)
                found[info.name] = _write(content, place / info.name)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        remedy = "Name a file that dolphin backup made, whole."
        raise BadInput(f"it is no backup, or not all of one ({error})", field="FILE", value=str(file), remedy=remedy) from error
    manifest = read_manifest(place / MANIFEST, file)
    del found[MANIFEST]
    if found != manifest.files:
        differing = sorted(name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name))
        what = f"it is damaged: {', '.join(differing[:3])} is not what was copied"
        raise BadInput(what, field="FILE", value=str(file), remedy="Name another backup.")
    return manifest


def _write(content: IO[bytes], path: Path) -> Member:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as out:
        while chunk := content.read(_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        out.flush()
        os.fsync(out.fileno())
    return Member(size, digest.hexdigest())


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
    old = [path for path in home.root.iterdir() if path.name.startswith((LEDGER, GATES)) or path.name == RUNS]
    if old:
        aside.mkdir(mode=0o700)
    for path in old:
        path.rename(aside / path.name)
    for name in (RUNS, GATES, LEDGER):
        if (place / name).exists():
            (place / name).rename(home.root / name)
    _sync(home.root)
    home.restoring.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
