"""One system a home: whoever runs one holds a lock on a file in it, and the kernel lets go when its last holder dies, however it dies.

The lock belongs to the open file. Python opens files close-on-exec, so nothing that a holder starts inherits it by accident, and no orphan
can keep a home locked. `up` hands it to its supervisor on purpose, so that the home is never free in between.
"""

import fcntl
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from dolphin.errors import BadInput, Refused
from dolphin.host.home import Home

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
            BadInput: the home cannot be locked.
        """
        try:
            lock = cls(locked(home.lock))
        except BlockingIOError:
            raise _refusal(home) from None
        except OSError as error:
            remedy = "Name a directory on a local disk that is yours."
            raise BadInput(f"the home cannot be locked ({error.strerror})", field="--home", value=str(home.root), remedy=remedy) from error
        lock.name(Holder.this_process(command, run_id, f"press Ctrl-C where it runs, or: kill {os.getpid()}"))
        return lock

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
        """Writes into the file who holds it."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, msgspec.json.encode(holder) + b"\n", 0)

    def release(self) -> None:
        """Lets go, unless it was handed on."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def locked(path: Path) -> int:
    """The descriptor of the file, made if it is missing and locked. BlockingIOError where another has it, OSError where it cannot be."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refusal(home: Home) -> Refused:
    holder = _holder(home)
    if holder is None:
        return Refused("a system runs in it", field="--home", value=str(home.root), remedy="End it, or name another --home.")
    who = f"{holder.command} runs in it (pid {holder.pid}, since {holder.since}, run {holder.run_id})"
    return Refused(who, field="--home", value=str(home.root), remedy=f"To end it: {holder.ending}. Or name another --home.")


def _holder(home: Home) -> Holder | None:
    """Who holds `home`. One that has just taken it may not have said so yet, and what is read then is a predecessor's."""
    deadline = time.monotonic() + _NAMED_WITHIN_S
    while time.monotonic() < deadline:
        with suppress(OSError, msgspec.DecodeError):
            holder = msgspec.json.decode(home.lock.read_bytes(), type=Holder)
            if Path(f"/proc/{holder.pid}").exists():
                return holder
        time.sleep(_POLL_S)
    return None
