"""The two ends of the chain, each in a process of its own: `publish` puts batches and stamps them, `listen` stamps what comes out.

    python -m bench.chain_rig.endpoints publish HOST:PORT CLUSTER TARGET PHASES ACK_FD
    python -m bench.chain_rig.endpoints listen HOST:PORT CLUSTER PHASES ACK_FD

TARGET is `journal` (the chain) or `topic` (past it, straight to the listener: the floor). PHASES is the JSON of a list of `Phase`s. A
batch's market time is the wall time just before it is sent, so latency is one subtraction. Paced, nobody waits for an answer before the
next is sent, so a stall delays no stamp; else the next is sent when the listener has heard all but `window` - 1, which it says with one
byte each on ACK_FD. A phase ends when its last batch has been heard.

A batch that came through a stage says when its result was made (`emitted_wall_ns`), on the same clock, so that the way of each shows in two
parts. It is read when all have been heard.
"""

import asyncio
import gc
import json
import socket
import sys
import time
from typing import Final, NamedTuple

import pyarrow as pa
import uvloop
from hazelcast.proxy.base import TopicMessage

from dolphin.cluster.client import client
from dolphin.cluster.wire import Batch
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from dolphin.stage.harness import EMITTED

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


class Phase(NamedTuple):
    """`batches` of them: one every `interval_us`, or (0) with `window` of them under way."""

    batches: int
    interval_us: int
    window: int = 1


async def publish(address: str, cluster: str, target: str, phases: list[Phase], ack: socket.socket) -> None:
    """Sends the batches of all phases."""
    arrow = sample()
    async with client(address, cluster) as hazelcast, asyncio.TaskGroup() as sends:
        events = await hazelcast.get_map("MARKET_EVENTS")
        topic = await hazelcast.get_reliable_topic("market.0")

        async def send() -> None:
            batch = Batch("0", time.time_ns(), arrow)
            await (events.set("0", batch) if target == "journal" else topic.publish(batch))

        async def heard() -> int:
            return len(await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ack, 4096), SILENCE_S))

        gc.freeze()
        for phase in phases:
            start, open_acks = time.monotonic(), 0
            for number in range(phase.batches):
                if phase.interval_us:
                    await asyncio.sleep(max(0.0, start + number * phase.interval_us / 1e6 - time.monotonic()))
                    sends.create_task(send())
                else:
                    await send()
                    open_acks += 1
                    while open_acks >= phase.window:
                        open_acks -= await heard()
            open_acks = open_acks or bool(phase.interval_us)
            while open_acks > 0:
                open_acks -= await heard()


async def listen(address: str, cluster: str, phases: list[Phase], ack: socket.socket) -> None:
    """Prints `ready`, then one JSON list: for each batch the nanoseconds until it was heard, and those since its stage had it (or null)."""
    heard: list[tuple[int, Batch]] = []
    # paced batches are not acknowledged, except the last of their phase
    acknowledged = [not phase.interval_us or number == phase.batches - 1 for phase in phases for number in range(phase.batches)]
    async with client(address, cluster) as hazelcast:

        def hear(message: TopicMessage) -> None:
            heard.append((time.time_ns(), message.message))
            if acknowledged[len(heard) - 1]:
                ack.send(b".")

        await (await hazelcast.get_reliable_topic("market.0")).add_listener(hear)
        gc.freeze()
        print("ready", flush=True)
        count, last = 0, time.monotonic() + START_S
        while count < len(acknowledged) and time.monotonic() < last + SILENCE_S:
            await asyncio.sleep(0.1)
            if len(heard) != count:
                count, last = len(heard), time.monotonic()
        print(json.dumps([_times(*each) for each in heard]), flush=True)


def _times(heard_ns: int, batch: Batch) -> tuple[int, int | None]:
    emitted = (batch.records().schema.metadata or {}).get(EMITTED)
    return heard_ns - batch.time_ns, None if emitted is None else heard_ns - int(emitted)


def _phases(text: str) -> list[Phase]:
    return [Phase(*phase) for phase in json.loads(text)]


def _ack(fd: str) -> socket.socket:
    ack = socket.socket(fileno=int(fd))
    ack.setblocking(False)
    return ack


if __name__ == "__main__":
    role, address, cluster, *arguments = sys.argv[1:]
    if role == "publish":
        target, phases, fd = arguments
        uvloop.run(publish(address, cluster, target, _phases(phases), _ack(fd)))
    else:
        phases, fd = arguments
        uvloop.run(listen(address, cluster, _phases(phases), _ack(fd)))
