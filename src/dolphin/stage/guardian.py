"""The parent of a worker: sees to it that nothing the worker started outlives it, whatever happens to anyone.

Java starts this process, and this process forks the worker. It waits for one of three things and then leaves nothing
behind: the worker ends; standard input ends (the member closed it, or was killed, even with -9: the kernel closes the
pipe); a command comes on standard input. It is the *subreaper* of the worker's descendants, so one that detached
itself (double fork, `setsid`) becomes its child and is found. The worker in turn dies with the guardian
(`PR_SET_PDEATHSIG`).

    python -m dolphin.stage.guardian SOCKET TITLE

TITLE (`ars/scan@127.0.0.1:5701`: job, stage, member) is there to be seen: in the command line of both processes (`ps`), and as far as it
fits as the worker's own name (`top`, `pgrep`).

Commands, one byte each: `D` writes every thread's Python traceback to standard error, then kills; `K` kills. Exit
status: the worker's, or 128 + signal.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_DUMP_WAIT_S = 0.3
_SWEEP_LIMIT_S = 5.0
_SWEEP_PAUSE_S = 0.002
_FIRST_VICTIM = "1000"  # oom_score_adj: the kernel takes a worker before it takes the member
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def main(path: str, title: str) -> int:
    """Runs a worker named `title` on the socket at `path`; returns the exit status once nothing of it is left."""
    os.setsid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    guardian = os.getpid()
    worker = os.fork()
    if worker == 0:
        os.close(wake_read)
        os.close(wake_write)
        return _become_worker(path, title, libc, guardian)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    status = _watch(worker, wake_read)
    _sweep(worker)
    return status


def _become_worker(path: str, title: str, libc: ctypes.CDLL, guardian: int) -> int:
    os.setpgid(0, 0)
    libc.prctl(_PR_SET_NAME, title.encode(), 0, 0, 0)  # the kernel keeps 15 bytes of it
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != guardian:
        return 1
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write(_FIRST_VICTIM)
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    from dolphin.stage import worker

    return worker.run(path)


def _watch(worker: int, wake: int) -> int:
    """Until the worker has ended; returns its status. Reaps what the worker's descendants leave on the way."""
    poller = select.poll()
    poller.register(0, select.POLLIN | select.POLLHUP)
    poller.register(wake, select.POLLIN)
    while True:
        status = _reap(worker)
        if status is not None:
            return status
        for descriptor, _ in poller.poll():
            command = os.read(descriptor, 64)
            if descriptor == 0:
                if command.startswith(b"D"):
                    _dump(worker)
                _kill_group(worker)
                if not command:
                    poller.unregister(0)


def _dump(worker: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGUSR2)
    time.sleep(_DUMP_WAIT_S)


def _kill_group(worker: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(worker, signal.SIGKILL)


def _reap(worker: int) -> int | None:
    """Takes the status of every child that has ended; that of the worker, if it is among them."""
    found: int | None = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, raw = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == worker:
                code = os.waitstatus_to_exitcode(raw)
                found = code if code >= 0 else 128 - code
    return found


def _sweep(worker: int) -> None:
    """Kills whatever the worker left: its group, and round by round every process that becomes ours when its parent dies."""
    deadline = time.monotonic() + _SWEEP_LIMIT_S
    _kill_group(worker)
    while time.monotonic() < deadline:
        children = _children()
        if not children:
            return
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        _reap(worker)
        time.sleep(_SWEEP_PAUSE_S)


def _children() -> list[int]:
    me = os.getpid()
    children: list[int] = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with (
                contextlib.suppress(OSError, ValueError, IndexError),
                open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat,
            ):
                # the command in parentheses may hold anything; the fields after the last one are fixed
                if int(stat.read().rpartition(")")[2].split()[1]) == me:
                    children.append(int(entry))
    return children


if __name__ == "__main__":
    os._exit(main(sys.argv[1], sys.argv[2]))
