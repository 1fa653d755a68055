"""Child processes that cannot outlive us.

Each runs in a process group of its own, so that a stop reaches everything it started, and the kernel ends it when we die, however we
die (`PR_SET_PDEATHSIG`). It and all it starts run in short time slices (`dolphin.host.time_slice`). Output goes to a log file, never to a
pipe that could fill; whoever watches the process keeps that file short (`tend_log`).
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dolphin.host.segments import keep_short, last_lines
from dolphin.host.time_slice import keep_slices_short

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel to send this process `number` when its parent ends; call it in the child."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)


def be_child(number: signal.Signals = signal.SIGKILL) -> None:
    """What a process that belongs to us does first: it dies with its parent (gets `number` then), and its slices are short."""
    die_with_parent(number)
    keep_slices_short()


class Child:
    """One running process with a name and a log."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        *,
        keeps: Sequence[int] = (),
        on_parent_death: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Starts it.

        Args:
            keeps: descriptors that it gets; a lock on one of them ends when it does.
            on_parent_death: what it gets when we die; SIGTERM for one that has something to put in order first, and bounds that itself.
        """
        self.name = name
        self.log = log
        self._log_since_s = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=lambda: be_child(on_parent_death),
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

    def ask_to_end(self) -> None:
        """Asks the group to end, and waits for nothing."""
        self._signal_group(signal.SIGTERM)

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
        return " / ".join(line.strip() for line in last_lines(self.log, lines)) or "it wrote nothing"

    def tend_log(self) -> None:
        """Closes a segment of its log when it is time to; call it now and then."""
        if keep_short(self.log, self._log_since_s):
            self._log_since_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
