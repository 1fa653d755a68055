"""Whether this host is quiet enough to publish a latency measured on it.

Two probes run before a benchmark: how late a thread that asks to sleep 1 ms wakes up (the hiccups that every measurement will contain),
and one byte over loopback and back (what the kernel alone costs). A host that stalls measures its neighbours, not us.
"""

import socket
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench.measurement.percentiles import Latencies
from dolphin.errors import DolphinError

_PROBES: Final = 500
_NAP_NS: Final = 1_000_000
STALL_LIMIT_US: Final = 20_000.0
"""A host on which 1 in 100 naps of 1 ms ends later than this is refused."""


@dataclass(frozen=True, slots=True)
class HostReadings:
    """In microseconds."""

    hiccup_p50_us: float
    hiccup_p99_us: float
    loopback_p50_us: float
    loopback_p99_us: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def probe_host() -> HostReadings:
    """Takes about a second.

    Raises:
        DolphinError: the host stalls too long.
    """
    hiccups = Latencies(nap_overruns_ns(_PROBES))
    loopback = Latencies(_round_trips_ns())
    readings = HostReadings(hiccups.quantile_us(50), hiccups.quantile_us(99), loopback.quantile_us(50), loopback.quantile_us(99))
    if readings.hiccup_p99_us > STALL_LIMIT_US:
        raise DolphinError(
            f"this host stalls: 1 in 100 naps of 1 ms ended {readings.hiccup_p99_us / 1000:.0f} ms late",
            remedy="Stop what else runs on it and measure again.",
        )
    return readings


def nap_overruns_ns(naps: int) -> list[int]:
    """How late each of so many naps of 1 ms ended."""
    overruns: list[int] = []
    for _ in range(naps):
        start = time.perf_counter_ns()
        time.sleep(_NAP_NS / 1e9)
        overruns.append(time.perf_counter_ns() - start - _NAP_NS)
    return overruns


def _round_trips_ns() -> list[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        echo = threading.Thread(target=_echo, args=(server,))
        echo.start()
        with socket.create_connection(server.getsockname()) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            trips = [_round_trip_ns(connection) for _ in range(_PROBES)]
        echo.join()
    return trips


def _round_trip_ns(connection: socket.socket) -> int:
    start = time.perf_counter_ns()
    connection.sendall(b"?")
    connection.recv(1)
    return time.perf_counter_ns() - start


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := connection.recv(1):
            connection.sendall(data)
