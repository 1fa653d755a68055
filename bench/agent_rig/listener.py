"""The peer of the agent's benchmark: a process that listens to the market topic and does nothing with it but read the stamp."""

import argparse
import asyncio
import signal
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


async def main(options: argparse.Namespace) -> None:
    journal, latencies, stopping = Journal(options.out), Latencies(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)

    def listen(message: TopicMessage[Batch]) -> None:
        emitted_wall_ns = info_of(message.message.records()).emitted_wall_ns
        if emitted_wall_ns:
            latencies.record(PATH, time.time_ns() - emitted_wall_ns)

    async with client(options.member, options.cluster_name) as hazelcast:
        await (await hazelcast.get_reliable_topic("market.0")).add_listener(listen)
        journal.write("ready", 0)
        await stopping.wait()
    journal.write("summary", 0, latency_us=latencies.summary_us())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--member", required=True)
    parser.add_argument("--cluster-name", required=True)
    parser.add_argument("--out", required=True, type=Path)
    uvloop.run(main(parser.parse_args()))
