"""The two ends of the chain, each in a process of its own: `publish` puts batches and stamps them, `listen` stamps what comes out.

    python -m bench.chain_rig.endpoints publish HOST:PORT CLUSTER TARGET COUNT INTERVAL_US ACK_FD
    python -m bench.chain_rig.endpoints listen HOST:PORT CLUSTER COUNT ACK_FD

TARGET is `journal` (the chain) or `topic` (past it, straight to the listener: the floor). A batch's market time is the wall time just
before it is sent, so latency is one subtraction. Paced, nobody waits for an answer before the next is sent, so a stall delays no stamp;
with INTERVAL_US 0 the next is sent when the listener has heard the last, which it says with one byte on ACK_FD.
"""

import asyncio
import json
import socket
import sys
import time
from typing import Final

import pyarrow as pa
import uvloop
from hazelcast.proxy.base import TopicMessage

from dolphin.cluster.client import client
from dolphin.cluster.wire import Batch
from dolphin.market.schema import MARKET, Kind

ROWS: Final = 20
START_S: Final = 20.0
"""The publisher may take so long to start."""
SILENCE_S: Final = 3.0
"""After so long without a message the rest counts as lost."""


def sample() -> bytes:
    """One feed batch of `ROWS` book rows, as an Arrow stream."""
    columns: dict[str, list[object]] = {name: [None] * ROWS for name in MARKET.names}
    columns |= {"asset": ["BTCUSDT"] * ROWS, "kind": [int(Kind.BOOK)] * ROWS, "market_time_ns": list(range(ROWS))}
    columns |= {name: [float(row) for row in range(ROWS)] for name in ("bid_price", "bid_qty", "ask_price", "ask_qty")}
    return Batch.of("0", 0, pa.record_batch(columns, schema=MARKET)).arrow


async def publish(address: str, cluster: str, target: str, count: int, interval_us: int, ack: socket.socket) -> None:
    """Sends `count` batches, one every `interval_us`, or (0) one after the other."""
    arrow = sample()
    async with client(address, cluster) as hazelcast, asyncio.TaskGroup() as sends:
        events = await hazelcast.get_map("MARKET_EVENTS")
        topic = await hazelcast.get_reliable_topic("market.0")

        async def send() -> None:
            batch = Batch("0", time.time_ns(), arrow)
            await (events.set("0", batch) if target == "journal" else topic.publish(batch))

        start = time.monotonic()
        for number in range(count):
            if interval_us:
                await asyncio.sleep(max(0.0, start + number * interval_us / 1e6 - time.monotonic()))
                sends.create_task(send())
            else:
                await send()
                await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ack, 1), SILENCE_S)


async def listen(address: str, cluster: str, count: int, ack: socket.socket) -> None:
    """Prints `ready`, then the latencies in nanoseconds as one JSON list."""
    latencies: list[int] = []
    async with client(address, cluster) as hazelcast:

        def hear(message: TopicMessage) -> None:
            latencies.append(time.time_ns() - message.message.time_ns)
            ack.send(b".")

        await (await hazelcast.get_reliable_topic("market.0")).add_listener(hear)
        print("ready", flush=True)
        heard, last = 0, time.monotonic() + START_S
        while heard < count and time.monotonic() < last + SILENCE_S:
            await asyncio.sleep(0.1)
            if len(latencies) != heard:
                heard, last = len(latencies), time.monotonic()
        print(json.dumps(latencies), flush=True)


def _ack(fd: str) -> socket.socket:
    ack = socket.socket(fileno=int(fd))
    ack.setblocking(False)
    return ack


if __name__ == "__main__":
    role, address, cluster, *arguments = sys.argv[1:]
    if role == "publish":
        target, count, interval_us, fd = arguments
        uvloop.run(publish(address, cluster, target, int(count), int(interval_us), _ack(fd)))
    else:
        count, fd = arguments
        uvloop.run(listen(address, cluster, int(count), _ack(fd)))
