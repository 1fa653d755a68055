"""The whole system as one thing with a start and an end: member, jobs, agent, feed, in that order, and back.

The feed starts last, so that nothing is decided before everything that must see it is listening; whatever fails on the way up takes
down what was already started.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dolphin.cluster.jobs import submit_absent, submit_jobs
from dolphin.config import Config, Source, dump_config
from dolphin.core.contract.names import JOBS
from dolphin.errors import DolphinError
from dolphin.feeds.options import FeedOptions
from dolphin.host.child import Child
from dolphin.host.home import Home, RunFiles
from dolphin.host.member import Gates, JoinedMembers, MemberProcess
from dolphin.host.options import WorkerOptions, write_options
from dolphin.host.tail import Tail
from dolphin.trading.options import AgentOptions

_AGENT_START_S = 60.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Market:
    """What is played, and how fast."""

    source: Source
    paths: tuple[Path, ...]
    assets: tuple[str, ...]
    speed: float
    """Market seconds per second; 0 is as fast as possible, in lockstep: no batch enters before the last one is decided and acted on."""
    loop: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs to know, settled before anything is started."""

    home: Home
    run_id: str
    config: Config
    market: Market
    jar: Path | None
    """The member's; None where a cluster is joined."""
    join: tuple[str, ...] = ()
    """Members of the cluster to run on, HOST:PORT; none: a member of its own."""

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.home.run(self.run_id))

    @property
    def gates(self) -> Gates | None:
        """Where the live market's gates are kept from run to run; None for a replay, whose gates are its own."""
        if self.market.source != "live":
            return None
        chosen = self.config.gates
        return Gates(chosen.url, chosen.user) if chosen.url else Gates.in_file(self.home.gates)


class System:
    """A running system; a context manager, so that it always ends."""

    def __init__(self, plan: Plan, on_step: Callable[[str], None]) -> None:
        self.plan = plan
        self._on_step = on_step
        self._stack = ExitStack()
        self.member: MemberProcess | JoinedMembers
        self.agent: Child
        self.feed: Child

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._stack = starting.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def check_servants(self) -> None:
        """Raises `DolphinError` if the member or the agent has died, with its last words; a feed may die, the system must bear it."""
        if self.agent.exit_status() is not None:
            raise DolphinError(f"the agent ended by itself: {self.agent.last_words()}", remedy=f"The whole log is {self.agent.log}.")
        if self.member.exit_status() is not None:
            raise DolphinError("the member ended by itself", remedy=f"Its log is {self.plan.files.log('member')}.")

    def _start(self, stack: ExitStack) -> None:
        plan, files = self.plan, self.plan.files
        files.directory.mkdir(parents=True)
        files.config.write_text(dump_config(plan.config))
        self.member = self._join() if plan.join else self._start_member(stack)
        self._on_step("starting the agent")
        self.agent = stack.enter_context(self._start_worker("agent", "agent.worker", self._agent_options()))
        self._await_agent()
        self._on_step("starting the feed")
        self.feed = stack.enter_context(self._start_worker("feed", "dolphin.feeds.worker", self._feed_options()))

    def _start_member(self, stack: ExitStack) -> MemberProcess:
        """A member of our own, with the jobs."""
        plan = self.plan
        assert plan.jar is not None
        self._on_step("starting the Hazelcast member")
        member = stack.enter_context(
            MemberProcess.start(
                jar=plan.jar,
                log=plan.files.log("member"),
                port=plan.config.member.port,
                cluster_name=plan.config.member.cluster_name,
                gates=plan.gates,
            )
        )
        self._on_step("submitting the jobs")
        asyncio.run(submit_jobs(member.address, member.cluster_name, JOBS, self._settings))
        return member

    def _join(self) -> JoinedMembers:
        """A cluster that stands, with the jobs that it does not have yet; it outlives us, and so do they."""
        joined = JoinedMembers(",".join(self.plan.join), self.plan.config.member.cluster_name)
        self._on_step("looking for the cluster and its jobs")
        asyncio.run(submit_absent(joined.address, joined.cluster_name, JOBS, self._settings))
        return joined

    @property
    def _settings(self) -> dict[str, str]:
        return {"account": self.plan.config.paper.account}

    def _await_agent(self) -> None:
        """Waits until the agent's journal says that it listens."""
        journal = Tail(self.plan.files.agent_journal)
        deadline = time.monotonic() + _AGENT_START_S
        while not any(line["type"] == "ready" for line in journal.read()):
            if self.agent.exit_status() is not None:
                raise DolphinError(f"the agent did not start: {self.agent.last_words()}", remedy=f"The whole log is {self.agent.log}.")
            if time.monotonic() > deadline:
                raise DolphinError(f"the agent was not ready after {_AGENT_START_S:.0f} s", remedy=f"Its log is {self.agent.log}.")
            time.sleep(_POLL_S)

    def _start_worker(self, name: str, module: str, options: WorkerOptions) -> Child:
        files = self.plan.files
        return Child(name, [sys.executable, "-m", module, str(write_options(options, files.options(name)))], files.log(name))

    def _agent_options(self) -> AgentOptions:
        plan = self.plan
        return AgentOptions(
            member=self.member.address,
            cluster_name=self.member.cluster_name,
            run_id=plan.run_id,
            run_dir=plan.files.directory,
            ledger=plan.home.ledger,
            paper=plan.config.paper,
            assets=tuple(sorted(set(plan.market.assets))),
            speed=plan.market.speed,
        )

    def _feed_options(self) -> FeedOptions:
        plan, market = self.plan, self.plan.market
        return FeedOptions(
            member=self.member.address,
            cluster_name=self.member.cluster_name,
            run_id=plan.run_id,
            run_dir=plan.files.directory,
            source=market.source,
            speed=market.speed,
            is_lockstep=market.speed == 0,
            is_loop=market.loop,
            jobs=JOBS,
            paths=market.paths,
            synthetic=plan.config.synthetic,
            live=plan.config.live,
        )
