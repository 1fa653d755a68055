"""Kill: a sensor fails inside a market batch; how long until the cap in force at the agent is 0.

From just before the feed's put of the batch in one Python process to the entitlement's change in another, through the real jobs `ars`
(features) and `survival` (assessment, governor, account) and their maps and topics. Ours writes POSTURE and LEVERAGE through to SQLite,
synchronised to disk, before the cap changes; the peer is the same with the gates in memory only; the floor is a cap of 0 published
straight to the agent's topic. A fault comes 20 ms after the account is entitled to (nearly) 6x, so that everything has gone to sleep.

Beside the floor stands how late naps of 1 ms end on this host before anything runs (`idle_stall`): what an idle machine is kept waiting
for, ours is too.
"""

import asyncio
import gc
import math
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from hazelcast.asyncio import HazelcastClient

from bench.measurement.host import nap_overruns_ns, probe_host
from bench.measurement.percentiles import Latencies
from bench.safety_rig.kill_market import START_NS, STEP_NS, Market
from bench.safety_rig.rotating import ACCOUNT
from dolphin.cluster.client import client
from dolphin.cluster.jobs import Jobs
from dolphin.core.control.command import Command, encode
from dolphin.core.control.posture import LADDER, MAX_LEVERAGE_PPM, Posture
from dolphin.core.units import ONE
from dolphin.errors import DolphinError
from dolphin.host.child import be_child
from dolphin.host.home import REPOSITORY
from dolphin.host.member import ONE_MEMBER, MemberProcess
from dolphin.host.tasks import beside
from dolphin.pipeline import Pipeline
from dolphin.pipeline.files import load_pipeline

CLUSTER: Final = "bench-kill"
PAUSE_S: Final = 0.02
WARM_UP_BATCHES: Final = 8000
"""Half an hour of market time, in a minute. A member that has run that long is compiled, and that is what is measured: after 400 batches
the compilers took a sixth of a core while falls were measured, after 4,000 up to 4 ms of the slowest falls."""
WARM_UP_EVERY_S: Final = 0.005
SETTLE_S: Final = 2.0
"""Until the jobs have caught up with the warm-up."""
WARM_UP_FALLS: Final = 300
"""Not counted: the compilers of what only a fall runs, and the files of a fresh database."""
TIMEOUT_S: Final = 30.0
IDLE_NAPS: Final = 5_000
FEWEST_FALLS: Final = 1_000
"""Of fewer, the 99.9th percentile would be the slowest."""


class Agent:
    """The listening process: the cap in force of each account, and since when on the monotonic clock of the machine."""

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines
        self._caps: dict[str, tuple[int, int]] = {}
        self._changed = asyncio.Condition()

    async def read(self) -> None:
        """Takes in what it prints, for the length of the measurement."""
        while line := await self._lines.readline():
            name, cap, at_ns = line.split()
            async with self._changed:
                self._caps[name.decode()] = int(cap), int(at_ns)
                self._changed.notify_all()

    async def open(self, account: str) -> None:
        """Waits until the account may use more than a passive posture would allow."""
        await self._until(account, lambda cap_ppm, _: cap_ppm > LADDER[Posture.STALKER].cap_ppm)

    async def shut(self, account: str, since_ns: int) -> int:
        """Waits until the account's cap fell to 0 after `since_ns`; when that was."""
        return await self._until(account, lambda cap_ppm, at_ns: cap_ppm == 0 and at_ns >= since_ns)

    async def _until(self, account: str, holds: Callable[[int, int], bool]) -> int:
        try:
            async with asyncio.timeout(TIMEOUT_S), self._changed:
                while account not in self._caps or not holds(*self._caps[account]):
                    await self._changed.wait()
                return self._caps[account][1]
        except TimeoutError:
            raise DolphinError(
                f"{account} stands at {self._caps.get(account)}, which never changed",
                remedy="Stop what else runs here and measure again.",
            ) from None


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    stalls = {f"idle_stall_{name}": value for name, value in _told(nap_overruns_ns(IDLE_NAPS)).items()}
    with tempfile.TemporaryDirectory() as directory:
        ours, _ = asyncio.run(_measure(_room(directory, "durable"), ONE_MEMBER, seconds / 2))
        memory = _room(directory, "memory")
        peer, floor = asyncio.run(_measure(memory, _without_database(memory), seconds / 2))
    told, other, bare = _told(ours), _told(peer), _told(floor) | stalls
    return {
        "peer": "the same jobs, gates in memory only (no write-through)",
        "host": host.as_dict(),
        "ours": told,
        "peer_result": other,
        "floor": bare,
        "ratios": {
            "p50, ours / without write-through": told["p50_us"] / other["p50_us"],
            "p99.9, ours / its p50": told["p999_us"] / told["p50_us"],
            "p99.9, without write-through / its p50": other["p999_us"] / other["p50_us"],
            "p50, ours / floor": told["p50_us"] / bare["p50_us"],
        },
        "targets": {
            "p50, ours / without write-through": {"op": "<=", "value": 2.2},
            "p99.9, ours / its p50": {"op": "<=", "value": 4},
        },
    }


def _room(directory: str, name: str) -> Path:
    room = Path(directory) / name
    room.mkdir()
    return room


def _without_database(directory: Path) -> Path:
    """The member's configuration with its map stores switched off."""
    text = ONE_MEMBER.read_text(encoding="utf-8")
    switched_off = text.replace("map-store:\n        enabled: true", "map-store:\n        enabled: false")
    assert switched_off != text
    path = directory / "memory.yaml"
    path.write_text(switched_off, encoding="utf-8")
    return path


async def _measure(directory: Path, config: Path, seconds: float) -> tuple[list[int], list[int]]:
    """(nanoseconds from fault to cap 0, nanoseconds from a cap published straight to the topic)."""
    with MemberProcess.start(log=directory / "member.log", cluster_name=CLUSTER, config=config) as member:
        async with client(member.address, CLUSTER) as hazelcast, _listening(member) as agent:
            await _submit(hazelcast)
            faults = await _faults(hazelcast, agent, seconds)
            return faults, await _straight(hazelcast, agent, min(seconds, 5.0))


async def _submit(hazelcast: HazelcastClient) -> None:
    """The jobs as `dolphin up` submits them, but that the account changes after each fall."""
    pipeline = Pipeline("survival")
    market = pipeline.read_topics("market.{key}", written_by="python_udfs.features:Features")
    granted = market.python("control", "bench.safety_rig.rotating:Rotating").apply(
        "posture", map_name="POSTURE", key="{key}", payload="value"
    )
    granted.to_topic("posture-changes")
    granted.apply("leverage", map_name="LEVERAGE").to_topic("leverage-changes")
    jobs = Jobs(hazelcast)
    await jobs.submit(load_pipeline("ars", {}))
    await jobs.submit(pipeline)


async def _faults(hazelcast: HazelcastClient, agent: Agent, seconds: float) -> list[int]:
    market, events = Market(), await hazelcast.get_map("MARKET_EVENTS")
    gc.freeze()  # as the feed does
    for _ in range(WARM_UP_BATCHES):
        await events.set("0", market.next())
        await asyncio.sleep(WARM_UP_EVERY_S)
    await asyncio.sleep(SETTLE_S)
    taken_ns: list[int] = []
    number, until = 0, math.inf
    while time.monotonic() < until or len(taken_ns) < FEWEST_FALLS:
        if number == WARM_UP_FALLS:
            taken_ns.clear()
            until = time.monotonic() + seconds
        account = f"{ACCOUNT}-{number}"
        await events.set("0", market.next())
        await agent.open(account)
        await asyncio.sleep(PAUSE_S)
        faulty, start_ns = market.next(is_faulty=True), time.monotonic_ns()
        await events.set("0", faulty)
        taken_ns.append(await agent.shut(account, start_ns) - start_ns)
        number += 1
    return taken_ns


async def _straight(hazelcast: HazelcastClient, agent: Agent, seconds: float) -> list[int]:
    topic = await hazelcast.get_reliable_topic("leverage-changes")
    taken_ns: list[int] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        account = f"straight-{len(taken_ns)}"
        await topic.publish(bytearray(_command(account, 1, Posture.APEX, MAX_LEVERAGE_PPM)))
        await agent.open(account)
        await asyncio.sleep(PAUSE_S)
        fall = bytearray(_command(account, 2, Posture.HIBERNATE, 0))
        start_ns = time.monotonic_ns()
        await topic.publish(fall)
        taken_ns.append(await agent.shut(account, start_ns) - start_ns)
    return taken_ns


def _command(account: str, seq: int, posture: Posture, cap_ppm: int) -> bytes:
    later_ns = START_NS + 10**6 * STEP_NS
    return encode(Command(account, "", 1, seq, posture, cap_ppm, ONE, (ONE,) * 5, False, (), (), later_ns, later_ns + 60_000_000_000, 0))


@asynccontextmanager
async def _listening(member: MemberProcess) -> AsyncIterator[Agent]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.safety_rig.kill_agent",
        member.address,
        CLUSTER,
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=be_child,  # as the agent is started
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    agent = Agent(process.stdout)
    try:
        async with beside(agent.read()):
            yield agent
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _told(samples_ns: list[int]) -> dict[str, float]:
    latencies = Latencies(samples_ns)
    quantiles = {"p50_us": 50.0, "p99_us": 99.0, "p999_us": 99.9, "max_us": 100.0}
    return {name: latencies.quantile_us(percent) for name, percent in quantiles.items()} | {"n": len(samples_ns)}
