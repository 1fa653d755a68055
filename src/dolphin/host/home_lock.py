"""One system a home: whoever runs one holds a lock on a file in it, and the kernel lets go when its last holder dies, however it dies.

The lock belongs to the open file. Python opens files close-on-exec, so nothing that a holder starts inherits it by accident, and no orphan
can keep a home locked. `up` hands it to its supervisor on purpose, so that the home is never free in between.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from dolphin.errors import BadInput, Refused
from dolphin.host.home import Home
from dolphin.host.private import FILE

_NAMED_WITHIN_S: Final = 1.0
_POLL_S: Final = 0.01


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a home."""

    pid: int
    command: str
    since: str
    """UTC."""
    run_id: str
    ending: str
    """How a person ends it."""

    @classmethod
    def this_process(cls, command: str, run_id: str, ending: str) -> Self:
        return cls(pid=os.getpid(), command=command, since=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}", run_id=run_id, ending=ending)


class HomeLock:
    """The lock of one home, held; a context manager that lets go."""

    def __init__(self, descriptor: int) -> None:
        """For `take` and `inherit`; `descriptor` is that of the locked file."""
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Home, command: str, run_id: str) -> Self:
        """Locks `home` for this process, which runs `command`.

        Raises:
            Refused: another system runs in it; says who and how to end it.
            BadInput: the home cannot be locked, or a restore has left it half done.
        """
        lock = cls._taken(home)
        try:
            require_whole(home)
        except BadInput:
            lock.release()
            raise
        lock.name(Holder.this_process(command, run_id, f"press Ctrl-C where it runs, or: kill {os.getpid()}"))
        return lock

    @classmethod
    def take_to_restore(cls, home: Home, command: str) -> Self:
        """The same for a restore, which may find what an earlier one has left half done. Raises as `take`."""
        lock = cls._taken(home)
        lock.name(Holder.this_process(command, "", f"wait, or: kill {os.getpid()}"))
        return lock

    @classmethod
    def _taken(cls, home: Home) -> Self:
        try:
            return cls(locked(home.lock))
        except BlockingIOError:
            raise _refusal(home) from None
        except OSError as error:
            remedy = "Name a directory on a local disk that is yours."
            raise BadInput(f"the home cannot be locked ({error.strerror})", field="--home", value=str(home.root), remedy=remedy) from error

    @classmethod
    def inherit(cls, descriptor: int, holder: Holder) -> Self:
        """Takes over the lock that the starter of this process has handed on; what this process starts does not get it."""
        os.set_inheritable(descriptor, False)
        lock = cls(descriptor)
        lock.name(holder)
        return lock

    @property
    def descriptor(self) -> int:
        """To hand on to a child (`pass_fds`)."""
        return self._descriptor

    def name(self, holder: Holder) -> None:
        """Writes into the file who holds it. That is for people: a lock is one on a full disk too."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, msgspec.json.encode(holder) + b"\n", 0)

    def release(self) -> None:
        """Lets go, unless it was handed on."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def require_whole(home: Home) -> None:
    """Raises `BadInput` where a restore into `home` was interrupted: what is there belongs together no more."""
    if home.restoring.exists():
        remedy = "Run the same dolphin restore again: it goes on from there."
        raise BadInput("a restore into this home did not come to its end", field="--home", value=str(home.root), remedy=remedy)


@contextmanager
def under_way(run: Path) -> Iterator[None]:
    """While the block runs in a worker the folder of its run is neither removed nor moved, whoever has started the worker."""
    run.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a file system without locks on folders
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def is_under_way(run: Path) -> bool:
    """Whether a worker says so of the run in this folder."""
    try:
        descriptor = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def locked(path: Path) -> int:
    """The descriptor of the file, made if it is missing and locked. BlockingIOError where another has it, OSError where it cannot be."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refusal(home: Home) -> Refused:
    held_by = holder(home)
    if held_by is None:
        return Refused("a system runs in it", field="--home", value=str(home.root), remedy="End it, or name another --home.")
    run = f", run {held_by.run_id}" if held_by.run_id else ""
    who = f"{held_by.command} runs in it (pid {held_by.pid}, since {held_by.since}{run})"
    return Refused(who, field="--home", value=str(home.root), remedy=f"To end it: {held_by.ending}. Or name another --home.")


def holder(home: Home) -> Holder | None:
    """Who holds `home`. One that has just taken it may not have said so yet, and what is read then is a predecessor's."""
    deadline = time.monotonic() + _NAMED_WITHIN_S
    while time.monotonic() < deadline:
        if (found := last_holder(home)) is not None:
            return found
        time.sleep(_POLL_S)
    return None


def last_holder(home: Home) -> Holder | None:
    """Who last said that they hold `home`, if they live; nothing is locked to find that out."""
    with suppress(OSError, msgspec.DecodeError):
        found = msgspec.json.decode(home.lock.read_bytes(), type=Holder)
        if Path(f"/proc/{found.pid}").exists():
            return found
    return None
