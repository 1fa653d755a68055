"""When a part is started, ended, started again, or given up: `step(state, seen) -> state, effects`.

    WAITING  --all of `after` are up, the pause is over-->  STARTING  --its first heartbeat-->  UP
    STARTING, UP  --it ended, or was silent too long-->  WAITING with a longer pause, or, with the budget used up, GIVEN_UP
    STARTING, UP  --a part of `within` is not up-->  WAITING, at no cost to its budget

A job is in the member: one that is there already is taken over as it is, and one that a person suspended is left alone. What nobody can see
(`age_ns` None while the member does not answer) is held against no part.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from dolphin.core.health.parts import Part, PartKind


class Lifecycle(StrEnum):
    """Where a supervised part is."""

    WAITING = "waiting"
    STARTING = "starting"
    UP = "up"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Supervised:
    """One part as its supervisor has it. Times are wall ns."""

    part: Part
    phase: Lifecycle = Lifecycle.WAITING
    since_ns: int = 0
    """When it came into this phase."""
    not_before_ns: int = 0
    """In WAITING: when it may be started."""
    failures_ns: tuple[int, ...] = ()
    """When it failed, within the policy's window, oldest first."""
    restarts: int = 0
    """How often it has been started again in all."""
    why: str = ""
    """Why it failed, if that is why it is where it is, or what it came back from; "" if it did not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the part at `now_ns`."""

    now_ns: int
    is_running: bool
    """Its process or job is there."""
    age_ns: int | None
    """Age of its last heartbeat since it was started; None if it cannot be known, or there was none yet."""
    may_start: bool
    """All of `after` are up."""
    may_stay: bool
    """All of `within` are up."""
    is_suspended: bool = False
    """A person suspended it."""
    last_words: str = ""
    """Why it ended, if it did."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Let it end in good order."""


@dataclass(frozen=True, slots=True)
class Kill:
    """End it at once: it does not answer."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is not started again; a person has to see to it."""

    why: str


type Effect = Start | Stop | Kill | GiveUp


def step(state: Supervised, seen: Seen) -> tuple[Supervised, tuple[Effect, ...]]:
    """One look at one part."""
    match state.phase:
        case Lifecycle.WAITING if seen.is_running and state.part.kind is not PartKind.JOB:  # it has been asked to end
            return (state, (Kill(),)) if seen.now_ns - state.since_ns > state.part.stop_limit_ns else (state, ())
        case Lifecycle.WAITING:
            if seen.may_start and seen.now_ns >= state.not_before_ns:
                return _into(state, Lifecycle.STARTING, seen), (Start(),)
            return state, ()
        case Lifecycle.STARTING | Lifecycle.UP:
            return _step_running(state, seen)
        case Lifecycle.GIVEN_UP:
            return state, ()


def _step_running(state: Supervised, seen: Seen) -> tuple[Supervised, tuple[Effect, ...]]:
    part = state.part
    if not seen.may_stay:
        waiting = replace(_into(state, Lifecycle.WAITING, seen), not_before_ns=seen.now_ns, why="")  # it has not failed
        return waiting, (Stop(),)
    if not seen.is_running:
        return _failed(state, seen, seen.last_words or "it ended by itself", ())
    if seen.is_suspended:  # once a person lets it go on, it has the same time to be heard as one that has just come up
        return _into(state, Lifecycle.UP, seen), ()
    if seen.age_ns is not None and seen.age_ns <= part.silent_after_ns:
        return (_into(state, Lifecycle.UP, seen) if state.phase is Lifecycle.STARTING else state), ()
    if state.phase is Lifecycle.STARTING and seen.now_ns - state.since_ns > part.start_limit_ns:
        return _failed(state, seen, f"no heartbeat within {part.start_limit_ns // 10**9} s of its start", (Kill(),))
    silent_ns = 0 if seen.age_ns is None else min(seen.age_ns, seen.now_ns - state.since_ns)
    if state.phase is Lifecycle.UP and silent_ns > part.ended_after_ns:
        return _failed(state, seen, f"no heartbeat for {silent_ns // 10**9} s", (Kill(),))
    return state, ()


def _failed(state: Supervised, seen: Seen, why: str, effects: tuple[Effect, ...]) -> tuple[Supervised, tuple[Effect, ...]]:
    policy = state.part.policy
    recent = tuple(at for at in state.failures_ns if seen.now_ns - at < policy.within_ns)
    if len(recent) >= policy.budget:
        why = f"{len(recent) + 1} failures within {policy.within_ns // 60 // 10**9} min, the last: {why}"
        return replace(_into(state, Lifecycle.GIVEN_UP, seen), failures_ns=recent, why=why), (*effects, GiveUp(why))
    pause_ns = min(policy.first_pause_ns * 2 ** len(recent), policy.longest_pause_ns)
    waiting = _into(state, Lifecycle.WAITING, seen)
    failures = (*recent, seen.now_ns)
    return replace(waiting, not_before_ns=seen.now_ns + pause_ns, failures_ns=failures, why=why), effects


def _into(state: Supervised, phase: Lifecycle, seen: Seen) -> Supervised:
    restarts = state.restarts + (phase is Lifecycle.STARTING and state.since_ns > 0)
    return replace(state, phase=phase, since_ns=seen.now_ns, restarts=restarts)
