"""From publish in one Python process to callback in another: map journal, one Python stage, reliable topic.

Ours runs through a Python stage; the peer is the chain of Jet's own journal source and reliable-topic sink, stock settings, without any
stage; the floor is a publish straight to the listener's topic. Each is measured with batches 2 ms apart and one after the other.
A host that stalls is refused: it would measure its neighbours (docs/decisions/0002-waking-jet.md).
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
from typing import Any, Final

from bench.chain_rig.endpoints import Phase
from bench.measurement.host import probe_host
from dolphin.cluster.client import client
from dolphin.cluster.jobs import Jobs
from dolphin.cluster.member import JAR, ONE_MEMBER, MemberProcess, find_java
from dolphin.ops.home import REPOSITORY
from dolphin.pipeline import BATCH_KEY, Pipeline

RIG: Final = REPOSITORY / "bench" / "chain_rig"
ROUNDS: Final = 3
"""Fresh starts of each side; medians of p50, the worst p99."""
PACE_US: Final = 2000
WARM_UP: Final = 6000
"""Messages before measuring, for the compilers."""
WARM_UP_WINDOW: Final = 32
_SETTLE_S: Final = 0.3

Readings = dict[str, float]


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
    best, other, bare = _summary(ours), _summary(peer), _summary(floor)
    return {
        "host": host.as_dict(),
        "peer": "Jet's journal source and topic sink, stock, no stage",
        "ours": best,
        "peer_result": other,
        "floor": bare,
        "ratios": {
            "paced p50, us": best["paced_p50_us"],
            "paced p99, us": best["paced_p99_us"],
            "paced p50, ours / peer": best["paced_p50_us"] / other["paced_p50_us"],
            "paced p99, ours / peer": best["paced_p99_us"] / other["paced_p99_us"],
            "paced p50, ours / floor": best["paced_p50_us"] / bare["paced_p50_us"],
            "paced p99, ours / floor": best["paced_p99_us"] / bare["paced_p99_us"],
            "back to back p50, ours / peer": best["back_to_back_p50_us"] / other["back_to_back_p50_us"],
        },
        "targets": {"paced p50, us": {"op": "<=", "value": 300}, "paced p99, us": {"op": "<=", "value": 1500}},
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
    """One fresh start: warm-up, paced, one after the other."""
    phases = [Phase(WARM_UP, 0, WARM_UP_WINDOW), Phase(paced, PACE_US), Phase(paced, 0)]
    latencies = _measure(member, target, phases)
    return {
        **_readings("paced", latencies[WARM_UP : WARM_UP + paced]),
        **_readings("back_to_back", latencies[WARM_UP + paced :]),
    }


def _measure(member: MemberProcess, target: str, phases: list[Phase]) -> list[int]:
    """Latencies in nanoseconds of the messages of all phases."""
    count = sum(phase.batches for phase in phases)
    hearing, sending = socket.socketpair()
    with hearing, sending:
        listener = _endpoint(member, ("listen", json.dumps(phases), str(hearing.fileno())), hearing)
        with listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "ready\n"
            time.sleep(_SETTLE_S)
            with _endpoint(member, ("publish", target, json.dumps(phases), str(sending.fileno())), sending) as publisher:
                latencies = json.loads(listener.stdout.readline())
                assert publisher.wait() == 0, "the publisher failed"
    assert len(latencies) == count, f"{count - len(latencies)} of {count} messages were lost"
    return latencies


def _endpoint(member: MemberProcess, arguments: Sequence[str], ack: socket.socket) -> subprocess.Popen[str]:
    role, *rest = arguments
    command = [sys.executable, "-m", "bench.chain_rig.endpoints", role, member.address, member.cluster_name, *rest]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, pass_fds=[ack.fileno()])


def _readings(name: str, latencies: list[int]) -> Readings:
    ordered = sorted(latencies)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {f"{name}_{label}_us": ordered[min(len(ordered) - 1, int(len(ordered) * q))] / 1000 for label, q in at.items()}


def _summary(rounds: list[Readings]) -> Readings:
    """Medians of p50; of the tails, the worst."""
    choose: dict[bool, Callable[[list[float]], float]] = {True: statistics.median, False: max}
    return {key: choose["p50" in key]([readings[key] for readings in rounds]) for key in rounds[0]}
