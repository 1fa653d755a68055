"""What is said of a system: nothing unseen is well, nothing old is present."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.health.parts import PARTS
from dolphin.core.health.restart import Lifecycle
from dolphin.core.health.verdict import Health, Sight, State, Supervision, Verdict, has_decided, judge
from dolphin.core.units import SECOND_NS

NOW = 1_700_000_000 * SECOND_NS
NAMES = [part.name for part in PARTS]
BEATS = {name: Heartbeat(5, NOW, NOW) for name in NAMES}
ALL_UP = {name: Supervision(Lifecycle.UP, NOW - 60 * SECOND_NS, 0, "") for name in NAMES}
WELL = Sight(NOW, NOW, ALL_UP, BEATS)


def state_of(verdict: Verdict, name: str) -> State:
    return next(part.state for part in verdict.parts if part.name == name)


def with_beat(name: str, **changes: object) -> Sight:
    return WELL._replace(beats=BEATS | {name: BEATS[name]._replace(**changes)})  # type: ignore[arg-type]


def with_phase(name: str, phase: Lifecycle, why: str = "") -> Sight:
    return WELL._replace(supervision=ALL_UP | {name: Supervision(phase, NOW, 1, why)})


def test_a_system_whose_parts_all_beat_is_healthy() -> None:
    verdict = judge(WELL)
    assert (verdict.health, verdict.headline, verdict.not_trading) == (Health.HEALTHY, "healthy", ())
    assert {part.state for part in verdict.parts} == {State.ALIVE}
    assert verdict.market_age_ns == 0


def test_a_healthy_system_that_may_not_trade_says_why() -> None:
    verdict = judge(WELL, waits=("nothing is ranked yet", "and more"))
    assert verdict.health is Health.HEALTHY
    assert verdict.headline == "healthy; nothing is traded: nothing is ranked yet (and 1 more)"


@pytest.mark.parametrize("name", NAMES)
def test_a_part_without_a_heartbeat_is_dead_and_its_loss_is_said(name: str) -> None:
    verdict = judge(WELL._replace(beats={other: beat for other, beat in BEATS.items() if other != name}))
    assert verdict.health is Health.DOWN
    assert state_of(verdict, name) is State.DEAD
    assert verdict.headline.startswith(f"DOWN: {name} is dead: ")


@pytest.mark.parametrize("name", NAMES)
def test_a_part_whose_heartbeat_is_old_is_silent_with_its_age(name: str) -> None:
    assert judge(with_beat(name, wall_ns=NOW - 2 * SECOND_NS)).health is not Health.DOWN
    verdict = judge(with_beat(name, wall_ns=NOW - 2 * SECOND_NS - 1))
    assert (verdict.health, state_of(verdict, name)) == (Health.DOWN, State.SILENT)
    assert next(part.age_ns for part in verdict.parts if part.name == name) == 2 * SECOND_NS + 1


def test_a_part_that_beats_and_gets_nowhere_is_still() -> None:
    verdict = judge(with_beat("feed.0", moved_wall_ns=NOW - 3 * SECOND_NS, detail="no batch yet"))
    assert (verdict.health, state_of(verdict, "feed.0")) == (Health.DEGRADED, State.STILL)
    assert verdict.headline == "DEGRADED: feed.0 is still: no market time has passed for 3 s"
    wrong = judge(with_beat("feed.0", moved_wall_ns=NOW - 3 * SECOND_NS, detail="no exchange", is_nominal=False))
    assert wrong.headline == "DEGRADED: feed.0 is still: no market time has passed for 3 s (no exchange)"


def test_of_all_that_is_still_the_one_nearest_to_the_market_is_named_first() -> None:
    beats = {name: beat._replace(moved_wall_ns=NOW - 3 * SECOND_NS) for name, beat in BEATS.items()}
    assert judge(WELL._replace(beats=beats)).headline.startswith("DEGRADED: feed.0 is still")


@pytest.mark.parametrize("name", NAMES)
def test_a_part_whose_process_has_ended_is_dead_however_young_its_last_heartbeat(name: str) -> None:
    verdict = judge(WELL._replace(ended=frozenset({name})))
    assert (verdict.health, state_of(verdict, name)) == (Health.DOWN, State.DEAD)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_gates_say_is_in_force_only_while_every_part_is_alive_and_says_nothing(name: str) -> None:
    assert judge(WELL).is_current
    assert judge(WELL, holds=("latched: x",)).is_current
    assert not judge(with_beat(name, is_nominal=False, detail="no exchange")).is_current
    assert not judge(with_beat(name, moved_wall_ns=NOW - 3 * SECOND_NS)).is_current
    assert not judge(with_beat(name, wall_ns=NOW - 3 * SECOND_NS)).is_current
    assert not judge(with_phase(name, Lifecycle.WAITING)).is_current
    assert not judge(WELL._replace(beats=None)).is_current


def test_a_part_that_says_that_something_is_wrong_degrades_the_whole() -> None:
    verdict = judge(with_beat("agent", is_nominal=False, detail="the ledger cannot be kept"))
    assert verdict.headline == "DEGRADED: agent: the ledger cannot be kept"


def test_without_an_answer_of_the_member_nothing_is_known_of_the_others() -> None:
    verdict = judge(WELL._replace(beats=None))
    assert verdict.health is Health.DOWN
    assert state_of(verdict, "member") is State.DEAD
    assert {state_of(verdict, name) for name in NAMES if name != "member"} == {State.UNKNOWN}
    assert all(part.age_ns is None for part in verdict.parts)
    assert verdict.not_trading[1:] == ("nothing is known of agent, ars, acb, survival, feed.0",)
    assert verdict.market_age_ns is None


@pytest.mark.parametrize("beats", [BEATS, None])
@pytest.mark.parametrize("name", NAMES)
def test_what_the_supervisor_does_with_a_part_is_said(name: str, beats: Mapping[str, Heartbeat] | None) -> None:
    for phase, state in ((Lifecycle.WAITING, State.DEAD), (Lifecycle.GIVEN_UP, State.GIVEN_UP)):
        verdict = judge(with_phase(name, phase, "it fell")._replace(beats=beats))
        assert (verdict.health, state_of(verdict, name)) == (Health.DOWN, state)
        assert next(part.why for part in verdict.parts if part.name == name) == "it fell"


def test_a_part_that_was_started_again_is_not_alive_by_the_heartbeat_of_the_one_before() -> None:
    sight = with_phase("agent", Lifecycle.STARTING)._replace(beats=BEATS | {"agent": Heartbeat(5, NOW - 1, NOW - 1)})
    assert state_of(judge(sight), "agent") is State.STARTING
    assert judge(sight).health is Health.DEGRADED


def test_a_supervisor_that_is_silent_is_said_and_what_it_last_wrote_counts_for_nothing() -> None:
    verdict = judge(with_phase("agent", Lifecycle.WAITING)._replace(supervised_wall_ns=NOW - 4 * SECOND_NS))
    assert verdict.headline == "DOWN: the supervisor has been silent for 4 s: nothing is started again"
    assert state_of(verdict, "agent") is State.ALIVE


def test_a_supervisor_that_is_dead_is_said_at_once() -> None:
    verdict = judge(with_phase("agent", Lifecycle.WAITING)._replace(is_supervisor_dead=True))
    assert verdict.headline == "DOWN: the supervisor is dead: the agent closes everything and ends, and nothing is started again"
    assert state_of(verdict, "agent") is State.ALIVE
    verdict = judge(WELL._replace(is_supervisor_dead=True, ended=frozenset({"agent"})))
    assert verdict.headline.startswith("DOWN: the supervisor is dead: the agent has ended, and nothing is started again")
    assert state_of(verdict, "agent") is State.DEAD


def test_a_job_that_a_person_took_out_is_suspended_whatever_it_last_said() -> None:
    verdict = judge(WELL._replace(suspended={"acb": "suspended"}))
    assert (verdict.health, state_of(verdict, "acb")) == (Health.DOWN, State.SUSPENDED)
    assert verdict.headline == "DOWN: acb is suspended: no breaker votes: the assets' leases run out, and no asset is entitled to anything"


def test_a_latch_is_held_and_a_dead_part_is_worse() -> None:
    assert judge(WELL, holds=("latched: x",)).headline == "HELD: latched: x"
    assert judge(WELL, holds=("latched: x",)).health is Health.HELD
    assert judge(WELL._replace(beats={}), holds=("latched: x",)).health is Health.DOWN
    assert judge(with_beat("feed.0", moved_wall_ns=0), holds=("latched: x",)).health is Health.HELD


BEAT = st.builds(
    Heartbeat,
    market_time_ns=st.integers(0, 9),
    wall_ns=st.integers(NOW - 5 * SECOND_NS, NOW + SECOND_NS),
    moved_wall_ns=st.integers(NOW - 20 * SECOND_NS, NOW),
    is_nominal=st.booleans(),
)


@given(st.none() | st.dictionaries(st.sampled_from(NAMES), BEAT))
def test_only_fresh_heartbeats_of_all_parts_make_it_healthy(beats: dict[str, Heartbeat] | None) -> None:
    verdict = judge(WELL._replace(beats=beats))
    is_fresh = beats is not None and set(beats) == set(NAMES) and all(NOW - beat.wall_ns <= 2 * SECOND_NS for beat in beats.values())
    if not is_fresh:
        assert verdict.health is Health.DOWN
        assert verdict.not_trading
    assert (verdict.health is Health.HEALTHY) == (verdict.headline == "healthy")


def test_a_system_has_decided_when_every_job_and_the_agent_have_been_through_a_batch() -> None:
    assert has_decided(BEATS)
    assert not has_decided(None)
    for name in ("ars", "acb", "survival", "agent"):
        assert not has_decided(BEATS | {name: Heartbeat(0, NOW, NOW)})
        assert not has_decided({other: beat for other, beat in BEATS.items() if other != name})
