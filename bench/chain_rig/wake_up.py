"""What a hop costs at the least: from a write in one process to the next statement of another that waits for it.

    python -m bench.chain_rig.wake_up KIND COUNT INTERVAL_US

Prints the nanoseconds of each as one JSON list. KIND is `socket` (a Unix socket, a blocking read: what wakes a thread) or `event-loop`
(TCP on loopback into an event loop of Python's: what stands at both ends of a Hazelcast client).
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from typing import Final

import uvloop

from dolphin.host.home import REPOSITORY

STAMP_BYTES: Final = 8


def wake_ups_ns(kind: str, count: int, interval_us: int) -> list[int]:
    """Measures in processes of its own."""
    command = [sys.executable, "-m", "bench.chain_rig.wake_up", kind, str(count), str(interval_us)]
    return json.loads(subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout)


def _send(sender: socket.socket, count: int, interval_us: int) -> None:
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number * interval_us / 1e6 - time.monotonic()))
        sender.send(time.monotonic_ns().to_bytes(STAMP_BYTES, "little"))


def _since_ns(stamp: bytes) -> int:
    return time.monotonic_ns() - int.from_bytes(stamp, "little")


def _hear_blocking(receiver: socket.socket) -> list[int]:
    heard: list[int] = []
    while stamp := receiver.recv(STAMP_BYTES):
        heard.append(_since_ns(stamp))
    return heard


async def _hear_in_a_loop(receiver: socket.socket) -> list[int]:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    heard: list[int] = []

    class Hearing(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            heard.append(_since_ns(data[:STAMP_BYTES]))

        def connection_lost(self, exc: Exception | None) -> None:
            ended.set_result(None)

    receiver.setblocking(False)
    await loop.connect_accepted_socket(Hearing, receiver)
    await ended
    return heard


def _pair(kind: str) -> tuple[socket.socket, socket.socket]:
    if kind == "socket":
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sender, server.accept()[0]


def _main(kind: str, count: int, interval_us: int) -> None:
    sender, receiver = _pair(kind)
    if os.fork() == 0:
        receiver.close()
        _send(sender, count, interval_us)
        os._exit(0)
    sender.close()
    print(json.dumps(_hear_blocking(receiver) if kind == "socket" else uvloop.run(_hear_in_a_loop(receiver))))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
