"""The leverage entry of an account: the last decision of the survival controller's governor, under an operator's manual cut.

A survival signal (the command that `posture_gate` made) is absolute and ordered by its own `(epoch, seq)`. What
cannot be read in it is the worst value; a signal that cannot be ordered is refused. The cap never exceeds what the posture allows.
`dolphin.jet.gates` repeats this rule inside the member, on the same vectors as `breaker`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dolphin.core.contract.packing import is_list
from dolphin.core.control import manual_cut
from dolphin.core.control.command import Command, next_epoch
from dolphin.core.control.manual_cut import Manual, cap_at, noted, text
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.posture import LADDER, MAX_LEVERAGE_PPM, Posture
from dolphin.core.units import MAX_NS, ONE, as_int

MAX_REASONS = 32
FACTORS = 5
POSTURES = {posture.name: posture for posture in Posture}


class AccountState(NamedTuple):
    """What the entry of one account remembers."""

    account: str
    epoch: int = 0
    seq: int = 0
    time_ns: int = 0
    expires_at_ns: int = 0
    cap_ppm: int = 0  # after the manual cut
    posture: Posture = Posture.HIBERNATE
    granted_ppm: int = 0  # the controller's cap, before the manual cut
    r_total_ppm: int = 0
    factors_ppm: tuple[int, ...] = (0,) * FACTORS
    is_passive_only: bool = True
    source_epoch: int = 0
    source_seq: int = 0
    manual: Manual = Manual()
    reasons: tuple[str, ...] = ("nothing known yet",)
    cause_ids: tuple[str, ...] = ()


def apply(state: AccountState, signal: Mapping[str, object]) -> GateOutcome[AccountState]:
    """One signal of kind "survival" or "manual"; total. An old `(epoch, seq)` changes nothing."""
    kind = signal.get("kind")
    if kind == "survival":
        return _decided(state, signal)
    if kind == "manual":
        return _manual(state, signal)
    return GateOutcome(state, False, False, "this key takes kinds survival and manual")


def durable(state: AccountState) -> tuple[object, ...]:
    """What a full stop must not lose: the operator's cut. What the controller said is over with its lease."""
    return (state.manual,)


def restored(state: AccountState) -> AccountState:
    """The state as it is after a full stop: nothing is granted before the controller's next word."""
    return state._replace(seq=0, expires_at_ns=0, cap_ppm=0, granted_ppm=0, posture=Posture.HIBERNATE, reasons=("restarted",), cause_ids=())


def is_whole(state: AccountState) -> bool:
    """Whether the entry can have come to this state: no cap exceeds what the posture, the controller and the operator's cut leave."""
    return (
        state.r_total_ppm <= ONE
        and all(factor_ppm <= ONE for factor_ppm in state.factors_ppm)
        and state.granted_ppm <= LADDER[state.posture].cap_ppm
        and state.cap_ppm <= min(state.granted_ppm, cap_at(state.manual.level))
    )


def command(state: AccountState, from_cap_ppm: int) -> Command:
    """The command that says what the state grants."""
    return Command(
        state.account,
        "",
        state.epoch,
        state.seq,
        state.posture,
        state.cap_ppm,
        state.r_total_ppm,
        state.factors_ppm,
        state.is_passive_only,
        noted(state.manual, state.reasons),
        state.cause_ids,
        state.time_ns,
        state.expires_at_ns,
        from_cap_ppm,
    )


def _decided(state: AccountState, signal: Mapping[str, object]) -> GateOutcome[AccountState]:
    epoch = as_int(signal.get("epoch"), 0, MAX_NS)
    seq = as_int(signal.get("seq"), 1, MAX_NS)
    time_ns = as_int(signal.get("issued_at_ns"), 0, MAX_NS)
    if epoch is None or seq is None or time_ns is None:
        return GateOutcome(state, False, False, "a survival signal needs epoch, seq and issued_at_ns")
    if (epoch, seq) <= (state.source_epoch, state.source_seq):
        return GateOutcome(state, False, False, "old seq")
    name = signal.get("posture")
    posture = POSTURES.get(name) if isinstance(name, str) else None
    reasons = read_texts(signal.get("reasons"))
    if posture is None:
        posture, reasons = Posture.HIBERNATE, (*reasons, "posture unreadable")
    granted_ppm = as_int(signal.get("cap_ppm"), 0, MAX_LEVERAGE_PPM)
    if granted_ppm is None:
        granted_ppm, reasons = 0, (*reasons, "cap unreadable")
    expires_at_ns = as_int(signal.get("expires_at_ns"), 0, MAX_NS)
    return _accepted(
        state,
        state._replace(
            time_ns=max(state.time_ns, time_ns),
            expires_at_ns=time_ns if expires_at_ns is None else expires_at_ns,
            posture=posture,
            granted_ppm=min(granted_ppm, LADDER[posture].cap_ppm),
            r_total_ppm=as_int(signal.get("r_total_ppm"), 0, ONE) or 0,
            factors_ppm=read_factors(signal.get("factors_ppm")),
            is_passive_only=signal.get("passive_only") is not False,
            source_epoch=epoch,
            source_seq=seq,
            reasons=reasons,
            cause_ids=read_texts(signal.get("cause_ids")),
        ),
    )


def _manual(state: AccountState, signal: Mapping[str, object]) -> GateOutcome[AccountState]:
    applied = manual_cut.apply(state.manual, signal)
    if isinstance(applied, str):
        return GateOutcome(state, False, False, applied)
    manual, time_ns = applied
    return _accepted(state, state._replace(time_ns=max(state.time_ns, time_ns), manual=manual))


def _accepted(before: AccountState, after: AccountState) -> GateOutcome[AccountState]:
    cap_ppm = min(after.granted_ppm, cap_at(after.manual.level))
    is_changed = cap_ppm != before.cap_ppm or after.posture != before.posture or before.seq == 0
    epoch = next_epoch(before.epoch, before.seq, after.time_ns)
    return GateOutcome(after._replace(cap_ppm=cap_ppm, epoch=epoch, seq=before.seq + 1), True, is_changed)


def read_factors(raw: object) -> tuple[int, ...]:
    """Five factors; zeros if they are not five numbers in range."""
    if not is_list(raw) or len(raw) != FACTORS:
        return (0,) * FACTORS
    found: list[int] = []
    for each in raw:
        factor = as_int(each, 0, ONE)
        if factor is None:
            return (0,) * FACTORS
        found.append(factor)
    return tuple(found)


def read_texts(raw: object) -> tuple[str, ...]:
    """The readable, non-empty strings of a list, at most MAX_REASONS."""
    if not is_list(raw):
        return ()
    return tuple([each for each in map(text, raw) if each][:MAX_REASONS])
