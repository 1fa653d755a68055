"""What a process tells systemd of itself: `READY=1`, `WATCHDOG=1`, `STATUS=`, `STOPPING=1`, a datagram each to `$NOTIFY_SOCKET`.

The protocol is systemd's (sd_notify(3), sd_watchdog_enabled(3)). Where no socket is named nothing is sent, and a socket that takes nothing
changes nothing: what a process does must not depend on who watches it.

There is no timer here. Whoever has just made progress calls `alive`, and what stands still falls silent, which is what the watchdog is for.
"""

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Final, Self

PINGS_A_LIMIT: Final = 4
"""Pings within the time after which systemd takes the process for dead, at most: the rest of them would tell it nothing."""


class Service:
    """This process, as systemd sees it."""

    def __init__(self, address: str | None, watchdog_s: float | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`address` is that of the socket (a path, or a name of the abstract namespace behind `@`), None where nobody listens."""
        self.watchdog_s = watchdog_s
        """Silence after which systemd ends the process; None where it does not."""
        self._address = None if address is None else address.replace("@", "\0", 1) if address.startswith("@") else address
        self._monotonic = monotonic
        self._silent_until = float("-inf")
        self._status = ""

    @classmethod
    def of_environment(cls, environment: MutableMapping[str, str] = os.environ) -> Self:
        """As systemd has set it up. What this process starts finds none of it: it is not to speak for this one."""
        address, limit, whose = (environment.pop(name, "") for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"))
        is_ours = limit.isdigit() and int(limit) > 0 and whose in ("", str(os.getpid()))
        return cls(address if address.startswith(("/", "@")) else None, int(limit) / 1e6 if is_ours else None)

    def ready(self, status: str) -> None:
        """It is up, and does `status`."""
        self._status = status
        self._send("READY=1", f"STATUS={_line(status)}")

    def alive(self, status: str | None = None) -> None:
        """It has just made progress; `status` is sent when it has changed."""
        if status is not None and status != self._status:
            self._status = status
            self._send(f"STATUS={_line(status)}")
        now = self._monotonic()
        if self.watchdog_s is not None and now >= self._silent_until:
            self._silent_until = now + self.watchdog_s / PINGS_A_LIMIT
            self._send("WATCHDOG=1")

    def stopping(self, status: str) -> None:
        """It has been asked to end, or has to."""
        self._send("STOPPING=1", f"STATUS={_line(status)}")

    def _send(self, *assignments: str) -> None:
        if self._address is None:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(assignments).encode(), self._address)


def _line(text: str) -> str:
    return " ".join(text.split())
