"""The peer of the agent's benchmark: a process that listens to the market topic and does nothing with it but read the stamp."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import uvloop
from hazelcast.proxy.base import TopicMessage

from dolphin.cluster.client import client
from dolphin.cluster.wire import Batch
from dolphin.core.contract.batch import info_of
from dolphin.trading.journal import Journal
from dolphin.trading.latency import Latencies

PATH = "topic_to_listener"


async def main(address: str, cluster_name: str, out: Path) -> None:
    """Listens until SIGTERM; `out` gets `ready` and then a `summary`."""
    journal, latencies, stopping = Journal(out), Latencies(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)

    def listen(message: TopicMessage[Batch]) -> None:
        emitted_wall_ns = info_of(message.message.records()).emitted_wall_ns
        if emitted_wall_ns:
            latencies.record(PATH, time.time_ns() - emitted_wall_ns)

    async with client(address, cluster_name) as hazelcast:
        await (await hazelcast.get_reliable_topic("market.0")).add_listener(listen)
        journal.write({"type": "ready", "market_time_ns": 0})
        await stopping.wait()
    journal.write({"type": "summary", "market_time_ns": 0, "latency_us": latencies.summary_us()})


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
