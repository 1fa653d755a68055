"""The file that a backup is: a gzipped tar with the ledger, the gates, the runs, and at its end a manifest of what must be in it."""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, BinaryIO, Final

import msgspec

from dolphin.core.ledger.chain import Head
from dolphin.core.ledger.verification import verify
from dolphin.errors import BadInput, DolphinError
from dolphin.host.private import FILE
from dolphin.storage.sqlite import SqliteStore

MANIFEST: Final = "manifest.json"
LEDGER: Final = "ledger.sqlite"
GATES: Final = "gates.sqlite"
RUNS: Final = "runs"
FORMAT: Final = 1
UNKNOWN_PLACE: Final = "unknown"
"""Where the gates are, if nobody here can say."""
_PIECE: Final = 1024 * 1024


class Member(msgspec.Struct, frozen=True):
    """One file in it."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in a backup."""

    format: Annotated[int, msgspec.Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    made_wall_ns: int
    heads: dict[str, Head]
    """The last entry of each account of the ledger."""
    gates_elsewhere: str
    """Address of a database that keeps the gates and is not in it; `UNKNOWN_PLACE` where a cluster was joined; "" if there is none."""
    files: dict[str, Member]

    @property
    def run_ids(self) -> list[str]:
        return sorted({PurePosixPath(name).parts[1] for name in self.files if name.startswith(f"{RUNS}/")})


class Writer:
    """Adds files to a backup that is being made."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, Member] = {}

    def add(self, name: str, path: Path) -> None:
        """Adds what `path` holds now; FileNotFoundError if it is gone. What grows meanwhile is in it as far as it went."""
        with path.open("rb") as file:
            self.add_open(name, file, os.fstat(file.fileno()).st_size)

    def add_open(self, name: str, file: BinaryIO, size: int) -> None:
        """Adds the first `size` bytes of `file`; of a log, which shrinks while it is written, what is there now."""
        if name.endswith(".log"):
            self._put(name, _Hashed(io.BytesIO(content := file.read())), len(content))
        else:
            self._put(name, _Hashed(file), size)

    def finish(self, manifest: Manifest) -> None:
        """Adds the manifest; nothing comes after it."""
        content = msgspec.json.encode(manifest)
        self._put(MANIFEST, _Hashed(io.BytesIO(content)), len(content))

    def _put(self, name: str, content: "_Hashed", size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, FILE
        self._tar.addfile(info, content)
        self.files[name] = Member(size, content.digest.hexdigest())


class _Hashed(io.RawIOBase):
    """Reads a file and hashes what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk


def heads_of(ledger: Path) -> dict[str, Head]:
    """Verifies the ledger at `ledger` and gives each account's last entry.

    Raises:
        BadInput: it is none.
        DolphinError: it does not verify.
    """
    store = SqliteStore.read(ledger)
    try:
        heads: dict[str, Head] = {}
        for account in store.accounts():
            head = store.head(account)
            report = verify(account, store.records(account), head)
            if not report.is_verified:
                what = f"the ledger does not verify at entry {report.first_bad_index}: {report.fault}"
                raise DolphinError(what, field="account", value=account, remedy="See: dolphin ledger verify")
            heads[account] = head
        return heads
    finally:
        store.close()


def walk(file: Path, take: Callable[[str, bytes], None]) -> Manifest:
    """Reads the backup `file` from its beginning to its end; `take` gets the name and a piece of each file, in order, an empty one first.

    Raises:
        BadInput: it is no backup, or no whole one, or not what was copied; the pieces that were taken are worth nothing then.
    """
    found: dict[str, Member] = {}
    listed = bytearray()
    try:
        with tarfile.open(file, "r:gz") as tar:
            for info in tar:
                if info.name in found or not _is_expected(info) or (content := tar.extractfile(info)) is None:
                    raise BadInput("there is something in it that no backup has", field="FILE", value=str(file), remedy="Name another.")
                take_piece = listed.extend if info.name == MANIFEST else partial(take, info.name)
                found[info.name] = _walk_one(content, take_piece)
        manifest = msgspec.json.decode(listed, type=Manifest)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, msgspec.DecodeError) as error:
        remedy = "Name a file that this version's dolphin backup made, whole."
        raise BadInput(f"it is no backup, or not all of one ({error})", field="FILE", value=str(file), remedy=remedy) from error
    del found[MANIFEST]
    if found != manifest.files:
        differing = sorted(name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name))
        what = f"it is damaged: {', '.join(differing[:3])} is not what was copied"
        raise BadInput(what, field="FILE", value=str(file), remedy="Name another backup.")
    return manifest


def _walk_one(content: IO[bytes], take: Callable[[bytes], None]) -> Member:
    digest, size = hashlib.sha256(), 0
    take(b"")
    while piece := content.read(_PIECE):
        take(piece)
        digest.update(piece)
        size += len(piece)
    return Member(size, digest.hexdigest())


def _is_expected(info: tarfile.TarInfo) -> bool:
    """Whether an entry of a tar is one that a backup has: an ordinary file in one of the places that there are."""
    path = PurePosixPath(info.name)
    is_of_run = len(path.parts) == 3 and path.parts[0] == RUNS and ".." not in path.parts
    return info.isreg() and str(path) == info.name and (info.name in (MANIFEST, LEDGER, GATES) or is_of_run)
