"""From publish in one Python process to callback in another: map journal, one Python stage, reliable topic.

Ours runs through a Python stage; the peer is the chain of Jet's own journal source and reliable-topic sink, stock settings, without any
stage; the floor is a publish straight to the listener's topic. Each is measured one after the other and with batches 2 ms apart.
A host that stalls is refused: it would measure its neighbours (docs/decisions/0002-waking-jet.md).

Ours is told in two parts, before and after the stage has its result, and beside the floor stands what it is made of: one wake-up of a
process that waits for a socket, and the same through an event loop of Python's and TCP (docs/decisions/0004-where-the-milliseconds-go.md
has the sum).
"""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.chain_rig.endpoints import Phase
from bench.chain_rig.wake_up import wake_ups_ns
from bench.measurement.host import probe_host
from dolphin.cluster.client import client
from dolphin.cluster.jobs import Jobs
from dolphin.host.home import REPOSITORY
from dolphin.host.java import find_java
from dolphin.host.member import JAR, ONE_MEMBER, MemberProcess
from dolphin.pipeline import BATCH_KEY, Pipeline

RIG: Final = REPOSITORY / "bench" / "chain_rig"
ROUNDS: Final = 3
"""Fresh starts of each side; medians of p50, the worst p99."""
PACE_US: Final = 2000
WARM_UP: Final = (Phase(6_000, 0, 32), Phase(4_000, 0))
"""Messages before measuring, many at a time and then one: a member that has run for a minute is compiled, and that is what is measured."""
_SETTLE_S: Final = 0.3

_QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}

Readings = dict[str, float]


class Heard(NamedTuple):
    """Nanoseconds from publish to callback; of them those since the stage had its result, where there is a stage."""

    latency_ns: int
    since_emitted_ns: int | None


def run(seconds: float) -> dict[str, Any]:
    """The benchmark; see docs/performance.md for the form."""
    host = probe_host()
    paced = max(200, round(seconds * 1e6 / PACE_US / (3 * ROUNDS)))
    ours, peer, floor = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        stock = _stock_settings(Path(directory))
        for number in range(ROUNDS):
            log = Path(directory) / f"member-{number}.log"
            with MemberProcess.start(log=log, cluster_name="bench-chain") as member:
                _submit_ours(member)
                ours.append(_chain(member, "journal", paced))
                floor.append(_chain(member, "topic", paced))
            with MemberProcess.start(log=log, cluster_name="bench-chain", config=stock) as member:
                _submit_stock(member)
                peer.append(_chain(member, "journal", paced))
    best, other, bare = _summary(ours), _summary(peer), _summary(floor) | _wake_ups(paced)
    return {
        "host": host.as_dict(),
        "peer": "Jet's journal source and topic sink, stock, no stage",
        "ours": best,
        "peer_result": other,
        "floor": bare,
        "ratios": {
            "paced p50, ours / peer": best["paced_p50_us"] / other["paced_p50_us"],
            "paced p99, ours / peer": best["paced_p99_us"] / other["paced_p99_us"],
            "paced p50, ours / floor": best["paced_p50_us"] / bare["paced_p50_us"],
            "paced p99, ours / floor": best["paced_p99_us"] / bare["paced_p99_us"],
            "back to back p50, ours / peer": best["back_to_back_p50_us"] / other["back_to_back_p50_us"],
        },
        "targets": {"paced p50, ours / floor": {"op": "<=", "value": 2.2}, "paced p50, ours / peer": {"op": "<=", "value": 0.55}},
    }


def _stock_settings(directory: Path) -> Path:
    """The member's configuration with Jet's own defaults for threads and back-off."""
    ours = ONE_MEMBER.read_text(encoding="utf-8").splitlines()
    stock = [line for line in ours if "hazelcast.jet.idle." not in line and "cooperative-thread-count" not in line]
    assert len(stock) == len(ours) - 3
    path = directory / "stock.yaml"
    path.write_text("\n".join(stock), encoding="utf-8")
    return path


def _submit_ours(member: MemberProcess) -> None:
    pipeline = Pipeline("chain")
    source = pipeline.read_journal("MARKET_EVENTS", start="newest")
    source.python("identity", "bench.chain_rig.identity:identity", keyed_by=BATCH_KEY).to_topic("market.{key}")

    async def submit() -> None:
        async with client(member.address, member.cluster_name) as hazelcast:
            await Jobs(hazelcast).submit(pipeline)

    asyncio.run(submit())


def _submit_stock(member: MemberProcess) -> None:
    command = [str(find_java()), "-cp", f"{JAR}:{JAR.parent / 'lib'}/*", str(RIG / "StockChain.java"), member.address, member.cluster_name]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)


def _chain(member: MemberProcess, target: str, paced: int) -> Readings:
    """One fresh start: warm-up, one after the other, paced."""
    phases = [*WARM_UP, Phase(paced, 0), Phase(paced, PACE_US)]
    heard = _measure(member, target, phases)
    return {**_told("paced", heard[-paced:]), **_told("back_to_back", heard[-2 * paced : -paced])}


def _told(name: str, heard: list[Heard]) -> Readings:
    whole = [latency for latency, _ in heard]
    parts = [(latency - after, after) for latency, after in heard if after is not None]
    readings = _readings(name, whole, ("p50", "p99", "max"))
    if parts:
        before, after = zip(*parts, strict=True)
        readings |= _readings(f"{name}_until_emitted", list(before), ("p50",)) | _readings(f"{name}_since_emitted", list(after), ("p50",))
    return readings


def _wake_ups(paced: int) -> Readings:
    return {
        **_readings("paced_wake_up", wake_ups_ns("socket", paced, PACE_US), ("p50", "p99")),
        **_readings("paced_tcp_to_event_loop", wake_ups_ns("event-loop", paced, PACE_US), ("p50", "p99")),
    }


def _measure(member: MemberProcess, target: str, phases: list[Phase]) -> list[Heard]:
    """Of each message of all phases."""
    count = sum(phase.batches for phase in phases)
    hearing, sending = socket.socketpair()
    with hearing, sending:
        listener = _endpoint(member, ("listen", json.dumps(phases), str(hearing.fileno())), hearing)
        with listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "ready\n"
            time.sleep(_SETTLE_S)
            with _endpoint(member, ("publish", target, json.dumps(phases), str(sending.fileno())), sending) as publisher:
                heard = [Heard(*times) for times in json.loads(listener.stdout.readline())]
                assert publisher.wait() == 0, "the publisher failed"
    assert len(heard) == count, f"{count - len(heard)} of {count} messages were lost"
    return heard


def _endpoint(member: MemberProcess, arguments: Sequence[str], ack: socket.socket) -> subprocess.Popen[str]:
    role, *rest = arguments
    command = [sys.executable, "-m", "bench.chain_rig.endpoints", role, member.address, member.cluster_name, *rest]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, pass_fds=[ack.fileno()])


def _readings(name: str, latencies: list[int], quantiles: Sequence[str]) -> Readings:
    ordered = sorted(latencies)
    return {f"{name}_{label}_us": ordered[min(len(ordered) - 1, int(len(ordered) * _QUANTILES[label]))] / 1000 for label in quantiles}


def _summary(rounds: list[Readings]) -> Readings:
    """Medians of p50; of the tails, the worst."""
    choose: dict[bool, Callable[[list[float]], float]] = {True: statistics.median, False: max}
    return {key: choose["p50" in key]([readings[key] for readings in rounds]) for key in rounds[0]}
