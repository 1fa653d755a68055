"""Short time slices: a process that wakes up does not wait for another to finish its turn.

Linux lets a running thread finish its slice (1.4 ms with two processors) before one that has just been woken, and looks again only with the
next tick (4 ms at 250 Hz). On the way from a fault to a cap a dozen threads wake each other, each for a fraction of a millisecond, beside
compilers and scans that would use a whole core. With a slice of 0.1 ms the woken thread runs at once; everybody's share of the processor
stays what it was. Any process may ask for it (no privilege), and every thread and process it starts inherits it. Linux before 6.12 takes
the wish and ignores it.
"""

import ctypes
import os
import platform
import struct
from typing import Final

SLICE_NS: Final = 100_000
"""The shortest that Linux grants (sched_setattr(2))."""

_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}
_SCHED_GETATTR: Final = {"x86_64": 315, "aarch64": 275}
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")  # size, policy, flags, nice, priority, runtime (of a normal thread: its slice), ...
_KEEP_POLICY: Final = 0x08
_USUAL: Final = 0
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def keep_slices_short() -> bool:
    """Asks for slices of `SLICE_NS` for this thread and all it will start; whether the kernel took the wish."""
    return _ask(0, SLICE_NS)


def give_usual_slices(thread: int) -> bool:
    """Asks for the kernel's own slices for a thread of this user, and all it will start; whether the kernel took the wish."""
    return _ask(thread, _USUAL)


def _ask(thread: int, slice_ns: int) -> bool:
    number = _SCHED_SETATTR.get(platform.machine())
    if number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, thread)
    return _LIBC.syscall(number, thread, _ATTRIBUTES.pack(_ATTRIBUTES.size, 0, _KEEP_POLICY, nice, 0, slice_ns, 0, 0), 0) == 0


def slice_ns(thread: int = 0) -> int | None:
    """The slice of a thread (0: this one), in ns; None where the kernel does not tell."""
    number = _SCHED_GETATTR.get(platform.machine())
    answer = ctypes.create_string_buffer(_ATTRIBUTES.size)
    if number is None or _LIBC.syscall(number, thread, answer, _ATTRIBUTES.size, 0) != 0:
        return None
    return _ATTRIBUTES.unpack(answer.raw)[5] or None
