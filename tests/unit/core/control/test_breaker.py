"""The adaptive cut-off, rule by rule."""

import pytest

from dolphin.core.control import breaker
from dolphin.core.control.breaker import BreakerState
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.params import BreakerParams
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
MINUTE = 60 * SECOND
PARAMS = BreakerParams()
FULL = 6_000_000


def vote(source: str, at_ns: int, severity_ppm: int = 0, **changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "source": source,
        "seq": at_ns,
        "time_ns": at_ns,
        "severity_ppm": severity_ppm,
        "is_clear": severity_ppm < 125_000,
        "reason": f"{source} at {severity_ppm}",
        "cause_id": f"BTCUSDT@trade#{at_ns}",
        "expires_at_ns": at_ns + 2 * SECOND,
    }
    return {**fields, **changes}


def apply(state: BreakerState, *votes: dict[str, object]) -> GateOutcome[BreakerState]:
    return breaker.apply(state, {"kind": "vote", "votes": list(votes)}, PARAMS)


def cleared(*sources: str, until_ns: int = START) -> BreakerState:
    """A state at level 0 in which `sources` voted clear long enough."""
    state = BreakerState("paper", "BTCUSDT")
    for back in range(10, -1, -1):
        at_ns = until_ns - back * SECOND // 4
        state = apply(state, *[vote(source, at_ns) for source in sources]).state
    assert (state.level, state.cap_ppm) == (0, FULL)
    return state


def test_an_asset_starts_cut_to_zero_and_earns_its_cap_one_level_a_step() -> None:
    state = BreakerState("paper", "BTCUSDT")
    caps = []
    for step in range(7):
        state = apply(state, vote("taker", START + step)).state
        caps.append(state.cap_ppm)
    assert caps == [0, 0, 1_200_000, 2_700_000, 4_500_000, FULL, FULL]


@pytest.mark.parametrize(
    ("severity_ppm", "cap_ppm"),
    [
        (0, FULL),
        (249_999, FULL),
        (250_000, 4_500_000),
        (499_999, 4_500_000),
        (500_000, 2_700_000),
        (749_999, 2_700_000),
        (750_000, 1_200_000),
        (949_999, 1_200_000),
        (950_000, 0),
        (ONE, 0),
    ],
)
def test_a_severity_cuts_to_its_level_at_once(severity_ppm: int, cap_ppm: int) -> None:
    outcome = apply(cleared("taker"), vote("taker", START + SECOND, severity_ppm))
    assert outcome.state.cap_ppm == cap_ppm
    assert outcome.is_changed is (cap_ppm != FULL)


def test_severities_of_several_sources_combine_by_noisy_or() -> None:
    state = cleared("depth", "taker")
    outcome = apply(state, vote("depth", START + 1, 200_000), vote("taker", START + 1, 200_000))
    assert outcome.state.level == 1  # 1 - 0.8 * 0.8 = 0.36
    assert outcome.state.reasons == ("depth: depth at 200000", "taker: taker at 200000")
    assert outcome.state.cause_ids == (f"BTCUSDT@trade#{START + 1}",) * 2


def test_a_single_bad_reading_cuts_but_does_not_hold() -> None:
    state = apply(cleared("taker"), vote("taker", START + SECOND, ONE)).state
    assert (state.level, state.is_latched) == (4, False)
    for step in range(2, 8):
        state = apply(state, vote("taker", START + step * SECOND)).state
    assert state.level == 0


def test_two_of_three_bad_readings_latch_and_an_invariant_latches_alone() -> None:
    state = apply(cleared("taker"), vote("taker", START + 1, 300_000)).state
    state = apply(state, vote("taker", START + 2)).state
    state = apply(state, vote("taker", START + 3, 300_000)).state
    assert state.is_latched
    assert apply(cleared("invariant"), vote("invariant", START + 1, 300_000)).state.is_latched


def latched(start: BreakerState, at_ns: int) -> BreakerState:
    state = apply(start, vote("taker", at_ns, 300_000)).state
    return apply(state, vote("taker", at_ns + 1, 300_000)).state


def rounded_up(at_ns: int) -> int:
    """Holds end on whole steps of 10 s."""
    return -(-at_ns // breaker.HOLD_STEP_NS) * breaker.HOLD_STEP_NS


def test_a_latched_cut_loosens_only_after_its_hold() -> None:
    state = latched(cleared("taker"), START + SECOND)
    until_ns = rounded_up(START + SECOND + 1 + 5 * MINUTE)
    assert state.hold_until_ns == until_ns
    for back in (3, 2, 1):
        state = apply(state, vote("taker", until_ns - back)).state
    assert state.level == 1
    state = apply(state, vote("taker", until_ns)).state
    assert (state.level, state.is_latched) == (0, False)


def test_the_hold_doubles_with_each_episode_up_to_two_hours_and_forgets_after_six() -> None:
    state = cleared("taker")
    now_ns = START + SECOND
    holds = []
    for _ in range(7):
        state = latched(state, now_ns)
        holds.append((state.hold_until_ns - now_ns - 1) // MINUTE)
        for step in range(4):
            state = apply(state, vote("taker", state.hold_until_ns + step)).state
        now_ns = state.time_ns + SECOND
    assert holds[:5] == [5, 10, 20, 40, 80]
    assert max(holds) <= 120
    state = latched(
        cleared("taker", until_ns=now_ns + 7 * 3_600 * SECOND)._replace(episodes_ns=state.episodes_ns), now_ns + 8 * 3_600 * SECOND
    )
    assert state.hold_until_ns == rounded_up(state.time_ns + 5 * MINUTE)


def test_every_source_that_voted_has_to_be_clear_three_times() -> None:
    state = apply(cleared("depth", "taker"), vote("depth", START + 1, 600_000), vote("taker", START + 1)).state
    for step in range(2, 20):
        state = apply(state, vote("taker", START + step)).state
    assert state.level == 2
    for step in range(20, 23):
        state = apply(state, vote("taker", START + step), vote("depth", START + step)).state
    assert state.level == 1


@pytest.mark.parametrize(
    "reading",
    [
        {"severity_ppm": -1},
        {"severity_ppm": 125_000},
        {"is_clear": False},
        {"is_clear": 1},
        {"severity_ppm": None},
        {"expires_at_ns": 5},
        {"expires_at_ns": None},
        {"severity_ppm": float("nan")},
    ],
    ids=str,
)
def test_what_is_not_a_fresh_clear_reading_never_loosens(reading: dict[str, object]) -> None:
    state = BreakerState("paper", "BTCUSDT")
    for step in range(10):
        state = apply(state, {**vote("taker", START + step), **reading}).state
    assert state.level == 4


def test_a_source_that_fell_silent_never_counts_as_clear() -> None:
    state = apply(cleared("depth", "taker"), vote("depth", START + SECOND), vote("taker", START + SECOND, 300_000)).state
    for step in range(1, 60):
        state = apply(state, vote("taker", START + SECOND + step * SECOND)).state
    assert state.level == 1
    assert state.sources[0].name == "depth"


def test_an_old_seq_changes_nothing_however_bad_it_is() -> None:
    state = cleared("taker")
    for seq in (START, START - 1):
        outcome = apply(state, vote("taker", seq, ONE))
        assert outcome == GateOutcome(state, False, False, "old seq")


def test_one_new_vote_among_old_ones_counts() -> None:
    outcome = apply(cleared("depth", "taker"), vote("taker", START, 0), vote("depth", START + 1, 800_000))
    assert outcome.state.level == 3


def test_a_cut_that_arrives_after_its_lease_still_cuts() -> None:
    state = cleared("depth", "taker")
    state = apply(state, vote("taker", START + 10 * SECOND)).state
    assert apply(state, vote("depth", START + SECOND, ONE)).state.cap_ppm == 0


def test_the_lease_is_the_shortest_of_the_votes_and_time_never_steps_back() -> None:
    outcome = apply(cleared("depth", "taker"), vote("taker", START + 9, expires_at_ns=START + 70), vote("depth", START + 5))
    assert outcome.state.expires_at_ns == START + 70
    assert outcome.state.time_ns == START + 9
    assert apply(outcome.state, vote("depth", START + 6)).state.time_ns == START + 9


def test_more_sources_than_can_be_remembered_cut_to_zero() -> None:
    state = cleared(*[f"s{n:02}" for n in range(breaker.MAX_SOURCES)])
    outcome = apply(state, vote("one more", START + 1))
    assert outcome.state.cap_ppm == 0
    assert len(outcome.state.sources) == breaker.MAX_SOURCES
    assert outcome.state.reasons[-1] == "more sources than can be remembered"


def test_an_operators_cut_stays_until_the_operator_releases_it() -> None:
    cut = {"kind": "manual", "op": "cut", "level": 3, "reason": "look", "by": "ann", "seq": 1, "time_ns": START + 1}
    state = breaker.apply(cleared("taker"), cut, PARAMS).state
    assert state.cap_ppm == 1_200_000
    for step in range(2, 20):
        state = apply(state, vote("taker", START + step)).state
    assert state.cap_ppm == 1_200_000
    assert breaker.command(state, 0).reasons == ("cut by ann: look",)
    assert not breaker.apply(state, {**cut, "op": "release"}, PARAMS).is_accepted  # the same seq again
    released = breaker.apply(state, {**cut, "op": "release", "seq": 2}, PARAMS)
    assert (released.state.cap_ppm, released.is_changed) == (FULL, True)


def test_a_release_does_not_lift_the_automatic_cut() -> None:
    state = apply(cleared("taker"), vote("taker", START + 1, 800_000)).state
    release = {"kind": "manual", "op": "release", "by": "ann", "seq": 1, "time_ns": START + 2}
    assert breaker.apply(state, release, PARAMS).state.cap_ppm == 1_200_000


def test_a_manual_level_that_cannot_be_read_is_the_worst() -> None:
    cut = {"kind": "manual", "op": "cut", "level": "?", "by": "ann", "seq": 1, "time_ns": START}
    assert breaker.apply(cleared("taker"), cut, PARAMS).state.cap_ppm == 0


def test_the_command_forbids_entries_at_zero_and_counts_every_accepted_signal() -> None:
    state = cleared("taker")
    command = breaker.command(state, FULL)
    assert (command.key, command.posture, command.r_total_ppm, command.factors_ppm) == ("paper/BTCUSDT", Posture.APEX, ONE, ())
    cut = apply(state, vote("taker", START + 1, ONE)).state
    command = breaker.command(cut, state.cap_ppm)
    assert (command.posture, command.cap_ppm, command.from_cap_ppm, command.seq) == (Posture.TURTLE, 0, FULL, state.seq + 1)
    assert command.epoch == state.epoch == cleared("taker").epoch


@pytest.mark.parametrize(
    "signal", [{}, {"kind": None}, {"kind": "vote"}, {"kind": "vote", "votes": {}}, {"kind": "vote", "votes": [1, None]}, {"kind": []}]
)
def test_a_signal_without_a_vote_is_refused_and_changes_nothing(signal: dict[str, object]) -> None:
    state = cleared("taker")
    outcome = breaker.apply(state, signal, PARAMS)
    assert outcome == GateOutcome(state, False, False, outcome.refusal)
    assert outcome.refusal


def test_of_two_votes_of_one_source_in_a_signal_the_newer_stays_whatever_their_order() -> None:
    for votes in [
        (vote("taker", START + 1), vote("taker", START + 2, 300_000)),
        (vote("taker", START + 2, 300_000), vote("taker", START + 1)),
    ]:
        (source,) = apply(cleared("taker"), *votes).state.sources
        assert (source.seq, source.severity_ppm) == (START + 2, 300_000)


def test_a_cut_without_a_cause_id_names_none() -> None:
    state = apply(cleared("depth", "taker"), vote("depth", START + 1, 800_000, cause_id=None), vote("taker", START + 1, 800_000)).state
    assert state.cause_ids == (f"BTCUSDT@trade#{START + 1}",)


def test_an_operators_cut_may_come_before_any_vote_and_begins_the_epoch() -> None:
    cut = {"kind": "manual", "op": "cut", "level": 3, "reason": "look", "by": "ann", "seq": 1, "time_ns": START + 1}
    outcome = breaker.apply(BreakerState("paper", "BTCUSDT"), cut, PARAMS)
    assert (outcome.state.epoch, outcome.state.seq, outcome.state.cap_ppm, outcome.is_changed) == (START + 1, 1, 0, True)
    later = apply(outcome.state, vote("taker", START + 2)).state
    assert (later.epoch, later.seq) == (START + 1, 2)


def test_an_operators_word_that_cannot_be_taken_changes_nothing() -> None:
    state = cleared("taker")
    refused = breaker.apply(state, {"kind": "manual", "op": "cut", "by": "", "seq": 1, "time_ns": START}, PARAMS)
    assert refused == GateOutcome(state, False, False, "a manual signal needs op cut or release, by, seq and time_ns")


def test_an_operators_word_carries_time_on_and_never_back() -> None:
    cut = {"kind": "manual", "op": "cut", "level": 1, "by": "ann", "seq": 1, "time_ns": START + 7}
    later = breaker.apply(cleared("taker"), cut, PARAMS).state
    assert later.time_ns == START + 7
    early = breaker.apply(later, {**cut, "seq": 2, "time_ns": 0}, PARAMS)
    assert (early.is_accepted, early.state.time_ns) == (True, START + 7)


def test_time_zero_is_a_time() -> None:
    outcome = apply(BreakerState("paper", "BTCUSDT"), vote("taker", 1, time_ns=0))
    assert (outcome.is_accepted, outcome.state.time_ns) == (True, 0)


def test_a_vote_that_expired_at_zero_grants_nothing_however_late_it_is() -> None:
    assert apply(cleared("taker"), vote("taker", START + 1, expires_at_ns=0)).state.expires_at_ns == 0


def test_sources_are_in_the_order_of_javas_strings_even_with_half_a_surrogate_pair() -> None:
    names = ("taker", "\ud800", "\U0001f42c", "\uff5e")  # by code points the last two would change places
    sources = apply(BreakerState("paper", "BTCUSDT"), *[vote(name, START) for name in reversed(names)]).state.sources
    assert tuple(source.name for source in sources) == names
