"""A command of ours that stays in the foreground: started, its first line of JSON read, ended by a signal."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

READY_S = 150.0
END_S = 90.0


class Foreground:
    """One running `dolphin COMMAND --json`."""

    def __init__(self, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dolphin", *arguments, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> Any:
        """Its first line. Fails the test with what it said on standard error, if it ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"it ended with {self._process.wait(END_S)}: {self._process.communicate()[1]}")
        return json.loads(line)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit status, what is left of standard output, standard error; no process that it started is left."""
        started = psutil.Process(self.pid).children(recursive=True)
        self._process.send_signal(number)
        said, complained = self._process.communicate(timeout=END_S)
        left = [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
        assert not left, f"left behind: {left}"
        return self._process.returncode, said, complained

    def close(self) -> None:
        """Whatever happened to the test."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@contextmanager
def foreground(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Foreground]:
    """`Foreground` for the length of a block."""
    running = Foreground(*arguments, environment=environment)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def stand_in_exchange(folder: Path) -> Iterator[str]:
    """The `[live]` section of a configuration whose exchange is a stand-in on loopback."""
    with foreground("exchange", "--assets", "2") as exchange:
        told = exchange.ready()
        urls = f"ws_url = {json.dumps(told['ws_url'])}\nrest_url = {json.dumps(told['rest_url'])}\n"
        yield f"[live]\nsymbols = {json.dumps(told['symbols'])}\n{urls}"


class Manager:
    """The part of systemd: hears what a service says of itself."""

    def __init__(self, folder: Path) -> None:
        self._address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._address)
        self.heard: list[str] = []

    def environment(self, watchdog_s: float) -> dict[str, str]:
        """For the service. `WATCHDOG_PID` is left out, as it is the service's own, which is not known before."""
        return {"NOTIFY_SOCKET": self._address, "WATCHDOG_USEC": str(int(watchdog_s * 1e6))}

    def hears(self, assignment: str, within_s: float) -> bool:
        """Whether it comes from now on; everything that came is in `heard`."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                said = self._socket.recv(4096).decode().split("\n")
            except TimeoutError:
                return False
            self.heard += said
            if any(each.startswith(assignment) for each in said):
                return True
        return False

    def drain(self) -> None:
        """Forgets what has come so far."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(4096)
        except BlockingIOError:
            pass

    def close(self) -> None:
        self._socket.close()
