"""What may be said of a running system at one moment: how each part is, how old what is known of it is, and why nothing is traded.

Everything here is judged from what was seen and when. What was not seen is never taken to be well, and what is old is never present.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from dolphin.core.contract.names import AGENT
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.health.parts import PARTS, Part, PartKind
from dolphin.core.health.restart import Lifecycle
from dolphin.core.units import SECOND_NS
from dolphin.core.words import span

STILL_NS: Final = 2 * SECOND_NS
"""Wall time without any progress in market time after which a part that beats is called still."""
SUPERVISOR_NS: Final = 3 * SECOND_NS
"""A word of the supervisor older than this is none."""


class State(StrEnum):
    """How a part is, in the word that screens show."""

    ALIVE = "alive"
    STILL = "still"
    STARTING = "starting"
    SUSPENDED = "suspended"
    SILENT = "silent"
    DEAD = "dead"
    GIVEN_UP = "given up"
    UNKNOWN = "unknown"


class Health(IntEnum):
    """The whole, worst last; its value is the exit code of `status`."""

    HEALTHY = 0
    DEGRADED = 1
    HELD = 3
    """Latched, or held down by an operator's word."""
    DOWN = 4
    """Not running, or a part is not alive."""


class Supervision(NamedTuple):
    """What the supervisor last wrote of one part."""

    phase: Lifecycle
    since_wall_ns: int
    restarts: int
    why: str


class Sight(NamedTuple):
    """What was seen at `now_ns`, wall time."""

    now_ns: int
    supervised_wall_ns: int | None
    """When the supervisor last wrote; None if there is none (the system is another's)."""
    supervision: Mapping[str, Supervision]
    beats: Mapping[str, Heartbeat] | None
    """None: the member did not answer."""
    is_supervisor_dead: bool = False
    """Its process is not there any more."""
    ended: frozenset[str] = frozenset()
    """Parts whose process, by the supervisor's last word of it, is not there any more."""
    suspended: Mapping[str, str] = {}
    """Jobs that a person suspended or cancelled, each with which of the two."""


class PartVerdict(NamedTuple):
    """One part."""

    name: str
    state: State
    age_ns: int | None
    """Of its last heartbeat; None if there is none, or it cannot be seen."""
    market_time_ns: int
    """How far it had come then; 0 if that is not known."""
    restarts: int
    why: str
    """What is wrong, for a person; "" if nothing is."""


class Verdict(NamedTuple):
    """The whole."""

    health: Health
    headline: str
    """One line: what matters most."""
    parts: tuple[PartVerdict, ...]
    not_trading: tuple[str, ...]
    """Why nothing is traded, the most decisive first; () if it may be."""
    market_age_ns: int | None
    """Wall time since market time last moved anywhere; None if that is not known."""

    @property
    def is_current(self) -> bool:
        """Whether what the gates last said is in force: every part is alive, and none says that something is wrong."""
        return bool(self.parts) and all(part.state is State.ALIVE and not part.why for part in self.parts)


def judge(sight: Sight, holds: Sequence[str] = (), waits: Sequence[str] = ()) -> Verdict:
    """The verdict on `sight`.

    Args:
        holds: what latches or holds the account down (a latch, a forced posture, an operator's cut).
        waits: what else keeps it from trading (R too low, nothing ranked yet), from the gates and the agent.
    """
    parts = tuple([_judge_part(part, sight) for part in PARTS])
    gone = [part for part in parts if part.state in _GONE]
    supervisor = _judge_supervisor(sight)
    unknown = [part.name for part in parts if part.state is State.UNKNOWN]
    down = [*supervisor, *(f"{part.name} is {part.state}: {BY_LOSS[part.name]}" for part in gone)]
    down += [f"nothing is known of {', '.join(unknown)}"] if unknown else []
    off = [f"{part.name}: {part.why}" for part in parts if part.state is State.ALIVE and part.why]
    off += [f"{part.name} is {part.state}: {part.why}" for part in parts if part.state is State.STARTING]
    off += [f"{part.name} is {part.state}: {part.why}" for part in reversed(parts) if part.state is State.STILL]  # the market's way
    health = Health.DOWN if down else Health.HELD if holds else Health.DEGRADED if off else Health.HEALTHY
    reasons = (*down, *holds, *off, *waits)
    return Verdict(health, _headline(health, reasons), parts, reasons, _market_age_ns(sight))


_GONE: Final = frozenset({State.SUSPENDED, State.SILENT, State.DEAD, State.GIVEN_UP})
BY_LOSS: Final = {part.name: part.loss for part in PARTS}


def _judge_part(part: Part, sight: Sight) -> PartVerdict:
    said = sight.supervision.get(part.name) if _is_supervised(sight) else None
    beat = None if sight.beats is None else sight.beats.get(part.name)
    state, why = _taken_back(part, said, sight) or (_unseen(part, said) if sight.beats is None else _seen(part, said, beat, sight))
    age_ns = None if beat is None else max(0, sight.now_ns - beat.wall_ns)
    return PartVerdict(part.name, state, age_ns, 0 if beat is None else beat.market_time_ns, 0 if said is None else said.restarts, why)


def _taken_back(part: Part, said: Supervision | None, sight: Sight) -> tuple[State, str] | None:
    """What has ended, or the supervisor has given up or has yet to start, whatever was last heard of it."""
    if said is not None and said.phase is Lifecycle.GIVEN_UP:
        return State.GIVEN_UP, said.why
    if said is not None and said.phase is Lifecycle.WAITING:
        return State.DEAD, said.why or "it is started after the parts before it"
    return (State.DEAD, "its process has ended") if part.name in sight.ended else None


def _unseen(part: Part, said: Supervision | None) -> tuple[State, str]:
    """Without an answer of the member."""
    if part.kind is not PartKind.MEMBER:
        return State.UNKNOWN, "the member does not answer, so nothing is known of it"
    if said is not None and said.phase is Lifecycle.STARTING:
        return State.STARTING, "it has not answered yet"
    return State.DEAD, "it does not answer"


def _seen(part: Part, said: Supervision | None, beat: Heartbeat | None, sight: Sight) -> tuple[State, str]:
    if part.name in sight.suspended:
        return State.SUSPENDED, f"a person has {sight.suspended[part.name]} it"
    started_ns = said.since_wall_ns if said is not None and said.phase is Lifecycle.STARTING else None
    if started_ns is not None and (beat is None or beat.wall_ns < started_ns):
        return State.STARTING, "no heartbeat yet"
    if beat is None:
        return State.DEAD, "there is no heartbeat of it"
    age_ns = sight.now_ns - beat.wall_ns
    if age_ns > part.silent_after_ns:
        return State.SILENT, f"no heartbeat for {span(age_ns)}"
    still_ns = beat.wall_ns - beat.moved_wall_ns
    if still_ns > STILL_NS:
        detail = "" if beat.is_nominal else f" ({beat.detail})"
        return State.STILL, f"no market time has passed for {span(still_ns)}{detail}"
    return State.ALIVE, "" if beat.is_nominal else beat.detail or "it says that something is wrong"


def _is_supervised(sight: Sight) -> bool:
    return (
        not sight.is_supervisor_dead and sight.supervised_wall_ns is not None and sight.now_ns - sight.supervised_wall_ns <= SUPERVISOR_NS
    )


def _judge_supervisor(sight: Sight) -> list[str]:
    if sight.supervised_wall_ns is None or _is_supervised(sight):
        return []
    if sight.is_supervisor_dead:
        agent = "closes everything and ends" if AGENT not in sight.ended else "has ended"
        return [f"the supervisor is dead: the agent {agent}, and nothing is started again"]
    return [f"the supervisor has been silent for {span(sight.now_ns - sight.supervised_wall_ns)}: nothing is started again"]


def _market_age_ns(sight: Sight) -> int | None:
    moved = [beat.moved_wall_ns for beat in (sight.beats or {}).values() if beat.market_time_ns]
    return max(0, sight.now_ns - max(moved)) if moved else None


def _headline(health: Health, reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    match health:
        case Health.HEALTHY:
            return "healthy" if not reasons else f"healthy; nothing is traded: {reasons[0]}{more}"
        case Health.DEGRADED:
            return f"DEGRADED: {reasons[0]}{more}"
        case Health.HELD:
            return f"HELD: {reasons[0]}{more}"
        case Health.DOWN:
            return f"DOWN: {reasons[0]}{more}"


def has_decided(beats: Mapping[str, Heartbeat] | None) -> bool:
    """Whether every job and the agent have been through a market batch: the system is up."""
    deciders = [part.name for part in PARTS if part.kind in (PartKind.JOB, PartKind.AGENT)]
    return beats is not None and all(name in beats and beats[name].market_time_ns > 0 for name in deciders)
