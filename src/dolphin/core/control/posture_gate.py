"""The entry of an account in the map `POSTURE`: the governor's state, the demands it takes and what an operator may do to it.

Signals are msgpack maps as they arrived. A demand is ordered by `(epoch, seq)` of the sensing half that made it; a new one has a larger
epoch. What cannot be read in it is the worst value; a signal that cannot be ordered is refused.

    demand     what the readings would allow (`assessment.Demand`)
    broken     anybody's word that an invariant does not hold: latches, and cannot be too unreadable to do so
    operator   `force` a posture that is not exceeded until `unforce`; `unlatch`, refused while the last demand names something broken

`dolphin.jet.gates.PostureRule` repeats this inside the member.
"""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from dolphin.core.contract.packing import is_list
from dolphin.core.control import governor
from dolphin.core.control.account_gate import FACTORS, POSTURES, read_factors, read_texts
from dolphin.core.control.assessment import Demand
from dolphin.core.control.command import Command, next_epoch
from dolphin.core.control.manual_cut import text
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import Posture
from dolphin.core.law import LAW
from dolphin.core.units import MAX_NS, ONE, as_int

R_STEP_PPM = LAW.number("governor", "r_step_ppm")


class PostureState(NamedTuple):
    """What the entry remembers."""

    account: str
    epoch: int = 0
    seq: int = 0
    expires_at_ns: int = 0
    cap_ppm: int = 0
    governed: governor.GovernorState = governor.GovernorState()
    factors_ppm: tuple[int, ...] = (0,) * FACTORS
    is_passive_only: bool = True
    source_epoch: int = 0
    source_seq: int = 0
    operator_seq: int = 0
    note: str = ""  # why the operator forced a posture
    reasons: tuple[str, ...] = ("nothing known yet",)
    cause_ids: tuple[str, ...] = ()


def apply(state: PostureState, signal: Mapping[str, object], params: GovernorParams) -> GateOutcome[PostureState]:
    """One signal of kind "demand", "broken" or "operator"; total. An old `(epoch, seq)` changes nothing."""
    kind = signal.get("kind")
    if kind == "demand":
        return _demanded(state, signal, params)
    if kind == "broken":
        return _broken(state, signal)
    if kind == "operator":
        return _operated(state, signal)
    return _refused(state, "this key takes kinds demand, broken and operator")


def durable(state: PostureState) -> tuple[object, ...]:
    """What a full stop must not lose; a change of it is a new version in the database."""
    governed = state.governed
    r_step = governed.r_ppm // R_STEP_PPM
    return governed.is_started, governed.latch, r_step, governed.posture, governed.ceiling, state.operator_seq


def restored(state: PostureState) -> PostureState:
    """The state as it is after a full stop: latch, posture and R stand, and nothing is granted before the next demand that is ready."""
    governed = state.governed
    r_ppm = governed.r_ppm // R_STEP_PPM * R_STEP_PPM
    governed = replace(governed, is_ready=False, r_ppm=r_ppm, rise_anchor_ns=governed.time_ns)
    return state._replace(seq=0, expires_at_ns=0, cap_ppm=0, governed=governed, reasons=("restarted",), cause_ids=())


def is_whole(state: PostureState) -> bool:
    """Whether the entry can have come to this state: nothing lies in its future, a latch leaves nothing, no cap exceeds what is granted."""
    governed = state.governed
    return (
        governed.r_ppm <= ONE
        and governed.rise_anchor_ns <= governed.time_ns
        and governed.posture_since_ns <= governed.time_ns
        and (governed.is_started or not governed.is_ready)
        and (not governed.latch or (governed.r_ppm == 0 and governed.posture is Posture.HIBERNATE))
        and max(state.factors_ppm) <= ONE
        and state.cap_ppm <= governor.grant(governed).cap_ppm
    )


def command(state: PostureState, from_cap_ppm: int) -> Command:
    """The command that says what the governor grants; also the survival signal for the account's entry in `LEVERAGE`."""
    governed = state.governed
    granted = governor.grant(governed)
    f1_ppm = 0 if governed.latch else state.factors_ppm[0]
    notes = [f"invariant broken: {governed.latch}"] if governed.latch else []
    notes += [state.note] if state.note else []
    return Command(
        state.account,
        "",
        state.epoch,
        state.seq,
        granted.posture,
        granted.cap_ppm,
        granted.r_ppm,
        (f1_ppm, *state.factors_ppm[1:]),
        state.is_passive_only,
        (*notes, *state.reasons),
        state.cause_ids,
        governed.time_ns,
        state.expires_at_ns,
        from_cap_ppm,
    )


def demand_signal(demand: Demand, epoch: int, seq: int) -> dict[str, object]:
    """The signal that brings `demand` to this gate, ordered by `(epoch, seq)`."""
    return {
        "kind": "demand",
        "epoch": epoch,
        "seq": seq,
        "time_ns": demand.time_ns,
        "is_ready": demand.is_ready,
        "broken": list(demand.broken),
        "r_cmd_ppm": demand.r_cmd_ppm,
        "factors_ppm": list(demand.factors_ppm),
        "passive_only": demand.is_passive_only,
        "reasons": list(demand.reasons),
        "cause_ids": list(demand.cause_ids),
        "expires_at_ns": demand.expires_at_ns,
    }


def _demanded(state: PostureState, signal: Mapping[str, object], params: GovernorParams) -> GateOutcome[PostureState]:
    epoch = as_int(signal.get("epoch"), 0, MAX_NS)
    seq = as_int(signal.get("seq"), 1, MAX_NS)
    time_ns = as_int(signal.get("time_ns"), 0, MAX_NS)
    if epoch is None or seq is None or time_ns is None:
        return _refused(state, "a demand needs epoch, seq and time_ns")
    if (epoch, seq) <= (state.source_epoch, state.source_seq):
        return _refused(state, "old seq")
    demand = _read_demand(signal, time_ns)
    governed = governor.govern(state.governed, demand, params)
    reasons = demand.reasons
    if governed.r_ppm < demand.r_cmd_ppm and not governed.latch:
        reasons = (*reasons, f"recovering toward R {demand.r_cmd_ppm}")
    return _accepted(
        state,
        state._replace(
            expires_at_ns=min(demand.expires_at_ns, time_ns + params.lease_max_ns),
            governed=governed,
            factors_ppm=demand.factors_ppm,
            is_passive_only=demand.is_passive_only,
            source_epoch=epoch,
            source_seq=seq,
            reasons=reasons,
            cause_ids=demand.cause_ids,
        ),
    )


def _read_demand(signal: Mapping[str, object], time_ns: int) -> Demand:
    """The demand in a signal; what cannot be read is the worst value, with a reason."""
    broken = read_texts(signal.get("broken"))
    raw = signal.get("broken")
    if not is_list(raw) or len(broken) != len(raw):
        broken = (*broken, "broken unreadable")
    reasons = read_texts(signal.get("reasons"))
    r_cmd_ppm = as_int(signal.get("r_cmd_ppm"), 0, ONE)
    if r_cmd_ppm is None:
        r_cmd_ppm, reasons = 0, (*reasons, "R unreadable")
    expires_at_ns = as_int(signal.get("expires_at_ns"), 0, MAX_NS)
    return Demand(
        time_ns,
        signal.get("is_ready") is True,
        broken,
        r_cmd_ppm,
        r_cmd_ppm,
        read_factors(signal.get("factors_ppm")),
        signal.get("passive_only") is not False,
        reasons,
        read_texts(signal.get("cause_ids")),
        time_ns if expires_at_ns is None else expires_at_ns,
    )


def _broken(state: PostureState, signal: Mapping[str, object]) -> GateOutcome[PostureState]:
    source = text(signal.get("source")) or "an unnamed part"
    why = f"{source}: {text(signal.get('reason')) or 'unreadable'}"
    cause_id = text(signal.get("cause_id"))
    latched = governor.latched(state.governed, why)
    causes = (cause_id,) if cause_id and not state.governed.latch else state.cause_ids
    return _accepted(state, state._replace(governed=latched, cause_ids=causes))


def _operated(state: PostureState, signal: Mapping[str, object]) -> GateOutcome[PostureState]:
    """An operator's word; ordered by its own `seq`."""
    seq = as_int(signal.get("seq"), 1, MAX_NS)
    by = text(signal.get("by"))
    op = text(signal.get("op"))
    if seq is None or not by or op not in ("force", "unforce", "unlatch"):
        return _refused(state, "an operator signal needs op force, unforce or unlatch, by and seq")
    if seq <= state.operator_seq:
        return _refused(state, "old seq")
    governed = state.governed
    if op == "unlatch":
        if not governed.latch:
            return _refused(state, "nothing is latched")
        if governed.is_broken or not governed.is_ready:
            return _refused(state, "still broken or not sensed: nothing can be released")
        return _accepted(state, state._replace(governed=governor.released(governed), operator_seq=seq))
    if op == "unforce":
        return _accepted(state, state._replace(governed=replace(governed, ceiling=Posture.APEX), operator_seq=seq, note=""))
    name = signal.get("posture")
    ceiling = POSTURES.get(name, Posture.HIBERNATE) if isinstance(name, str) else Posture.HIBERNATE
    note = f"forced to {ceiling.name} by {by}: {text(signal.get('reason'))}"
    return _accepted(state, state._replace(governed=replace(governed, ceiling=ceiling), operator_seq=seq, note=note))


def _accepted(before: PostureState, after: PostureState) -> GateOutcome[PostureState]:
    granted = governor.grant(after.governed)
    is_changed = granted.cap_ppm != before.cap_ppm or granted.posture != governor.grant(before.governed).posture or before.seq == 0
    epoch = next_epoch(before.epoch, before.seq, after.governed.time_ns)
    return GateOutcome(after._replace(cap_ppm=granted.cap_ppm, epoch=epoch, seq=before.seq + 1), True, is_changed)


def _refused(state: PostureState, why: str) -> GateOutcome[PostureState]:
    return GateOutcome(state, False, False, why)
