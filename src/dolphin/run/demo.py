"""Playing one market from its first frame to the report.

A feed that dies does not end the show: the point of the system is what happens next, so it is watched until the agent has hibernated.
"""

import time
from pathlib import Path

import msgspec
from rich.console import Console

from dolphin.config import Config
from dolphin.core.contract.lines import Line
from dolphin.host.build import ensure_jar, warm_kernels
from dolphin.host.home import RunFiles, new_run_id, open_home
from dolphin.host.home_lock import HomeLock
from dolphin.host.space import require_room
from dolphin.host.tail import Tail
from dolphin.operator.views.report import Report, build, decisions_digest
from dolphin.operator.views.screen import Screen
from dolphin.operator.views.story import Story
from dolphin.run.launch import Show
from dolphin.run.plan import Plan
from dolphin.run.system import System
from dolphin.storage.summary import summarise

_REFRESH_S = 0.2
_DRAIN_S = 20.0
_AFTER_DEATH_S = 15.0


def play(show: Show, config: Config, home_path: Path, console: Console) -> Report:
    """Runs the whole system on `show` and returns the report, which is also kept in the run's directory.

    Raises:
        Refused: another system runs in this home.
        DolphinError: a part did not start or died.
    """
    home, run_id = open_home(home_path), new_run_id()
    with HomeLock.take(home, "dolphin demo", run_id):
        require_room(home)
        jar = ensure_jar(console)
        warm_kernels(console)
        return _play(show, Plan(home, run_id, config, show.market, jar), console)


def _play(show: Show, plan: Plan, console: Console) -> Report:
    screen = Screen(console, show.label, show.length_s)
    close = screen.open()
    story = Story()
    try:
        with System(plan, screen.step) as system:
            follow = Follower(plan.files, story)
            _watch(system, follow, screen)
            jobs, feed_status = system.jobs(), system.feed_status()
        follow.read()  # the agent, too, has ended in good order
    finally:
        close()
    report = _finish(plan, show, story, jobs, feed_ended_well=feed_status == 0)
    _keep(report, plan.files.report, console)
    return report


class Follower:
    """Reads both journals of a run into one story."""

    def __init__(self, files: RunFiles, story: Story) -> None:
        self.story = story
        self._feed, self._agent = Tail(files.feed_journal), Tail(files.agent_journal)

    def read(self) -> None:
        """Takes in what has been written since the last call."""
        for line in self._feed.read():
            self.story.read_feed(line)
        for line in self._agent.read():
            self.story.read_agent(line)


def _watch(system: System, follow: Follower, screen: Screen) -> None:
    """Shows the story until the feed has ended and the agent has read all it sent (or, after a feed's death, has hibernated)."""
    deadline: float | None = None
    heard_ns = 0
    while deadline is None or time.monotonic() < deadline:
        time.sleep(_REFRESH_S)
        follow.read()
        screen.show(follow.story)
        system.check()
        feed_status = system.feed_status()
        if feed_status is None:
            continue
        if deadline is None:
            deadline = time.monotonic() + (_DRAIN_S if feed_status == 0 else _AFTER_DEATH_S)
            continue  # what the agent wrote before the feed ended has to be read first
        story = follow.story
        if story.heard_time_ns > heard_ns and feed_status == 0:
            heard_ns, deadline = story.heard_time_ns, time.monotonic() + _DRAIN_S
        # In lockstep the feed itself has waited for the agent.
        is_read = not system.plan.market.speed or story.heard_time_ns >= story.feed_time_ns
        if is_read if feed_status == 0 else story.posture == "HIBERNATE":
            return


def _finish(plan: Plan, show: Show, story: Story, jobs: list[Line], *, feed_ended_well: bool) -> Report:
    digest = decisions_digest(Tail(plan.files.agent_journal).read())
    ledger = summarise(plan.home.ledger, run_id=plan.run_id)
    return build(
        run_id=plan.run_id,
        market=show.label,
        speed=show.market.speed,
        home=_as_typed(plan.home.root),
        story=story,
        jobs=jobs,
        ledger=ledger,
        digest=digest,
        feed_ended_well=feed_ended_well,
    )


def _keep(report: Report, path: Path, console: Console) -> None:
    """Writes the report down. A disk that does not take it does not keep it from being read."""
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    except OSError as error:
        console.print(f"{path} could not be written ({error.strerror}): the report is only here", markup=False)


def _as_typed(home: Path) -> Path:
    """The home as a person would name it here."""
    here = Path.cwd()
    return home.relative_to(here) if home.is_relative_to(here) else home
