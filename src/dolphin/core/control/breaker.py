"""The adaptive cut-off: votes on one asset in, the cut of its leverage out (`control.md` 2).

An asset starts cut to 0, because nothing is known about it. Tightening happens at once. Loosening needs K consecutive clear and fresh
readings of every source that ever voted, and the hold to be over; then one level per step. A cut is latched (held 5 min, doubled per
earlier episode within 6 h, at most 2 h) when a source gave 2 unclear readings of its last 3; a single bad one loosens without a hold.
A source that is stale, missing or unknown never counts as clear. An operator's cut stays until the operator releases it.

`dolphin.jet.gates.BreakerRule` repeats this rule inside the member; `tests/contract/gate_vectors.jsonl` holds both to the same bits.
Signals are msgpack maps as they arrived: what cannot be read is the worst value, and what cannot even be ordered is refused.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from dolphin.core.contract.packing import is_list, is_map
from dolphin.core.control import manual_cut
from dolphin.core.control.command import Command, next_epoch
from dolphin.core.control.manual_cut import CUTS_PPM, UTF_16, WORST_LEVEL, Manual, cap_at, noted, text
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.params import BreakerParams
from dolphin.core.control.posture import Posture
from dolphin.core.law import LAW
from dolphin.core.units import MAX_NS, ONE, as_int, mul

MAX_SOURCES = LAW.number("breaker", "max_sources")
MAX_EPISODES = LAW.number("breaker", "max_episodes")
HOLD_STEP_NS = LAW.number("breaker", "hold_step_ns")
TRIPS_AT_PPM = LAW.row("breaker", "trips_at_ppm", 4)
UNKNOWN_PPM = -1
INVARIANT = "invariant"


class Source(NamedTuple):
    """The last reading of one source and what its recent ones were."""

    name: str
    seq: int
    severity_ppm: int  # UNKNOWN_PPM, or 0..ONE
    clears: int  # consecutive clear readings, counted up to K
    unclear: int  # bit i: the reading i ago was at or above the clear threshold (3 bits)
    expires_at_ns: int
    reason: str
    cause_id: str


class BreakerState(NamedTuple):
    """What the breaker of one asset remembers."""

    account: str
    asset: str
    epoch: int = 0
    seq: int = 0
    time_ns: int = 0
    expires_at_ns: int = 0
    cap_ppm: int = 0
    level: int = WORST_LEVEL
    is_latched: bool = False
    hold_until_ns: int = 0
    episodes_ns: tuple[int, ...] = ()
    manual: Manual = Manual()
    reasons: tuple[str, ...] = ("nothing known yet",)
    cause_ids: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()  # by name


class Vote(NamedTuple):
    """One reading that can be ordered."""

    source: str
    seq: int
    time_ns: int
    severity_ppm: int
    is_clear: bool
    reason: str
    cause_id: str
    expires_at_ns: int


def apply(state: BreakerState, signal: Mapping[str, object], params: BreakerParams) -> GateOutcome[BreakerState]:
    """One signal of kind "vote" or "manual"; total. An old `(source, seq)` changes nothing."""
    kind = signal.get("kind")
    if kind == "manual":
        return _manual(state, signal)
    if kind != "vote":
        return GateOutcome(state, False, False, "this key takes kinds vote and manual")
    votes = read_votes(signal)
    if not votes:
        return GateOutcome(state, False, False, "no vote with a source, a seq and a time")
    newer = [vote for vote in votes if vote.seq > _seq_of(state, vote.source)]
    if not newer:
        return GateOutcome(state, False, False, "old seq")
    return _accepted(state, _voted(state, newer, params))


def durable(state: BreakerState) -> tuple[object, ...]:
    """What a full stop must not lose; a change of it is a new version in the database."""
    return state.level, state.is_latched, state.hold_until_ns, state.episodes_ns, state.manual


def restored(state: BreakerState) -> BreakerState:
    """The state as it is after a full stop: the cut stands, nobody has been clear, and nothing is granted before the next vote."""
    return state._replace(seq=0, expires_at_ns=0, sources=tuple([source._replace(clears=0) for source in state.sources]))


def is_whole(state: BreakerState, params: BreakerParams) -> bool:
    """Whether the entry can have come to this state: no cap exceeds its cuts, no episode lies ahead, no hold is longer than any."""
    return (
        state.cap_ppm <= cap_at(max(state.level, state.manual.level))
        and state.hold_until_ns <= state.time_ns + params.hold_max_ns + HOLD_STEP_NS
        and len(state.episodes_ns) <= MAX_EPISODES
        and all(at_ns <= state.time_ns for at_ns in state.episodes_ns)
        and all(UNKNOWN_PPM <= source.severity_ppm <= ONE for source in state.sources)
    )


def command(state: BreakerState, from_cap_ppm: int) -> Command:
    """The command that says what the state grants; the asset's posture forbids entries when the cap is 0 and is silent otherwise."""
    cut_ppm = CUTS_PPM[max(state.level, state.manual.level)]
    return Command(
        state.account,
        state.asset,
        state.epoch,
        state.seq,
        Posture.APEX if state.cap_ppm else Posture.TURTLE,
        state.cap_ppm,
        cut_ppm,
        (),
        False,
        noted(state.manual, state.reasons),
        state.cause_ids,
        state.time_ns,
        state.expires_at_ns,
        from_cap_ppm,
    )


def read_votes(signal: Mapping[str, object]) -> list[Vote]:
    """The votes of a signal that carry a source, a seq and a time, in order; unreadable other fields take their worst value."""
    raw = signal.get("votes", [signal])
    if not is_list(raw):
        return []
    found = [_read_vote(each) for each in raw if is_map(each)]
    return [vote for vote in found if vote is not None]


def level_of(severity_ppm: int) -> int:
    """0..4: how many trip thresholds the combined severity has reached."""
    return bisect_right(TRIPS_AT_PPM, severity_ppm)


def combined(sources: list[Source]) -> int:
    """Noisy-or of their severities, s = 1 - prod(1 - s_k), rounded up."""
    calm_ppm = ONE
    for source in sources:
        calm_ppm = mul(calm_ppm, ONE - source.severity_ppm)
    return ONE - calm_ppm


def _read_vote(raw: Mapping[str, object]) -> Vote | None:
    source = text(raw.get("source"))
    seq = as_int(raw.get("seq"), 1, MAX_NS)
    time_ns = as_int(raw.get("time_ns"), 0, MAX_NS)
    if not source or seq is None or time_ns is None:
        return None
    severity_ppm = as_int(raw.get("severity_ppm"), UNKNOWN_PPM, ONE)
    expires_at_ns = as_int(raw.get("expires_at_ns"), 0, MAX_NS)
    return Vote(
        source,
        seq,
        time_ns,
        ONE if severity_ppm is None else severity_ppm,
        raw.get("is_clear") is True,
        text(raw.get("reason")),
        text(raw.get("cause_id")),
        time_ns if expires_at_ns is None else expires_at_ns,
    )


def _seq_of(state: BreakerState, name: str) -> int:
    return next((source.seq for source in state.sources if source.name == name), 0)


def _voted(state: BreakerState, votes: list[Vote], params: BreakerParams) -> BreakerState:
    """The state after newer votes: sources, then level, then hold."""
    sources = {source.name: source for source in state.sources}
    now_ns = state.time_ns
    for vote in votes:
        now_ns = max(now_ns, vote.time_ns)
        previous = sources.get(vote.source)
        is_taken = vote.seq > previous.seq if previous else len(sources) < MAX_SOURCES
        if is_taken:
            sources[vote.source] = _reading(previous, vote, params)
    ordered = tuple(sources[name] for name in sorted(sources, key=lambda name: name.encode(*UTF_16)))
    voted = {vote.source for vote in votes}  # a late cut still cuts: what just arrived counts even past its lease
    has_overflow = not voted <= sources.keys()
    counted = [each for each in ordered if each.severity_ppm > 0 and (each.name in voted or now_ns < each.expires_at_ns)]
    target = WORST_LEVEL if has_overflow else level_of(combined(counted))
    moved = state._replace(
        epoch=next_epoch(state.epoch, state.seq, now_ns),
        time_ns=now_ns,
        expires_at_ns=min(vote.expires_at_ns for vote in votes),
        sources=ordered,
    )
    if target > 0:
        moved = _held(moved, params)
    if target > moved.level:
        return _tightened(moved, target, counted, has_overflow, params)
    if target < moved.level and _may_loosen(moved, params):
        return _loosened(moved)
    return moved


def _reading(previous: Source | None, vote: Vote, params: BreakerParams) -> Source:
    is_clear = vote.is_clear and 0 <= vote.severity_ppm < params.clear_ppm
    is_unclear = vote.severity_ppm >= params.clear_ppm
    clears = previous.clears if previous else 0
    unclear = previous.unclear if previous else 0
    return Source(
        vote.source,
        vote.seq,
        vote.severity_ppm,
        min(clears + 1, params.clears) if is_clear else 0,
        (unclear << 1 | is_unclear) & 0b111,
        vote.expires_at_ns,
        vote.reason,
        vote.cause_id,
    )


def _held(state: BreakerState, params: BreakerParams) -> BreakerState:
    """The state with its hold begun or renewed, if the trip is more than one bad reading."""
    if not any(source.unclear.bit_count() >= 2 or (source.name == INVARIANT and source.unclear & 1) for source in state.sources):
        return state
    now_ns = state.time_ns
    recent = tuple(at_ns for at_ns in state.episodes_ns if now_ns - at_ns < params.episode_window_ns)
    if not state.is_latched:
        recent = (*recent, now_ns)[-MAX_EPISODES:]
    hold_ns = min(params.hold_ns << max(0, len(recent) - 1), params.hold_max_ns)
    until_ns = -(-(now_ns + hold_ns) // HOLD_STEP_NS) * HOLD_STEP_NS
    return state._replace(is_latched=True, episodes_ns=recent, hold_until_ns=max(state.hold_until_ns, until_ns))


def _tightened(state: BreakerState, target: int, counted: list[Source], has_overflow: bool, params: BreakerParams) -> BreakerState:
    guilty = [source for source in counted if source.severity_ppm >= params.clear_ppm] or counted
    reasons = tuple([f"{source.name}: {source.reason}" for source in guilty])
    return state._replace(
        level=target,
        reasons=(*reasons, "more sources than can be remembered") if has_overflow else reasons,
        cause_ids=tuple([source.cause_id for source in guilty if source.cause_id]),
    )


def _may_loosen(state: BreakerState, params: BreakerParams) -> bool:
    now_ns = state.time_ns
    is_held = state.is_latched and now_ns < state.hold_until_ns
    return not is_held and all(source.clears >= params.clears and now_ns < source.expires_at_ns for source in state.sources)


def _loosened(state: BreakerState) -> BreakerState:
    level = state.level - 1
    if level == 0:
        return state._replace(level=0, is_latched=False, reasons=(), cause_ids=())
    return state._replace(level=level, reasons=(f"every source clear: loosened to level {level}",), cause_ids=())


def _manual(state: BreakerState, signal: Mapping[str, object]) -> GateOutcome[BreakerState]:
    applied = manual_cut.apply(state.manual, signal)
    if isinstance(applied, str):
        return GateOutcome(state, False, False, applied)
    manual, time_ns = applied
    now_ns = max(state.time_ns, time_ns)
    return _accepted(state, state._replace(epoch=next_epoch(state.epoch, state.seq, now_ns), time_ns=now_ns, manual=manual))


def _accepted(before: BreakerState, after: BreakerState) -> GateOutcome[BreakerState]:
    cap_ppm = cap_at(max(after.level, after.manual.level))
    is_changed = cap_ppm != before.cap_ppm or before.seq == 0
    return GateOutcome(after._replace(cap_ppm=cap_ppm, seq=before.seq + 1), True, is_changed)
