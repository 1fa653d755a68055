"""Child processes that cannot outlive us.

Each runs in a process group of its own, so that a stop reaches everything it started, and the kernel ends it when we die, however we
die (`PR_SET_PDEATHSIG`). It and all it starts run in short time slices (`dolphin.host.time_slice`). Output goes to a log file, never to a
pipe that could fill.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dolphin.host.time_slice import keep_slices_short

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent ends; call it in the child."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def be_child() -> None:
    """What a process that belongs to us does first: it dies with its parent, and its slices are short."""
    die_with_parent()
    keep_slices_short()


class Child:
    """One running process with a name and a log."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, *, keeps: Sequence[int] = ()
    ) -> None:
        """`keeps`: descriptors that it gets; a lock on one of them ends when it does."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=be_child,
                pass_fds=keeps,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status, or None if it still runs after `timeout_s`."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, grace_s: float = 5.0) -> None:
        """Asks the group to end, and kills what is left of it after `grace_s`."""
        self._signal_group(signal.SIGTERM)
        if self.wait(grace_s) is None:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
        self._signal_group(signal.SIGKILL)

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        self._signal_group(signal.SIGKILL)
        self._process.wait()

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, for an error message."""
        text = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(line.strip() for line in text[-lines:]) or "it wrote nothing"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
