"""A system that plays one market and ends: its parts started as `up` starts them (`dolphin.run.keeper`), and none of them started again.

The feed starts last, so that nothing is decided before everything that must see it is listening; whatever fails on the way up takes
down what was already started.
"""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from dolphin.cluster.jobs import JobState
from dolphin.cluster.watch import ClusterWatch
from dolphin.config import dump_config
from dolphin.core.contract.names import AGENT, FIRST_SHARD, MEMBER, feed_part
from dolphin.core.health.restart import Lifecycle
from dolphin.errors import DolphinError
from dolphin.run.keeper import Keeper
from dolphin.run.plan import Plan
from dolphin.run.runners import WorkerRunner, runners_of

FEED: Final = feed_part(FIRST_SHARD)
_POLL_S: Final = 0.05


class System:
    """A running system; a context manager, so that it always ends."""

    def __init__(self, plan: Plan, on_step: Callable[[str], None]) -> None:
        self.plan = plan
        self._on_step = on_step
        self._loop = asyncio.Runner()
        self._watch = ClusterWatch(plan.config.member.cluster_name, name="dolphin-demo")
        self._runners = runners_of(plan, self._watch)
        self._keeper = Keeper(self._runners, self._watch.see, say=_quiet, give_up=_quiet)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def check(self) -> None:
        """Raises `DolphinError` if the member or the agent has ended, with its last words; a feed may end, the system must bear it.

        Their logs are kept short by the way.
        """
        for runner in self._runners.values():
            runner.tend()
        for name in (AGENT, MEMBER):
            if self._runners[name].pid is None:
                fault = self._runners[name].fault(None)
                raise type(fault)(f"the {name} ended by itself: {fault.what}", remedy=fault.remedy)

    def feed_status(self) -> int | None:
        """The feed's exit status; None while it runs."""
        feed = self._runners[FEED]
        assert isinstance(feed, WorkerRunner)
        return feed.exit_status

    def jobs(self) -> list[JobState]:
        """The jobs as they are."""
        sighting = self._loop.run(self._watch.see())
        if sighting is None:
            raise DolphinError("the member does not answer", remedy=f"Its log is {self.plan.files.log(MEMBER)}.")
        return list(sighting.jobs.values())

    def _start(self) -> None:
        files = self.plan.files
        files.directory.mkdir(parents=True)
        files.config.write_text(dump_config(self.plan.config))
        while waiting := [name for name, state in self._keeper.states.items() if state.phase is not Lifecycle.UP]:
            self._on_step(f"starting {', '.join(waiting)}")
            self._loop.run(self._keeper.look())
            if (fault := self._keeper.first_fault()) is not None:
                raise fault
            time.sleep(_POLL_S)
        self._loop.run(self._watch.close())  # the loop stands still from here on, and a client cannot live on it

    def _end(self) -> None:
        with self._loop:
            self._loop.run(self._keeper.end())
            self._loop.run(self._watch.close())


def _quiet(*_: str) -> None:
    """What is started once has nothing to say of its life; its faults are raised."""
