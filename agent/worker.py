"""The agent process: `python -m agent.worker FILE`, with `AgentOptions` in FILE.

Started and watched by the orchestrator. It says `ready` in its journal when it listens, `status` every wall second, and `summary` when it
ends. SIGTERM or SIGINT end it in good order: everything cancelled and flat, the run closed in the ledger. Its parent's death does so too.
"""

import asyncio
import gc
import signal
import sys
import time
from typing import Any, Final

import uvloop

from agent.node import Agent
from dolphin.cluster.client import open_client
from dolphin.cluster.heartbeats import Condition, beat
from dolphin.cluster.outages import tell_outages
from dolphin.core.audit.steps import RUN_ENDED
from dolphin.core.contract import names
from dolphin.core.units import ONE
from dolphin.errors import DolphinError, ExitCode
from dolphin.host.child import die_with_parent
from dolphin.host.home import RunFiles
from dolphin.host.home_lock import under_way
from dolphin.host.notify import Service
from dolphin.host.options import options_file, read_options
from dolphin.host.private import be_private
from dolphin.host.saying import Outage, timed
from dolphin.host.stderr import say
from dolphin.host.tasks import beside, pause
from dolphin.trading.booking import Booking
from dolphin.trading.journal import Journal, Trace
from dolphin.trading.options import AgentOptions

STATUS_EVERY_S: Final = 1.0
STOP_LIMIT_S: Final = 15
"""For closing everything; below the supervisor's patience (`dolphin.core.health.parts`)."""


def main() -> int:
    """Runs until a signal; returns the exit code."""
    die_with_parent(signal.SIGTERM)
    be_private()
    try:
        options = read_options(options_file(sys.argv[1:], "agent.worker"), AgentOptions)
        with under_way(options.run_dir):
            return uvloop.run(_run(options))
    except DolphinError as error:
        say(f"agent: {error}")
        return error.exit_code


async def _run(options: AgentOptions) -> int:
    account, files = options.paper.account, RunFiles(options.run_dir)
    say, service = timed("agent"), Service.of_environment()
    hazelcast = await open_client(options.member, options.cluster_name, name="dolphin-agent")
    outage = Outage("the cluster", say)
    tell_outages(hazelcast, outage.began, outage.ended, say)
    booking = Booking.open(
        options.ledger, account=account, run_id=options.run_id, opening_deposit_micro=options.paper.opening_deposit_usd * ONE
    )
    journal = Journal(files.agent_journal)
    trace = Trace(files.trace)
    stopping = asyncio.Event()
    agent = Agent(options, hazelcast, booking, journal, trace, say, on_end=stopping.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with beside(agent.alarm.run()):
        agent.desk.take_account(account, options.run_id)
        await agent.start()
        gc.freeze()  # a collection of all that has been imported would stop the agent for 50 ms
        async with beside(beat(hazelcast, names.AGENT, lambda: _condition(agent))):  # not before it listens: that is what a beat says
            journal.write(
                {"type": "ready", "market_time_ns": 0, "run_id": options.run_id, "assets": list(options.assets), "epoch": booking.epoch}
            )
            service.ready(f"trades {account} on paper")
            failure = await _watch(agent, stopping, service, is_lockstep=options.is_lockstep)
            service.stopping("flattens and ends")
            _end_in_any_case()
            await agent.stop(RUN_ENDED if failure is None else "failed")
    trace.close()
    summary = _summary(agent) | {"lost_trace_events": trace.lost}
    journal.write({"type": "summary", "market_time_ns": agent.desk.now_ns, "run_id": options.run_id, **summary})
    journal.close()
    if failure is not None:
        say(repr(failure))
        return ExitCode.FAILED
    return ExitCode.DONE


async def _watch(agent: Agent, stopping: asyncio.Event, service: Service, *, is_lockstep: bool) -> BaseException | None:
    """Writes the status until a signal comes or a part of the agent ends; returns the failure, also one that came with the signal.

    Systemd hears of the agent when it has judged and written that: on the loop that everything else runs on, with no part of it failed.
    """
    while not stopping.is_set():
        if (failure := agent.failure()) is not None:
            return failure
        agent.desk.look_for_room()
        if not is_lockstep:
            agent.tend()
        agent.journal.write({"type": "status", "market_time_ns": agent.desk.now_ns, **_status(agent)})
        service.alive(f"{agent.entitlements.posture.name}, {len(agent.desk.exposure.positions)} positions")
        await pause(STATUS_EVERY_S, stopping)
    return agent.failure()


def _end_in_any_case() -> None:
    """A kernel timer: what flattening hangs on, a dead loop included, cannot keep this process alive for more than `STOP_LIMIT_S`."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(STOP_LIMIT_S)


def _condition(agent: Agent) -> Condition:
    desk = agent.desk
    waits = desk.waits_for()
    return Condition(desk.market.time_ns, waits, is_nominal=desk.fault is None and not agent.entitlements.is_damaged)


def _status(agent: Agent) -> dict[str, Any]:
    desk = agent.desk
    return {
        "posture": agent.entitlements.posture.name,
        "wall_ns": time.time_ns(),
        "caps_ppm": dict(agent.entitlements.caps_ppm),
        "held_back": agent.entitlements.held_back,
        "equity_micro_usd": desk.equity_micro,
        "working": len(desk.exposure.working),
        "positions": len(desk.exposure.positions),
        "received": dict(agent.inbox.received),
        "heard_ns": desk.market.time_ns,
        "latency_us": agent.latencies.summary_us(),
    }


def _summary(agent: Agent) -> dict[str, Any]:
    return _status(agent) | {
        "lines": dict(agent.journal.counts),
        "missing_lines": agent.journal.missing,
        "unreadable": dict(agent.inbox.unreadable),
        "ignored_commands": dict(agent.entitlements.ignored),
        "late_commands": agent.entitlements.late,
        "lost_messages": agent.lost_messages,
        "broken_invariants": {"found": agent.alarm.rung, "told": agent.alarm.told},
    }


if __name__ == "__main__":
    sys.exit(main())
