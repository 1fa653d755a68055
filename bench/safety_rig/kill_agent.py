"""The agent's end: topics and entitlement as the agent has them, in a process of its own.

    python -m bench.safety_rig.kill_agent HOST:PORT CLUSTER

Prints `ready`, then a line `ACCOUNT CAP_PPM MONOTONIC_NS` whenever the cap in force of an account changes, stamped at the change.
"""

import asyncio
import gc
import sys
import time

import uvloop

from dolphin.cluster.client import client
from dolphin.cluster.topics import TopicTail
from dolphin.core.arrow.ipc import StreamReader
from dolphin.core.contract.packing import unpack
from dolphin.core.control.belief import BeliefEffect, CapChanged, TrustEnded
from dolphin.trading.entitlement import SILENCE_LIMIT_NS, Entitlements
from dolphin.trading.inbound import read_features

PLAY_SPEED = 0.0  # market time is the rig's own: it moves with messages only


class Listener:
    """One entitlement an account, made when the account is first heard of."""

    def __init__(self) -> None:
        self._accounts: dict[str, Entitlements] = {}
        self._newest = ""
        self._market_time_ns = 0
        self._stream = StreamReader()

    def hear_market(self, arrow: bytes) -> None:
        """A FEATURES batch: time for the account that is spoken for."""
        features = read_features(self._stream.read(memoryview(arrow)))
        self._market_time_ns = features.info.market_time_ns
        if self._newest:
            self._accounts[self._newest].observe(self._market_time_ns, features.last_cause)

    def hear_leverage(self, message: bytes) -> None:
        """A command."""
        account = unpack(message)["account"]
        entitlements = self._accounts.get(account)
        if entitlements is None:
            entitlements = self._accounts[account] = _entitlements(account)
            self._accounts.pop(self._newest, None)
            self._newest = account
            entitlements.observe(max(self._market_time_ns, unpack(message)["issued_at_ns"]), None)
        entitlements.apply(message)


def _entitlements(account: str) -> Entitlements:
    def tell(effects: tuple[BeliefEffect, ...]) -> None:
        now_ns = time.monotonic_ns()
        for effect in effects:
            if isinstance(effect, TrustEnded):
                sys.exit(effect.reason)
            if isinstance(effect, CapChanged) and not effect.asset:
                print(account, effect.to_ppm, now_ns, flush=True)

    return Entitlements(
        account,
        (),
        speed=PLAY_SPEED,
        silence_limit_ns=SILENCE_LIMIT_NS,
        monotonic_ns=time.monotonic_ns,
        on_effects=tell,
    )


async def main(address: str, cluster: str) -> None:
    listener = Listener()

    async def follow(tail: TopicTail) -> None:
        while True:
            for message in await tail.wait():
                if tail.name == "leverage-changes":
                    listener.hear_leverage(bytes(message))
                else:
                    listener.hear_market(message.arrow)

    async with client(address, cluster) as hazelcast, asyncio.TaskGroup() as readers:
        tails = [await TopicTail.open(hazelcast, topic) for topic in ("market.0", "leverage-changes")]
        for tail in tails:
            readers.create_task(follow(tail))
        gc.freeze()  # as the agent does
        print("ready", flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
