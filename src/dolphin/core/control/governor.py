"""The deciding half of the survival controller: what the readings would allow in, what is granted out (`control.md` 1).

    latch      a broken invariant sets it at once; only an operator releases it, and only while nothing is broken
    R          falls to R_cmd at once, rises by at most 1 % per minute of time that was seen
    posture    from R through the Schmitt table: a fall may skip, a rise takes one posture at a time after a dwell
    grant      HIBERNATE and 0 while latched or not ready; else cap = min(cap of the posture or of the operator's ceiling, 6x * R)

Its state is what a restart must not forget, so it lives in the map `POSTURE` behind the entry processor `ApplyPosture` and is written
through to the database; `dolphin.jet.gates.GovernorRule` repeats this module there, on the vectors of `tests/contract/`.

Start: an account that was never ready takes R_cmd and the posture it earns at once, for there is no history to recover from. A sensing
half that starts anew (`is_ready` false) suspends the grant but not the history: R and posture go on from where they were. The time up to
the first demand that is ready counts as unseen, so that no number of restarts earns a recovery.
"""

from msgspec import Struct
from msgspec.structs import replace

from dolphin.core.control import posture as thresholds
from dolphin.core.control.assessment import Demand
from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import Posture

UNLATCHED = ""


class GovernorState(Struct, frozen=True, gc=False):
    """What the governor remembers."""

    time_ns: int = 0
    is_started: bool = False  # it was ready once
    is_ready: bool = False  # the last demand was
    is_broken: bool = False  # the last demand named a broken invariant
    latch: str = UNLATCHED  # why f1 is latched at 0
    r_ppm: int = 0
    rise_anchor_ns: int = 0  # recovery is granted for the time since then
    posture: Posture = Posture.HIBERNATE
    posture_since_ns: int = 0
    ceiling: Posture = Posture.APEX  # the operator's: no milder posture than this


class GovernorGrant(Struct, frozen=True, gc=False):
    """What holds now."""

    posture: Posture
    cap_ppm: int
    r_ppm: int


def govern(state: GovernorState, demand: Demand, params: GovernorParams) -> GovernorState:
    """The state after a demand; total. Its time must be readable; a demand from before the last one is a broken invariant."""
    now_ns = demand.time_ns
    if demand.broken or now_ns < state.time_ns or state.latch or not demand.is_ready or not state.is_started:
        return _interrupted(state, demand)
    unseen_ns = max(0, now_ns - state.time_ns - (params.seen_ns if state.is_ready else 0))
    r_ppm, anchor_ns = _damped(state, demand.r_cmd_ppm, now_ns, unseen_ns, params)
    posture, since_ns = _posture(state, r_ppm, now_ns, unseen_ns, params)
    return GovernorState(now_ns, True, True, False, UNLATCHED, r_ppm, anchor_ns, posture, since_ns, state.ceiling)


def _interrupted(state: GovernorState, demand: Demand) -> GovernorState:
    """The state after a demand that is not simply the next one: broken, latched, not ready, or the first."""
    is_back = demand.time_ns < state.time_ns
    broken = (*demand.broken, "time stepped back") if is_back else demand.broken
    now_ns = state.time_ns if is_back else demand.time_ns
    heard = replace(state, time_ns=now_ns, is_ready=demand.is_ready, is_broken=bool(broken))
    if broken or state.latch:
        return latched(heard, ", ".join(broken))
    if not demand.is_ready:
        return replace(heard, rise_anchor_ns=now_ns, posture_since_ns=now_ns)
    return replace(
        heard,
        is_started=True,
        r_ppm=demand.r_cmd_ppm,
        rise_anchor_ns=now_ns,
        posture=thresholds.first(demand.r_cmd_ppm),
        posture_since_ns=now_ns,
    )


def latched(state: GovernorState, why: str) -> GovernorState:
    """The state with f1 latched at 0. The first reason stays: it is the one to look into."""
    return replace(
        state,
        is_started=True,  # what was latched has a history to recover from
        latch=state.latch or why,
        r_ppm=0,
        rise_anchor_ns=state.time_ns,
        posture=Posture.HIBERNATE,
        posture_since_ns=state.time_ns,
    )


def released(state: GovernorState) -> GovernorState:
    """The state without its latch; the caller has seen that nothing is broken. R starts again from 0."""
    return replace(state, latch=UNLATCHED, rise_anchor_ns=state.time_ns, posture_since_ns=state.time_ns)


def grant(state: GovernorState) -> GovernorGrant:
    """What the state entitles to."""
    if state.latch or not state.is_ready:
        return GovernorGrant(Posture.HIBERNATE, 0, 0)
    posture = state.posture if state.posture >= state.ceiling else state.ceiling
    return GovernorGrant(posture, thresholds.cap(posture, state.r_ppm), state.r_ppm)


def _damped(state: GovernorState, r_cmd_ppm: int, now_ns: int, unseen_ns: int, params: GovernorParams) -> tuple[int, int]:
    """(R, anchor): down at once; up one ppm for every `recovery_ns_per_ppm` seen since the anchor. Nothing is banked below R_cmd."""
    if r_cmd_ppm <= state.r_ppm:
        return r_cmd_ppm, now_ns
    anchor_ns = state.rise_anchor_ns + unseen_ns
    gain_ppm = (now_ns - anchor_ns) // params.recovery_ns_per_ppm
    if state.r_ppm + gain_ppm >= r_cmd_ppm:
        return r_cmd_ppm, now_ns
    return state.r_ppm + gain_ppm, anchor_ns + gain_ppm * params.recovery_ns_per_ppm


def _posture(state: GovernorState, r_ppm: int, now_ns: int, unseen_ns: int, params: GovernorParams) -> tuple[Posture, int]:
    """(posture, since when): down at once, up one posture after the dwell. Unseen time is no dwell."""
    since_ns = state.posture_since_ns + unseen_ns
    posture = thresholds.fallen(state.posture, r_ppm)
    if posture == state.posture and now_ns - since_ns >= params.dwell_ns:
        posture = thresholds.risen(posture, r_ppm)
    return posture, since_ns if posture == state.posture else now_ns
