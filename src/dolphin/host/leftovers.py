"""Processes that a system left behind when its supervisor died: found by pid *and* start time, so that no stranger is ever ended.

The kernel tells a system's processes of their supervisor's death, so there are leftovers only for a moment (an agent that closes its
positions), or where one of them hangs.
"""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

END_LIMIT_S: Final = 20.0
"""For a process that was asked to end: longer than the agent takes at most."""
_LOOK_AGAIN_S: Final = 0.1
_DEAD_LIMIT_S: Final = 5.0
"""Until a process that was killed is gone, with the locks it held."""
_START_FIELD: Final = 19
"""Of /proc/PID/stat behind the name: starttime (proc(5))."""


class Process(NamedTuple):
    """One process of a part."""

    part: str
    pid: int
    started: int
    """Ticks since the host's start, which together with the pid is nobody else's."""


def process_of(part: str, pid: int) -> Process | None:
    """The process that has `pid` now; None if there is none."""
    started = _started(pid)
    return None if started is None else Process(part, pid, started)


def end_leftovers(processes: Iterable[Process], limit_s: float = END_LIMIT_S) -> list[str]:
    """Asks those that are still there to end, and kills what has not after `limit_s`; says what it did, a line each."""
    left = [process for process in processes if is_there(process)]
    for process in left:
        _signal(process, signal.SIGTERM)
    _await_end(left, limit_s)
    done: list[str] = []
    killed = [process for process in left if is_there(process)]
    for process in left:
        if process in killed:
            _signal(process, signal.SIGKILL)
            done.append(f"killed what was left of {process.part} (pid {process.pid}): it did not end when asked")
        else:
            done.append(f"ended what was left of {process.part} (pid {process.pid})")
    _await_end(killed, _DEAD_LIMIT_S)
    return done


def is_there(process: Process) -> bool:
    """Whether it still runs, and not a stranger that got its number."""
    return _started(process.pid) == process.started


def _await_end(processes: list[Process], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while any(map(is_there, processes)) and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)


def _started(pid: int) -> int | None:
    """None also for one that has ended and only waits to be read by its parent."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else int(fields[_START_FIELD])


def _signal(process: Process, number: signal.Signals) -> None:
    """To its whole group, which it leads."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
