"""The file that a backup is: a gzipped tar with the ledger, the gates, the runs, and at its end a manifest of what must be in it."""

import hashlib
import io
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, Final

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
    """Address of a database that keeps the gates and is not in it; "" if there is none."""
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


def read_manifest(path: Path, source: Path) -> Manifest:
    """The manifest in the file `path`, which came out of `source`. BadInput where it is none of this version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        remedy = "Name a file that this version's dolphin backup made, whole."
        raise BadInput(f"it is no backup, or not all of one ({error})", field="FILE", value=str(source), remedy=remedy) from error


def is_expected(info: tarfile.TarInfo) -> bool:
    """Whether an entry of a tar is one that a backup has: an ordinary file in one of the places that there are."""
    parts = PurePosixPath(info.name).parts
    is_inside = not info.name.startswith("/") and ".." not in parts
    is_known = info.name in (MANIFEST, LEDGER, GATES) or (len(parts) > 2 and parts[0] == RUNS)
    return info.isreg() and is_inside and is_known
