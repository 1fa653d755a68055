"""Keeps the parts of a system running: looks at each a few times a second, and does what `dolphin.core.health.restart` says.

No rule is here. How a part is started and ended is its `Runner`; what is seen of all comes from `SYSTEM_HEALTH` and the list of jobs
(`Sighting`). Parts are looked at in the order of the table, so that what a part needs has been settled before it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, Protocol

from dolphin.cluster.watch import Sighting
from dolphin.core.health.parts import PARTS, Part, PartKind
from dolphin.core.health.restart import Effect, GiveUp, Kill, Lifecycle, Seen, Start, Stop, Supervised, step
from dolphin.errors import DolphinError

END_POLL_S: Final = 0.05
AWAY_NS: Final = 5_000_000_000
"""A look takes at most three seconds where nothing is started. When there was none for longer, we stood still ourselves."""


class Runner(Protocol):
    """How one part is started and ended. Each call is bounded in time."""

    def is_running(self, sighting: Sighting | None) -> bool:
        """Whether it is there; for a job, unknown counts as there."""
        ...

    def is_suspended(self, sighting: Sighting | None) -> bool:
        """Whether a person has taken it out."""
        ...

    def fault(self, sighting: Sighting | None) -> DolphinError:
        """Why it is not there any more."""
        ...

    @property
    def pid(self) -> int | None:
        """Of its process, if it has one of ours."""
        ...

    def tend(self) -> None:
        """Keeps its log short."""
        ...

    async def start(self, sighting: Sighting | None) -> None:
        """DolphinError where it cannot be started."""
        ...

    async def ask_to_end(self) -> None: ...
    async def kill(self) -> None: ...


class Keeper:
    """The parts of one system. `see` asks the cluster, and is None where that does not answer in time; `give_up` is told of crash loops."""

    def __init__(
        self,
        runners: Mapping[str, Runner],
        see: Callable[[], Awaitable[Sighting | None]],
        *,
        say: Callable[[str], None],
        give_up: Callable[[str, str], None],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._runners = runners
        self._see = see
        self._say = say
        self._give_up = give_up
        self._now_ns = now_ns
        self._parts = tuple(part for part in PARTS if part.name in runners)
        self.states = {part.name: Supervised(part) for part in self._parts}
        self.sighting: Sighting | None = None
        self.looked_ns = self._blind_ns = self._now_ns()
        """When it was last looked, and when that was last without an answer of the cluster."""
        self._seen_ns = self._blind_ns
        """When there last was one."""
        self._heard: dict[str, tuple[int, int]] = {}
        """Of each part: the wall time in its last heartbeat, and when that first was seen here. Ages are by this clock only: the writer's
        may be that of another machine, and be wrong."""
        self.faults: dict[str, DolphinError] = {}
        """The last of each part, in the order of first failure."""
        self._unstarted: set[str] = set()
        """Those whose start has just failed, with a fault of its own."""

    def first_fault(self) -> DolphinError | None:
        """The one that came first, with the name of its part; None while there was none."""
        if not self.faults:
            return None
        name, fault = next(iter(self.faults.items()))
        return type(fault)(f"{name}: {fault.what}", remedy=fault.remedy, field=fault.field, value=fault.value)

    async def end(self) -> None:
        """Ends every part, the last first, each within its own limit."""
        for part in reversed(self._parts):
            runner = self._runners[part.name]
            has_process = runner.pid is not None
            await runner.ask_to_end()
            with suppress(TimeoutError):
                async with asyncio.timeout(part.stop_limit_ns / 1e9):
                    while runner.pid is not None:  # noqa: ASYNC110 - a process ends unheard
                        await asyncio.sleep(END_POLL_S)
            if has_process:
                await runner.kill()  # with what is left of its group

    async def look(self) -> None:
        """One round: sees, judges each part, and acts."""
        is_expected = any(state.phase in (Lifecycle.STARTING, Lifecycle.UP) for state in self.states.values())
        self.sighting = await self._see() if is_expected else None
        now_ns = self._now_ns()
        if now_ns - self.looked_ns > AWAY_NS:  # stopped, starved, or the clock was set: held against nobody
            self._blind_ns = self._seen_ns = now_ns
        self.looked_ns = now_ns
        if self.sighting is None:
            self._blind_ns = now_ns
        else:
            self._seen_ns = now_ns
            self._hear(self.sighting, now_ns)
        for part in self._parts:
            await self._look_at(part)

    async def _look_at(self, part: Part) -> None:
        before = self.states[part.name]
        self._runners[part.name].tend()
        state, effects = step(before, self._seen(part, before))
        self.states[part.name] = state
        if state.why not in ("", before.why) or state.failures_ns != before.failures_ns:
            self._say(f"{part.name} has failed: {state.why}")
        if state.phase is not before.phase:
            self._say(f"{part.name}: {before.phase} -> {state.phase}")
        for effect in effects:
            await self._act(part, effect)

    def _seen(self, part: Part, state: Supervised) -> Seen:
        runner = self._runners[part.name]
        is_running = runner.is_running(self.sighting)
        if not is_running and state.phase in (Lifecycle.STARTING, Lifecycle.UP) and part.name not in self._unstarted:
            self.faults[part.name] = runner.fault(self.sighting)
        self._unstarted.discard(part.name)
        return Seen(
            now_ns=self._now_ns(),
            is_running=is_running,
            age_ns=self._age_ns(part, state),
            may_start=self._are_up(part.after),
            may_stay=self._are_up(part.within),
            is_suspended=runner.is_suspended(self.sighting),
            last_words="" if is_running or part.name not in self.faults else self.faults[part.name].what,
        )

    def _age_ns(self, part: Part, state: Supervised) -> int | None:
        """Of its last heartbeat since it was started. A time in which nothing could be seen is the member's silence, and nobody else's."""
        now_ns = self._now_ns()
        if self.sighting is None:
            return now_ns - self._seen_ns if part.kind is PartKind.MEMBER and state.phase is Lifecycle.UP else None
        _, heard_ns = self._heard.get(part.name, (0, 0))
        if state.phase is Lifecycle.STARTING and heard_ns <= state.since_ns:
            return None
        return now_ns - max(heard_ns, state.since_ns, self._blind_ns)

    def _hear(self, sighting: Sighting, now_ns: int) -> None:
        for name, beat in sighting.beats.items():
            if self._heard.get(name, (None,))[0] != beat.wall_ns:
                self._heard[name] = beat.wall_ns, now_ns

    def _are_up(self, names: tuple[str, ...]) -> bool:
        return all(self.states[name].phase is Lifecycle.UP for name in names if name in self.states)

    async def _act(self, part: Part, effect: Effect) -> None:
        runner = self._runners[part.name]
        match effect:
            case Start():
                try:
                    await runner.start(self.sighting)
                except (DolphinError, OSError) as error:
                    fault = error if isinstance(error, DolphinError) else DolphinError(str(error), remedy="Mend that on this machine.")
                    self._say(f"{part.name} cannot be started: {fault}")
                    self.faults[part.name] = fault
                    self._unstarted.add(part.name)
            case Stop():
                await runner.ask_to_end()
            case Kill():
                await runner.kill()
            case GiveUp(why):
                self._say(f"{part.name} IS GIVEN UP: {why}")
                self._give_up(part.name, why)
