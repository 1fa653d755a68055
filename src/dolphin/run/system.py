"""The whole system as one thing with a start and an end: member, jobs, agent, feed, in that order, and back.

The feed starts last, so that nothing is decided before everything that must see it is listening; whatever fails on the way up takes
down what was already started.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from dolphin.cluster.jobs import submit_jobs
from dolphin.config import dump_config
from dolphin.core.contract.names import JOBS
from dolphin.errors import DolphinError
from dolphin.host.child import Child
from dolphin.host.member import MemberProcess
from dolphin.host.options import WorkerOptions
from dolphin.host.tail import Tail
from dolphin.run.plan import Plan

_AGENT_START_S = 60.0
_POLL_S = 0.05


class System:
    """A running system; a context manager, so that it always ends."""

    def __init__(self, plan: Plan, on_step: Callable[[str], None]) -> None:
        self.plan = plan
        self._on_step = on_step
        self._stack = ExitStack()
        self.member: MemberProcess
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
        """Raises `DolphinError` if the member or the agent has died, with its last words; a feed may die, the system must bear it.

        Their logs are kept short by the way.
        """
        for servant in (self.member, self.agent, self.feed):
            servant.tend_log()
        if self.agent.exit_status() is not None:
            raise DolphinError(f"the agent ended by itself: {self.agent.last_words()}", remedy=f"The whole log is {self.agent.log}.")
        if self.member.exit_status() is not None:
            raise DolphinError("the member ended by itself", remedy=f"Its log is {self.plan.files.log('member')}.")

    def _start(self, stack: ExitStack) -> None:
        plan, files = self.plan, self.plan.files
        files.directory.mkdir(parents=True)
        files.config.write_text(dump_config(plan.config))
        self.member = self._start_member(stack)
        self._on_step("starting the agent")
        self.agent = stack.enter_context(self._start_worker("agent", "agent.worker", self.plan.agent_options(self.member.address)))
        self._await_agent()
        self._on_step("starting the feed")
        self.feed = stack.enter_context(self._start_worker("feed", "dolphin.feeds.worker", self.plan.feed_options(self.member.address)))

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
        asyncio.run(submit_jobs(member.address, member.cluster_name, JOBS, self.plan.settings))
        return member

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
        plan = self.plan
        return Child(name, plan.command(name, module, options), plan.files.log(name))
