"""Agent: from a topic to the trading node and to a fill, against a bare Hazelcast listener in Python and the loopback.

One process publishes market batches of 8 assets at a steady pace, stamped with the time at which each was due, so that a queue that builds
up is measured. The agent trades on them with its sandbox and its ledger; the peer is a process that only listens to the same topic.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.agent_rig.market import ACCOUNT, ASSETS, publish_market
from bench.measurement.host import probe_host
from dolphin.cluster.client import client
from dolphin.config import Paper
from dolphin.errors import DolphinError
from dolphin.host.child import Child
from dolphin.host.home import REPOSITORY, RunFiles
from dolphin.host.member import MemberProcess
from dolphin.host.options import write_options
from dolphin.host.tail import Tail
from dolphin.trading.options import AgentOptions

STARTS: Final = 5
START_TIMEOUT_S: Final = 60.0
_POLL_S: Final = 0.02
_ENVIRONMENT: Final = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])}


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`, besides starting; the object of docs/performance.md."""
    host = probe_host()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with MemberProcess.start(log=home / "member.log", cluster_name="bench") as member:
            starts = [asyncio.run(_measure(member, home / str(number), seconds / STARTS)) for number in range(STARTS)]
    agents, listeners = zip(*starts, strict=True)
    ours = {f"{path}_{key}_us": value for path in ("topic_to_agent", "order_to_fill") for key, value in _of(agents, path).items()}
    peer = {f"topic_to_agent_{key}_us": value for key, value in _of(listeners, "topic_to_listener").items()}
    return {
        "peer": "hazelcast.asyncio reliable topic listener",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": {"topic_to_agent_p50_us": host.loopback_p50_us, "topic_to_agent_p99_us": host.loopback_p99_us},
        "ratios": {
            "over_peer_p50": ours["topic_to_agent_p50_us"] / peer["topic_to_agent_p50_us"],
            "over_peer_p99": ours["topic_to_agent_p99_us"] / peer["topic_to_agent_p99_us"],
        },
        "targets": {"over_peer_p50": {"op": "<=", "value": 3.0}},
    }


def _of(starts: Sequence[dict[str, dict[str, float]]], path: str) -> dict[str, float]:
    """Median of p50 and worst p99 over the fresh starts."""
    readings = [start[path] for start in starts if path in start]
    if not readings:
        raise DolphinError(f"nothing was measured on the path {path}", remedy="Measure for longer: --seconds.")
    return {"p50": median(each["p50"] for each in readings), "p99": max(each["p99"] for each in readings)}


async def _measure(member: MemberProcess, home: Path, seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """One fresh start: the agent's and the listener's latencies, by path."""
    files, heard = RunFiles(home), home / "listener.ndjson"
    options = AgentOptions(
        member=member.address,
        cluster_name=member.cluster_name,
        run_id=home.name,
        run_dir=home,
        ledger=home / "ledger.sqlite",
        paper=Paper(account=ACCOUNT),
        assets=ASSETS,
    )
    agent_command = [sys.executable, "-m", "agent.worker", str(write_options(options, files.options("agent")))]
    listener_command = [sys.executable, "-m", "bench.agent_rig.listener", member.address, member.cluster_name, str(heard)]
    with Child("agent", agent_command, files.log("agent"), _ENVIRONMENT) as agent:
        with Child("listener", listener_command, files.log("listener"), _ENVIRONMENT) as listener:
            agent_tail, listener_tail = Tail(files.agent_journal), Tail(heard)
            await _line(agent, agent_tail, "ready")
            await _line(listener, listener_tail, "ready")
            async with client(member.address, member.cluster_name) as hazelcast:
                count = await publish_market(hazelcast, seconds)
            await _line(agent, agent_tail, "status", lambda line: line["received"].get("market.0", 0) >= count)
            listener.stop()
            listened = await _line(listener, listener_tail, "summary")
        agent.stop()
        summary = await _line(agent, agent_tail, "summary")
    return summary["latency_us"], listened["latency_us"]


async def _line(child: Child, tail: Tail, kind: str, matches: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
    """The next line of type `kind` that `matches`."""
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            has_ended = child.exit_status() is not None
            for line in tail.read():
                if line["type"] == kind and matches(line):
                    return line
            if has_ended:
                raise DolphinError(f"{child.name} ended: {child.last_words()}", remedy="Run it by hand to see why.")
            await asyncio.sleep(_POLL_S)


if __name__ == "__main__":
    print(json.dumps(run(float(sys.argv[1])), indent=1))
