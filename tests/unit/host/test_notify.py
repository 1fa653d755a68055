"""What systemd hears, on a real datagram socket: readiness, a watchdog that only progress feeds, status, the end."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dolphin.host.notify import PINGS_A_LIMIT, Service


class Manager:
    """The part of systemd: a datagram socket, by path or in the abstract namespace."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """The datagrams since the last call."""
        found: list[str] = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    opened = Manager(str(tmp_path / "notify") if request.param == "path" else f"@dolphin-test-{os.getpid()}")
    yield opened
    opened.close()


def test_each_assignment_arrives_in_the_words_of_the_protocol(manager: Manager) -> None:
    service = Service(manager.address, watchdog_s=10.0)
    service.ready("plays the live market")
    service.alive()
    service.alive("the exchange\nis lost")
    service.stopping("asked to stop")
    assert manager.heard() == [
        "READY=1\nSTATUS=plays the live market",
        "WATCHDOG=1",
        "STATUS=the exchange is lost",
        "STOPPING=1\nSTATUS=asked to stop",
    ]


def test_progress_a_thousand_times_a_second_is_told_a_few_times_a_limit(manager: Manager) -> None:
    now = 0.0
    service = Service(manager.address, watchdog_s=8.0, monotonic=lambda: now)
    for _ in range(16_000):
        service.alive()
        now += 0.001
    assert manager.heard() == ["WATCHDOG=1"] * (2 * PINGS_A_LIMIT)


def test_what_makes_no_progress_is_silent(manager: Manager) -> None:
    service = Service(manager.address, watchdog_s=0.001)
    service.ready("up")
    manager.heard()
    assert manager.heard() == [], "nothing but `alive` feeds the watchdog"


def test_without_a_watchdog_only_a_change_of_status_is_told(manager: Manager) -> None:
    service = Service(manager.address, watchdog_s=None)
    for status in ("APEX", "APEX", "TURTLE"):
        service.alive(status)
    service.alive()
    assert manager.heard() == ["STATUS=APEX", "STATUS=TURTLE"]


def test_the_environment_is_taken_and_not_left_to_what_is_started() -> None:
    environment = {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/"}
    assert Service.of_environment(environment).watchdog_s == 30.0
    assert environment == {"HOME": "/"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
    ],
)
def test_a_watchdog_for_somebody_else_or_for_nobody_is_none(environment: dict[str, str]) -> None:
    assert Service.of_environment(environment).watchdog_s is None


@pytest.mark.parametrize("address", [None, "/no/such/socket", "@nobody-listens-here"])
def test_where_nobody_listens_nothing_changes(address: str | None) -> None:
    service = Service(address, watchdog_s=1.0)
    service.ready("up")
    service.alive("well")
    service.stopping("done")


def test_a_manager_that_does_not_read_holds_nobody_up(manager: Manager) -> None:
    service = Service(manager.address, watchdog_s=1e-9)
    for _ in range(10_000):  # more than a socket holds
        service.alive()
    assert manager.heard()
