"""Files that grow without end, in segments (`dolphin.core.upkeep.segments`): writing them, compressing what is closed, reading across them.

A writer that is a process of ours uses `Appender`. What a process writes on its standard output is kept short from outside (`cut_log`),
because nobody can make it open another file.
"""

import gzip
import os
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from dolphin.core.upkeep.segments import PACKED, ClosedSegment, SegmentRule, closed_name, closed_of, whole
from dolphin.errors import DolphinError
from dolphin.host.private import FILE

RULE: Final = SegmentRule()
PACK_TIMEOUT_S: Final = 5.0
"""How long an appender that is closed waits for what is being compressed; the next one that opens the file does the rest."""
_CHUNK: Final = 256 * 1024
_LOOKS: Final = 1_000
"""At how long a log is while it is packed."""
_LEVEL: Final = 6
_LOWEST_PRIORITY: Final = 19


class Appender:
    """Appends whole lines to `path`, each in the file when `write` returns. One process, one thread."""

    def __init__(self, path: Path, rule: SegmentRule = RULE, clock: Callable[[], float] = time.monotonic) -> None:
        """Makes the folder if it is missing, and cuts off what a killed writer left of a line. `clock` is in seconds."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._rule = rule
        self._clock = clock
        self._file = _open(path)
        self._size = _cut_to_whole_lines(self._file)
        self._since_s = clock()
        self._packer: threading.Thread | None = None
        self._pack()

    def write(self, lines: bytes | bytearray) -> None:
        """Adds `lines`, which end with a newline: all of them, or none.

        Raises:
            OSError: the disk is full or gone.
        """
        if self._rule.is_over(self._size, self._clock() - self._since_s, len(lines)):
            self._close_segment()
        left = memoryview(lines)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(lines)

    def close(self) -> None:
        """Nothing is written after this."""
        if self._packer is not None:
            self._packer.join(PACK_TIMEOUT_S)
        os.close(self._file)

    def _close_segment(self) -> None:
        """Goes on in a new file; on a disk that has no room for one, in the old one."""
        new = self._path.with_name(f"{self._path.name}.new")
        closed = self._path.with_name(closed_name(self._path.name, _last(self._path) + 1))
        self._since_s = self._clock()
        try:
            file = _open(new)
            try:
                self._path.rename(closed)
                new.rename(self._path)
            except OSError:
                os.close(file)
                raise
        except OSError:
            with suppress(OSError):
                new.unlink()
            if not self._path.exists():
                closed.rename(self._path)
            return
        os.close(self._file)
        self._file, self._size = file, 0
        self._pack()

    def _pack(self) -> None:
        if not _unpacked(self._path) or (self._packer is not None and self._packer.is_alive()):
            return  # what is left is packed after the next segment
        self._packer = threading.Thread(target=_pack_gently, args=(self._path,), name="pack", daemon=True)
        self._packer.start()


class Segments:
    """Reads what has been added to `path` since the last call, wherever it stands by now; the file may not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 1
        self._offset = 0

    def read(self) -> bytes:
        """The whole lines added since the last call, oldest first.

        Raises:
            DolphinError: a closed segment is damaged.
        """
        text = bytearray()
        while True:
            closed = [each.number for each in _closed(self._path)]
            if closed and self._number <= closed[-1]:
                self._number, self._offset = self._reachable(closed)
                if (found := _text_of(self._path, self._number, self._offset)) is not None:
                    text += _whole_lines(found)
                    self._number, self._offset = self._number + 1, 0
                continue
            found = _read(self._path, self._offset)
            if _last(self._path) == (closed[-1] if closed else 0):  # nobody closed it meanwhile, so it was the one meant
                lines = _whole_lines(found)
                self._offset += len(lines)
                return bytes(text + lines)

    def _reachable(self, closed: list[int]) -> tuple[int, int]:
        """The place to go on from: this one, or where it was removed the beginning of the next that is there."""
        if self._number in closed:
            return self._number, self._offset
        return next(number for number in closed if number > self._number), 0


@dataclass(frozen=True, slots=True)
class Frozen:
    """What `path` holds at one moment. Its writer goes on; the open file stays the one that it was then."""

    closed: tuple[str, ...]
    """Names of the closed segments, in order, without `.gz`: each may be compressed at any time."""
    open: BinaryIO | None
    """What was being written, to be closed by whoever asked; None where nothing was."""
    size: int
    """How much of it there was."""


def freeze(path: Path) -> Frozen:
    """What `path` holds now: a segment that is closed while one looks would be in it twice, or not at all, so one looks again then."""
    while True:
        before = [each.number for each in _closed(path)]
        file = None
        with suppress(FileNotFoundError):
            file = path.open("rb")
        if [each.number for each in _closed(path)] == before:
            closed = tuple(closed_name(path.name, number) for number in before)
            return Frozen(closed, file, 0 if file is None else os.fstat(file.fileno()).st_size)
        if file is not None:
            file.close()


def is_there(path: Path) -> bool:
    """Whether `path` is a file, or has been one."""
    return path.is_file() or bool(_closed(path))


def cut_log(path: Path) -> None:
    """Makes of what stands in `path` a compressed segment and empties the file, which another process appends to (`O_APPEND`).

    What that process writes between the last look at its length and the cut is lost. A disk that has no room leaves all as it is.
    """
    packed = path.with_name(closed_name(path.name, _last(path) + 1) + PACKED)
    with suppress(OSError), path.open("r+b") as log:
        _compress(_Grown(log), packed)
        os.ftruncate(log.fileno(), 0)


class _Grown:
    """A log as it is now, and what is added while that is read, but no more: who writes faster than it is packed would never let it end."""

    def __init__(self, log: BinaryIO) -> None:
        self._log = log
        self._ends = [os.fstat(log.fileno()).st_size]

    def read(self, size: int, /) -> bytes:
        if self._log.tell() >= self._ends[-1] and len(self._ends) < _LOOKS:
            self._ends.append(os.fstat(self._log.fileno()).st_size)
        return self._log.read(min(size, self._ends[-1] - self._log.tell()))


def keep_short(path: Path, since_s: float | None = None) -> bool:
    """Cuts the log at `path` if it is too long, or begun too long before now (`since_s`, monotonic); whether it did."""
    age_s = 0.0 if since_s is None else time.monotonic() - since_s
    is_over = path.is_file() and RULE.is_over(path.stat().st_size, age_s, 0)
    if is_over:
        cut_log(path)
    return is_over


def last_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines of a log, also where it has just been cut."""
    lines = _read(path, 0).splitlines()
    closed = [each.number for each in _closed(path)]
    if len(lines) < count and closed:
        lines = [*(_text_of(path, closed[-1], 0) or b"").splitlines(), *lines]
    return [line.decode(errors="replace") for line in lines[-count:]]


def pack_closed(path: Path) -> None:
    """Compresses the closed segments of `path` that are not; what the disk has no room for stays as it is."""
    for plain in _unpacked(path):
        packed = plain.with_name(plain.name + PACKED)
        with suppress(OSError):
            with plain.open("rb") as file:
                _compress(file, packed)
            plain.unlink()


def _pack_gently(path: Path) -> None:
    """On a thread that gets what no other wants."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
    pack_closed(path)


def _compress(source: BinaryIO | _Grown, packed: Path) -> None:
    """Writes all of `source` into `packed`, which is there only when it is whole and on disk."""
    part = packed.with_name(f"{packed.name}.part")
    try:
        with open(part, "wb", opener=_private) as raw:
            with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as out:
                while text := source.read(_CHUNK):
                    out.write(text)
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(packed)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE)


def _cut_to_whole_lines(file: int) -> int:
    """Bytes that are left."""
    size = os.fstat(file).st_size
    tail, start = b"", size
    while start and b"\n" not in tail:
        start = max(0, start - _CHUNK)
        tail = os.pread(file, size - start, start)
    kept = whole(size, tail)
    if kept != size:
        os.ftruncate(file, kept)
    return kept


def _closed(path: Path) -> list[ClosedSegment]:
    try:
        return closed_of(path.name, os.listdir(path.parent))
    except FileNotFoundError:
        return []


def _last(path: Path) -> int:
    return max((each.number for each in _closed(path)), default=0)


def _unpacked(path: Path) -> list[Path]:
    return [path.with_name(closed_name(path.name, each.number)) for each in _closed(path) if not each.is_packed]


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""


def _text_of(path: Path, number: int, offset: int) -> bytes | None:
    """What closed segment `number` holds from `offset` on; None if it is gone. It may be packed while one looks."""
    plain = path.with_name(closed_name(path.name, number))
    with suppress(FileNotFoundError), plain.open("rb") as file:
        file.seek(offset)
        return file.read()
    try:
        with gzip.open(plain.with_name(plain.name + PACKED)) as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        what = f"the segment {plain.name + PACKED} is damaged ({error})"
        raise DolphinError(what, remedy="Restore it from a backup, or move it away.") from error


def _whole_lines(text: bytes) -> bytes:
    return text[: text.rfind(b"\n") + 1]
