"""When a part is started, ended, started again, or given up."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolphin.core.health.parts import PARTS, PartKind
from dolphin.core.health.restart import Effect, GiveUp, Kill, Lifecycle, Seen, Start, Stop, Supervised, step
from dolphin.core.units import SECOND_NS

BY_NAME = {part.name: part for part in PARTS}
FEED = BY_NAME["feed.0"]
T0 = 1_700_000_000 * SECOND_NS
WELL = Seen(T0, is_running=True, age_ns=0, may_start=True, may_stay=True)
GONE = replace(WELL, is_running=False, age_ns=None, last_words="it fell")
UP = Supervised(FEED, Lifecycle.UP, since_ns=T0)


def at(seen: Seen, seconds: float) -> Seen:
    return replace(seen, now_ns=T0 + round(seconds * SECOND_NS))


def test_a_part_waits_for_those_before_it() -> None:
    waiting = Supervised(FEED)
    assert step(waiting, replace(GONE, may_start=False)) == (waiting, ())
    state, effects = step(waiting, GONE)
    assert (state.phase, effects) == (Lifecycle.STARTING, (Start(),))
    assert state.restarts == 0


def test_it_is_up_with_its_first_heartbeat() -> None:
    starting = Supervised(FEED, Lifecycle.STARTING, since_ns=T0)
    assert step(starting, replace(WELL, age_ns=None)) == (starting, ())
    assert step(starting, replace(WELL, age_ns=FEED.silent_after_ns + 1))[0].phase is Lifecycle.STARTING
    assert step(starting, replace(WELL, age_ns=FEED.silent_after_ns))[0].phase is Lifecycle.UP


def test_a_part_that_does_not_come_up_in_time_is_ended_and_has_failed() -> None:
    starting = Supervised(FEED, Lifecycle.STARTING, since_ns=T0)
    late = replace(WELL, age_ns=None, now_ns=T0 + FEED.start_limit_ns)
    assert step(starting, late) == (starting, ())
    state, effects = step(starting, replace(late, now_ns=late.now_ns + 1))
    assert (state.phase, effects) == (Lifecycle.WAITING, (Kill(),))
    assert "no heartbeat within 60 s" in state.why


def test_a_part_that_ended_is_started_again_after_a_pause() -> None:
    state, effects = step(UP, GONE)
    assert (state.phase, effects, state.why) == (Lifecycle.WAITING, (), "it fell")
    assert step(state, at(GONE, 0.49)) == (state, ())
    state, effects = step(state, at(GONE, 0.5))
    assert (state.phase, effects, state.restarts) == (Lifecycle.STARTING, (Start(),), 1)


def test_a_part_that_is_silent_for_a_moment_is_left_alone_and_one_that_stays_so_is_ended() -> None:
    assert step(UP, replace(WELL, age_ns=FEED.ended_after_ns)) == (UP, ())
    late = at(WELL, 60)
    state, effects = step(UP, replace(late, age_ns=FEED.ended_after_ns + 1))
    assert (state.phase, effects) == (Lifecycle.WAITING, (Kill(),))
    assert state.why == "no heartbeat for 10 s"


def test_what_nobody_can_see_is_held_against_no_part() -> None:
    assert step(UP, replace(at(WELL, 3_600), age_ns=None)) == (UP, ())


def test_a_job_that_a_person_took_out_is_left_alone() -> None:
    state, effects = step(UP, replace(at(WELL, 3_600), age_ns=3_600 * SECOND_NS, is_suspended=True))
    assert (state.phase, effects) == (Lifecycle.UP, ())
    resumed = replace(at(WELL, 3_601), age_ns=3_601 * SECOND_NS)
    assert step(state, resumed) == (state, ()), "it has to be heard only from when it goes on"
    assert step(state, replace(at(WELL, 3_611), age_ns=3_611 * SECOND_NS))[1] == (Kill(),)


def test_a_part_ends_with_what_it_stands_on_at_no_cost_to_its_budget() -> None:
    state, effects = step(UP, replace(WELL, may_stay=False, may_start=False))
    assert (state.phase, effects, state.failures_ns, state.why) == (Lifecycle.WAITING, (Stop(),), (), "")


def test_it_is_not_started_while_it_is_still_ending_and_ended_at_once_when_that_takes_too_long() -> None:
    ending = Supervised(FEED, Lifecycle.WAITING, since_ns=T0)
    assert step(ending, WELL) == (ending, ())
    assert step(ending, at(WELL, FEED.stop_limit_ns / SECOND_NS + 1)) == (ending, (Kill(),))
    assert step(ending, at(GONE, 1))[1] == (Start(),)


def test_a_job_that_is_there_already_is_taken_over() -> None:
    state, effects = step(Supervised(BY_NAME["acb"]), WELL)
    assert (state.phase, effects) == (Lifecycle.STARTING, (Start(),))


def test_pauses_double_and_a_crash_loop_is_given_up_with_its_reason() -> None:
    state, now_s, pauses = UP, 0.0, list[float]()
    effects: tuple[Effect, ...] = ()
    while state.phase is not Lifecycle.GIVEN_UP:
        state, effects = step(replace(state, phase=Lifecycle.UP), at(GONE, now_s))
        if state.phase is Lifecycle.WAITING:
            pauses.append((state.not_before_ns - T0) / SECOND_NS - now_s)
        now_s += 60
    assert pauses == [0.5, 1, 2, 4, 8]
    assert effects == (GiveUp("6 failures within 10 min, the last: it fell"),)
    assert step(state, at(GONE, 10_000)) == (state, ()), "it needs a person"


def test_failures_long_ago_are_forgotten() -> None:
    state = UP
    for number in range(100):
        state, effects = step(replace(state, phase=Lifecycle.UP), at(GONE, number * 601))
        assert effects == ()
        assert state.phase is Lifecycle.WAITING
        assert len(state.failures_ns) == 1


SEEN = st.builds(
    Seen,
    now_ns=st.just(0),
    is_running=st.booleans(),
    age_ns=st.none() | st.integers(0, 20 * SECOND_NS),
    may_start=st.booleans(),
    may_stay=st.booleans(),
    is_suspended=st.booleans(),
)
LOOKS = st.lists(st.tuples(st.integers(0, 40 * SECOND_NS), SEEN), max_size=60)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@given(looks=LOOKS)
@settings(max_examples=60)
def test_whatever_is_seen_it_is_started_only_when_it_may_be_and_at_most_so_often(part, looks: list[tuple[int, Seen]]) -> None:
    state, now_ns, starts = Supervised(part), T0, list[int]()
    for passed_ns, look in looks:
        now_ns += passed_ns
        seen, before = replace(look, now_ns=now_ns), state
        state, effects = step(state, seen)
        for effect in effects:
            check(effect, seen, before)
            if isinstance(effect, Start):
                starts.append(now_ns)
        window = [at for at in state.failures_ns if now_ns - at < part.policy.within_ns]
        assert len(window) <= part.policy.budget
    assert state.restarts == max(0, len(starts) - 1)


def check(effect: Effect, seen: Seen, before: Supervised) -> None:
    match effect:
        case Start():
            assert seen.may_start
            assert not seen.is_running or before.part.kind is PartKind.JOB
            assert before.phase is Lifecycle.WAITING
            assert seen.now_ns >= before.not_before_ns
        case Stop():
            assert not seen.may_stay
        case Kill():
            assert seen.is_running
        case GiveUp(why):
            assert why
