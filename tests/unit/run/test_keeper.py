"""What the keeper of a running system does with its parts, round by round: they and the cluster are stand-ins, and time moves as told."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from dolphin.cluster.watch import Sighting
from dolphin.core.contract.names import AGENT, JOBS, MEMBER
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.health.parts import PARTS, POLICY, Part, PartKind
from dolphin.core.health.restart import Lifecycle
from dolphin.core.units import SECOND_NS
from dolphin.errors import DolphinError
from dolphin.run.keeper import AWAY_NS, Keeper

ENDED_NS = max(part.ended_after_ns for part in PARTS)
STOP_NS = max(part.stop_limit_ns for part in PARTS)

T0: Final = 1_700_000_000 * SECOND_NS
ROUND_NS: Final = SECOND_NS // 4
FEED: Final = PARTS[-1].name
NAMES: Final = [part.name for part in PARTS]
DEPENDENTS: Final = [name for name in NAMES if name != MEMBER]


class Body:
    """One part as a keeper can handle it; a job is there as long as its member is."""

    def __init__(self, part: Part, tell: Callable[[str], None]) -> None:
        self.part = part
        self._tell = tell
        self.is_there = False
        self.is_hung = False
        """It does not beat."""
        self.is_deaf = False
        """It does not end when asked."""
        self.starts_as: Exception | None = None
        self.is_suspended_by_hand = False
        self.started_with: list[Sighting | None] = []

    @property
    def is_job(self) -> bool:
        return self.part.kind is PartKind.JOB

    @property
    def pid(self) -> int | None:
        return 4711 if self.is_there and not self.is_job else None

    def is_running(self, sighting: Sighting | None) -> bool:
        return self.is_there or (self.is_job and sighting is None)

    def is_suspended(self, sighting: Sighting | None) -> bool:
        return self.is_suspended_by_hand

    def fault(self, sighting: Sighting | None) -> DolphinError:
        return DolphinError(f"{self.part.name} fell", remedy="")

    def tend(self) -> None: ...

    async def start(self, sighting: Sighting | None) -> None:
        self._tell(f"start {self.part.name}")
        self.started_with.append(sighting)
        if self.starts_as is not None:
            raise self.starts_as
        self.is_there = True

    async def ask_to_end(self) -> None:
        self._tell(f"ask {self.part.name}")
        self.is_there = self.is_there and (self.is_deaf or self.is_job)

    async def kill(self) -> None:
        self._tell(f"kill {self.part.name}")
        self.is_there = False


class System:
    """A keeper with its parts; `done` is everything that was done to them."""

    def __init__(self) -> None:
        self.now_ns = T0
        self.done: list[str] = []
        self.said: list[str] = []
        self.given_up: list[tuple[str, str]] = []
        self.bodies = {part.name: Body(part, self.done.append) for part in PARTS}
        self.beats: dict[str, Heartbeat] = {}
        self.clock_ahead_ns = 0
        """By how much the clock of whoever writes heartbeats is ahead of ours."""
        self.answers = True
        self.keeper = Keeper(self.bodies, self._see, say=self.said.append, give_up=self._hear, now_ns=lambda: self.now_ns)

    def _hear(self, part: str, why: str) -> None:
        self.given_up.append((part, why))

    async def _see(self) -> Sighting | None:
        if not (self.answers and self.bodies[MEMBER].is_there):
            return None
        for name, body in self.bodies.items():
            if body.is_there and not body.is_hung:
                wall_ns = self.now_ns + self.clock_ahead_ns
                self.beats[name] = Heartbeat(self.now_ns - T0, wall_ns, wall_ns)
        return Sighting(dict(self.beats), {})

    def phase(self, name: str) -> Lifecycle:
        return self.keeper.states[name].phase

    async def look(self, seconds: float) -> None:
        """As many rounds as there are in it, at the pace of the supervisor."""
        for _ in range(round(seconds * SECOND_NS / ROUND_NS)):
            self.now_ns += ROUND_NS
            await self.keeper.look()

    async def until(self, holds: Callable[[], bool], within_s: float = 60.0) -> None:
        for _ in range(round(within_s * SECOND_NS / ROUND_NS)):
            if holds():
                return
            await self.look(ROUND_NS / SECOND_NS)
        raise AssertionError(f"never came true; done: {self.done}; said: {self.said}")

    def is_up(self) -> bool:
        return all(self.phase(name) is Lifecycle.UP for name in NAMES)

    def die(self, name: str) -> None:
        """As by kill -9; with a member, what lives in it."""
        self.bodies[name].is_there = False
        if name == MEMBER:
            self.beats.clear()
            for job in JOBS:
                self.bodies[job].is_there = False


async def up() -> System:
    system = System()
    await system.until(system.is_up)
    system.done.clear()
    return system


async def test_parts_are_started_in_the_order_of_the_table_each_when_those_before_it_are_up() -> None:
    system = System()
    system.bodies["acb"].is_hung = True
    await system.look(10.0)
    assert system.done == [f"start {name}" for name in NAMES if name != FEED], "what acb does not need does not wait for it"
    assert system.phase(FEED) is Lifecycle.WAITING
    system.bodies["acb"].is_hung = False
    await system.until(system.is_up)
    assert system.done[-1] == f"start {FEED}"
    assert not system.keeper.faults
    assert {state.restarts for state in system.keeper.states.values()} == {0}


async def test_a_part_that_died_is_started_again_and_no_other_is_touched() -> None:
    for name in (AGENT, FEED, *JOBS):
        system = await up()
        system.die(name)
        await system.look(0.25)
        assert system.phase(name) is Lifecycle.WAITING
        assert system.keeper.states[name].why == f"{name} fell"
        await system.until(system.is_up)
        assert system.done == [f"start {name}"]
        assert system.keeper.states[name].restarts == 1
        assert any(line.startswith(f"{name} has failed: {name} fell") for line in system.said)


async def test_a_part_that_does_not_beat_is_killed_and_started_again() -> None:
    system = await up()
    system.bodies[AGENT].is_hung = True
    await system.look(ENDED_NS / SECOND_NS)
    assert system.done == [], "a stop of five seconds is held against nobody"
    await system.until(lambda: f"kill {AGENT}" in system.done, within_s=2.0)
    system.bodies[AGENT].is_hung = False
    await system.until(system.is_up)
    assert system.done == [f"kill {AGENT}", f"start {AGENT}"]


@pytest.mark.parametrize("ahead_s", [-86400, -11, 11, 86400])
async def test_heartbeats_by_a_clock_that_is_wrong_are_as_good_as_any(ahead_s: int) -> None:
    system = System()
    system.clock_ahead_ns = ahead_s * SECOND_NS
    await system.until(system.is_up)
    system.done.clear()
    await system.look(60.0)
    assert system.done == []
    system.bodies[FEED].is_hung = True
    await system.look(ENDED_NS / SECOND_NS)
    assert system.done == []
    await system.until(lambda: f"kill {FEED}" in system.done, within_s=2.0)


async def test_a_part_whose_heartbeat_has_vanished_is_silent_too() -> None:
    system = await up()
    system.bodies[FEED].is_hung = True
    del system.beats[FEED]
    await system.look(ENDED_NS / SECOND_NS)
    assert system.done == []
    await system.until(lambda: f"kill {FEED}" in system.done, within_s=2.0)


async def test_the_last_heartbeat_of_a_life_before_does_not_make_a_part_up() -> None:
    system = await up()
    system.die(FEED)
    system.bodies[FEED].is_hung = True
    await system.until(lambda: f"start {FEED}" in system.done)
    await system.look(30.0)
    assert system.phase(FEED) is Lifecycle.STARTING
    system.bodies[FEED].is_hung = False
    await system.until(system.is_up)


async def test_a_members_death_ends_what_stands_on_it_and_all_are_started_again_after_it() -> None:
    system = await up()
    system.die(MEMBER)
    await system.look(0.25)
    await system.until(system.is_up)
    asked, started = system.done[: len(DEPENDENTS)], system.done[len(DEPENDENTS) :]
    assert asked == [f"ask {name}" for name in DEPENDENTS]
    assert started == [f"start {name}" for name in NAMES]
    states = system.keeper.states
    assert {name: len(states[name].failures_ns) for name in NAMES} == {name: int(name == MEMBER) for name in NAMES}
    assert {state.restarts for state in states.values()} == {1}


async def test_a_dependent_that_does_not_end_with_its_member_is_killed_before_it_is_started_again() -> None:
    system = await up()
    system.bodies[AGENT].is_deaf = True
    system.die(MEMBER)
    await system.look(STOP_NS / SECOND_NS)
    assert f"start {MEMBER}" in system.done
    assert f"start {AGENT}" not in system.done
    await system.until(system.is_up)
    assert system.done.index(f"kill {AGENT}") < system.done.index(f"start {AGENT}") < system.done.index(f"start {FEED}")


async def test_what_cannot_be_seen_while_the_member_is_silent_is_held_against_the_member_alone() -> None:
    system = await up()
    system.answers = False
    await system.look(ENDED_NS / SECOND_NS - 0.25)
    system.answers = True
    await system.look(30.0)
    assert system.done == [], "it was silent for less than that"

    system.answers = False
    await system.until(lambda: f"kill {MEMBER}" in system.done, within_s=ENDED_NS / SECOND_NS + 1.0)
    system.die(MEMBER)
    system.answers = True
    await system.until(system.is_up)
    assert [line for line in system.done if line.startswith("kill")] == [f"kill {MEMBER}"]
    assert {name for name in NAMES if system.keeper.states[name].failures_ns} == {MEMBER}


async def test_after_a_silence_of_the_member_a_part_has_its_whole_limit_to_be_heard_in() -> None:
    system = await up()
    system.answers, system.bodies[FEED].is_hung = False, True
    await system.look(8.0)
    system.answers = True
    await system.look(ENDED_NS / SECOND_NS)
    assert system.done == []
    await system.until(lambda: f"kill {FEED}" in system.done, within_s=2.0)


async def test_a_time_in_which_the_keeper_itself_stood_still_is_held_against_nobody() -> None:
    for answers in (True, False):
        system = await up()
        system.now_ns += AWAY_NS + 3600 * SECOND_NS
        system.answers = answers
        for body in system.bodies.values():
            body.is_hung = True  # their first beats after it are not written yet
        await system.look(0.5)
        system.answers = True
        for body in system.bodies.values():
            body.is_hung = False
        await system.look(30.0)
        assert system.done == []
        assert system.is_up()


async def test_a_crash_loop_ends_in_a_stop_that_is_told_and_others_go_on() -> None:
    system = await up()
    deaths = 0
    while not system.given_up:
        await system.until(lambda: bool(system.given_up) or system.phase(FEED) is Lifecycle.UP)
        if not system.given_up:
            system.die(FEED)
            deaths += 1
            await system.look(0.25)
    assert deaths == POLICY.budget + 1
    [(name, why)] = system.given_up
    assert name == FEED
    assert f"{POLICY.budget + 1} failures within 10 min, the last: {FEED} fell" in why
    await system.look(120.0)
    assert system.done == [f"start {FEED}"] * POLICY.budget
    assert len(system.given_up) == 1
    assert system.phase(AGENT) is Lifecycle.UP


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (DolphinError("no room", remedy="Make some."), "no room"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
    ],
)
async def test_a_start_that_is_refused_has_its_own_reason_and_is_tried_again(refusal: Exception, why: str) -> None:
    system = await up()
    body = system.bodies[AGENT]
    body.starts_as = refusal
    system.die(AGENT)
    await system.until(lambda: f"start {AGENT}" in system.done)
    await system.look(0.25)
    assert system.keeper.states[AGENT].why == why
    body.starts_as = None
    await system.until(system.is_up)


async def test_a_job_that_a_person_took_out_is_left_alone() -> None:
    system = await up()
    job = system.bodies["acb"]
    job.is_suspended_by_hand = job.is_hung = True
    await system.look(60.0)
    assert system.done == []


async def test_the_last_is_ended_first_and_what_does_not_end_is_killed() -> None:
    system = await up()
    system.bodies[AGENT].is_deaf = True
    began_s = asyncio.get_running_loop().time()
    await system.keeper.end()
    took_s = asyncio.get_running_loop().time() - began_s
    assert [line for line in system.done if line.startswith("ask")] == [f"ask {name}" for name in reversed(NAMES)]
    assert system.done.index(f"ask {AGENT}") < system.done.index(f"kill {AGENT}") < system.done.index(f"ask {MEMBER}")
    assert STOP_NS / SECOND_NS <= took_s < STOP_NS / SECOND_NS + 1.0, "the agent has its time, the others are gone at once"
    assert not any(body.pid for body in system.bodies.values())


async def test_what_was_never_started_is_ended_too_without_waiting() -> None:
    system = System()
    await system.keeper.end()
    assert [line for line in system.done if not line.startswith("ask")] == []
