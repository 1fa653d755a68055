"""What the agent believes, and how time alone takes it away."""

from typing import Any

import pytest
from msgspec.structs import replace

from dolphin.core.control.belief import (
    FUTURE_LIMIT_NS,
    LEASE_EXPIRED,
    NOT_HEARD,
    Belief,
    BeliefEffect,
    BeliefEvent,
    CapChanged,
    Closed,
    CommandBelieved,
    Commanded,
    CommandIgnored,
    Distrusted,
    Grant,
    Heard,
    KeyBelief,
    LeaseEnded,
    Passed,
    PostureChanged,
    Reopened,
    Reread,
    Shut,
    TrustEnded,
    commands_behind,
    grant,
    left_ns,
    market_time_ns,
    nothing_yet,
    step,
)
from dolphin.core.control.command import Command, encode
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND
BOOT = 50 * SECOND  # where the monotonic clock stands when the first batch is heard
SILENCE = 5 * SECOND
NOTHING = Grant("HIBERNATE", 0, 0, True)
CAUSE = "B@bookTicker#9"


def command(
    seq: int = 1,
    asset: str = "",
    posture: Posture = Posture.APEX,
    cap: int = 2 * ONE,
    issued: int = T0,
    lease: int = 2 * SECOND,
    **more: Any,
) -> Command:
    made = Command("paper", asset, 1, seq, posture, cap, ONE, (ONE,) * 5, False, ("because",), ("A@trade#1",), issued, issued + lease, 0)
    return made._replace(**more)


class Mind:
    """A belief with its monotonic clock, and everything it said since `forget`."""

    def __init__(self, speed: float = 1.0) -> None:
        self.now_ns = BOOT
        self.belief = nothing_yet("paper", ("B", "A"), speed_ppm=round(speed * ONE), silence_limit_ns=SILENCE)
        self.said: list[BeliefEffect] = []

    def take(self, *events: BeliefEvent) -> list[BeliefEffect]:
        """Events at this moment; what they changed."""
        before = len(self.said)
        for event in events:
            self.belief, effects = step(self.belief, event, self.now_ns)
            self.said += effects
        return self.said[before:]

    def hear(self, market_ns: int = T0, cause: str = CAUSE) -> list[BeliefEffect]:
        return self.take(Heard(market_ns, cause))

    def told(self, *commands: Command) -> list[BeliefEffect]:
        return self.take(*[Commanded(encode(each)) for each in commands])

    def later(self, ns: int) -> list[BeliefEffect]:
        self.now_ns += ns
        return self.take(Passed())

    def grant(self, asset: str = "A") -> Grant:
        return grant(self.belief, asset, self.now_ns)


@pytest.fixture
def mind() -> Mind:
    """One that has heard a batch and is entitled to 2x, in A too."""
    mind = Mind()
    mind.hear()
    mind.told(command(), command(asset="A"))
    mind.said.clear()
    return mind


def test_it_starts_with_nothing_and_waits_for_nothing() -> None:
    mind = Mind()
    assert mind.belief.keys == {"paper": "", "paper/A": "A", "paper/B": "B"}
    assert mind.belief.held == dict.fromkeys(["", "A", "B"], NOT_HEARD)
    assert KeyBelief(Posture.HIBERNATE, 0, True, "not heard yet", (), 0) == NOT_HEARD
    assert mind.belief.posture is Posture.HIBERNATE
    assert mind.grant() == NOTHING
    assert market_time_ns(mind.belief, BOOT) == 0
    assert left_ns(mind.belief, BOOT) is None
    assert mind.later(SECOND) == [Shut("no market time")]
    assert mind.hear() == [Reopened()]
    assert left_ns(mind.belief, mind.now_ns) is None, "heard, but nothing is granted"


def test_account_and_asset_together_grant_the_smaller_cap_and_the_worse_posture(mind: Mind) -> None:
    assert mind.grant() == Grant("APEX", 2 * ONE, 2 * ONE, False)
    mind.told(command(2, "A", cap=ONE, passive_only=True))
    assert mind.grant() == Grant("APEX", 2 * ONE, ONE, True)
    mind.told(command(3, "A", Posture.STALKER, cap=3 * ONE))
    assert mind.grant() == Grant("STALKER", 2 * ONE, 2 * ONE, False)
    mind.told(command(4, posture=Posture.TURTLE, cap=0, passive_only=True))
    assert mind.grant() == Grant("TURTLE", 0, 0, True)
    assert mind.grant("B") == Grant("TURTLE", 0, 0, True)


def test_an_asset_nobody_speaks_of_may_only_be_left(mind: Mind) -> None:
    assert mind.grant("B") == Grant("TURTLE", 2 * ONE, 0, True)
    assert mind.belief.held["B"] == KeyBelief(Posture.TURTLE, 0, True, "no command", (CAUSE,), T0)
    assert mind.grant("Z") == Grant("TURTLE", 2 * ONE, 0, True)


def test_what_a_command_grants_is_told_with_its_reasons() -> None:
    mind = Mind()
    mind.hear()
    made = command(reasons=("thin", "wide"), passive_only=True, posture=Posture.STALKER)
    assert mind.told(made) == [
        CommandBelieved(made),
        PostureChanged(Posture.HIBERNATE, Posture.STALKER, "thin; wide", ("A@trade#1",)),
        CapChanged("", 0, 2 * ONE, "thin; wide", ("A@trade#1",), T0),
    ]
    assert mind.belief.held[""] == KeyBelief(Posture.STALKER, 2 * ONE, True, "thin; wide", ("A@trade#1",), T0)
    assert commands_behind(mind.belief, "A") == (made,)
    of_a = command(asset="A")
    assert mind.told(of_a) == [CommandBelieved(of_a), CapChanged("A", 0, 2 * ONE, "because", ("A@trade#1",), T0)]
    assert commands_behind(mind.belief, "A") == (made, of_a)
    assert commands_behind(mind.belief, "B") == (made,)


def test_a_lease_ends_by_time_alone_and_exactly_when_it_says(mind: Mind) -> None:
    assert left_ns(mind.belief, mind.now_ns) == 2 * SECOND
    assert mind.later(2 * SECOND - 1) == []
    assert left_ns(mind.belief, mind.now_ns) == 1
    end = T0 + 2 * SECOND
    assert mind.later(1) == [
        LeaseEnded("paper", 1, 1),
        LeaseEnded("paper/A", 1, 1),
        PostureChanged(Posture.APEX, Posture.HIBERNATE, LEASE_EXPIRED, (CAUSE,)),
        CapChanged("", 2 * ONE, 0, LEASE_EXPIRED, (CAUSE,), end),
        CapChanged("A", 2 * ONE, 0, LEASE_EXPIRED, (CAUSE,), end),
    ]
    assert mind.grant() == NOTHING
    assert left_ns(mind.belief, mind.now_ns) is None
    assert mind.later(SECOND) == [], "nothing is told twice"


def test_an_assets_lease_ends_without_the_accounts(mind: Mind) -> None:
    mind.told(command(2, lease=4 * SECOND))
    assert left_ns(mind.belief, mind.now_ns) == 2 * SECOND
    assert mind.later(2 * SECOND) == [
        LeaseEnded("paper/A", 1, 1),
        CapChanged("A", 2 * ONE, 0, LEASE_EXPIRED, (CAUSE,), T0 + 2 * SECOND),
    ]
    assert mind.grant() == Grant("TURTLE", 2 * ONE, 0, True)
    assert left_ns(mind.belief, mind.now_ns) == 2 * SECOND, "the account's goes on, the asset's is over"
    renewed = command(2, "A", issued=T0 + 2 * SECOND)
    assert mind.told(renewed)[0] == CommandBelieved(renewed, command(1, "A"))
    assert LeaseEnded("paper/A", 1, 2) in mind.later(2 * SECOND), "the next lease of a key ends too"


def test_an_order_sees_the_expired_lease_even_before_anybody_looked(mind: Mind) -> None:
    mind.now_ns += 2 * SECOND
    assert mind.grant() == NOTHING
    assert mind.belief.posture is Posture.APEX, "what was last judged"


def test_a_renewal_keeps_it_up_and_says_nothing_but_itself(mind: Mind) -> None:
    for n in range(1, 20):
        mind.now_ns += SECOND
        assert mind.hear(T0 + n * SECOND) == []
        old, renewed = [[command(m + 1, asset, issued=T0 + m * SECOND) for asset in ("", "A")] for m in (n - 1, n)]
        assert mind.told(*renewed) == [CommandBelieved(*each) for each in zip(renewed, old, strict=True)]


@pytest.mark.parametrize(("speed", "left"), [(10.0, SECOND // 5), (3.0, 666_666_667), (0.5, 4 * SECOND)])
def test_market_time_runs_with_the_speed_of_the_play(speed: float, left: int) -> None:
    mind = Mind(speed)
    mind.hear()
    mind.told(command())
    assert left_ns(mind.belief, mind.now_ns) == left
    mind.later(left - 1)
    assert mind.belief.posture is Posture.APEX
    assert mind.later(1)[0] == LeaseEnded("paper", 1, 1)
    assert market_time_ns(mind.belief, mind.now_ns) >= T0 + 2 * SECOND


def test_silence_ends_everything_at_speed_zero_where_no_lease_can_run_out() -> None:
    mind = Mind(speed=0.0)
    mind.hear()
    mind.told(command(), command(asset="A"))
    assert left_ns(mind.belief, mind.now_ns) == SILENCE + 1
    assert mind.later(SILENCE) == []
    assert mind.later(1) == [
        Shut("silence"),
        PostureChanged(Posture.APEX, Posture.HIBERNATE, "silence", (CAUSE,)),
        CapChanged("", 2 * ONE, 0, "silence", (CAUSE,), T0),
        CapChanged("A", 2 * ONE, 0, "silence", (CAUSE,), T0),
    ]
    assert mind.belief.held["A"].posture is Posture.TURTLE, "an asset's silence is no word about the account"
    assert mind.hear(T0 + 1, "")[0] == Reopened()
    assert mind.belief.last_cause == CAUSE, "a batch without a cause keeps the last one"
    assert mind.belief.posture is Posture.APEX


def test_the_next_moment_is_the_nearer_of_silence_and_the_leases_that_still_run() -> None:
    mind = Mind()
    mind.hear()
    mind.told(command(lease=60 * SECOND), command(asset="A", lease=SECOND))
    assert left_ns(mind.belief, mind.now_ns) == SECOND
    mind.later(SECOND)
    assert left_ns(mind.belief, mind.now_ns) == SILENCE + 1 - SECOND
    assert left_ns(mind.belief, mind.now_ns + 10 * SILENCE) == 0, "what is over is due now"


@pytest.mark.parametrize(("posture", "cap", "waits"), [(Posture.TURTLE, 0, False), (Posture.STALKER, 0, True), (Posture.TURTLE, 1, True)])
def test_nothing_can_run_out_where_nothing_is_granted(posture: Posture, cap: int, *, waits: bool) -> None:
    mind = Mind()
    mind.hear()
    mind.told(command(posture=posture, cap=cap))
    assert (left_ns(mind.belief, mind.now_ns) is not None) is waits


def test_old_foreign_and_future_commands_are_ignored_with_their_reason(mind: Mind) -> None:
    newest = command(5, cap=ONE)
    mind.told(newest)
    assert mind.told(command(4, cap=6 * ONE)) == [CommandIgnored("old")]
    assert mind.told(command(5, cap=6 * ONE)) == [CommandIgnored("old")]
    assert mind.told(newest) == [], "the same again is no surprise"
    assert mind.told(command(6, issued=T0 + FUTURE_LIMIT_NS + 1)) == [CommandIgnored("from the future")]
    assert mind.told(command(7, account="other")) == [CommandIgnored("not ours")]
    assert mind.told(command(7, "Z")) == [CommandIgnored("not ours")]
    assert mind.belief.held[""].cap_ppm == ONE
    ahead = command(6, issued=T0 + FUTURE_LIMIT_NS)
    (believed, *_) = mind.told(ahead)
    assert isinstance(believed, CommandBelieved)
    assert believed.command == ahead


def test_a_command_before_the_first_market_time_is_not_believed() -> None:
    mind = Mind()
    assert mind.told(command()) == [CommandIgnored("from the future")]
    assert mind.belief.commands == {}


@pytest.mark.parametrize("damage", [b"", b"\x80", encode(command(9))[:-3], encode(command(9)).replace(b"APEX", b"APEY")])
def test_damage_is_hibernate_until_the_gates_have_been_read(mind: Mind, damage: bytes) -> None:
    why = "a damaged command arrived"
    assert mind.take(Commanded(damage))[:4] == [
        CommandIgnored("damaged"),
        TrustEnded(why),
        Shut(why),
        PostureChanged(Posture.APEX, Posture.HIBERNATE, why, (CAUSE,)),
    ]
    assert mind.grant() == NOTHING
    assert mind.belief.held["B"].posture is Posture.HIBERNATE, "damage concerns every key"
    assert mind.take(Commanded(damage)) == [CommandIgnored("damaged")], "it is told once"
    assert mind.told(command(3)) == [CommandBelieved(command(3), command(1))]
    assert mind.belief.posture is Posture.HIBERNATE, "a good message does not mend a bad one"
    assert mind.take(Reread((damage,))) == [CommandIgnored("damaged")]
    assert mind.belief.damage == why
    effects = mind.take(Reread((encode(command(4, cap=ONE)), encode(command(2, "A")))))
    assert effects[:2] == [CommandBelieved(command(4, cap=ONE), command(3)), Reopened()]
    assert mind.grant() == Grant("APEX", ONE, ONE, False)


def test_damaged_values_of_the_gates_end_the_trust_too(mind: Mind) -> None:
    why = "LEVERAGE holds a damaged value"
    assert mind.take(Reread((encode(command(2)), b"junk")))[:3] == [CommandIgnored("damaged"), TrustEnded(why), Shut(why)]
    assert mind.belief.commands["paper"] == command(), "nothing of a read that is damaged is taken"
    assert mind.take(Reread(()))[0] == Reopened(), "gates that hold nothing are no damage"
    assert mind.take(Commanded(b"junk"))[1] == TrustEnded("a damaged command arrived"), "and the next damage is told anew"


def test_a_bit_that_flipped_in_a_number_is_damage(mind: Mind) -> None:
    good = bytearray(encode(command(9, cap=1_234_567)))
    good[good.index((1_234_567).to_bytes(4, "big")) + 1] ^= 0x40
    assert mind.take(Commanded(bytes(good)))[0] == CommandIgnored("damaged")
    assert mind.belief.posture is Posture.HIBERNATE


def test_distrust_is_hibernate_at_once_with_its_reason(mind: Mind) -> None:
    why = "the venue says otherwise"
    assert mind.take(Distrusted(why))[:3] == [
        TrustEnded(why),
        Shut(why),
        PostureChanged(Posture.APEX, Posture.HIBERNATE, why, (CAUSE,)),
    ]
    assert mind.take(Distrusted("again")) == []
    assert mind.belief.damage == why


def test_closing_is_final_and_keeps_its_first_reason(mind: Mind) -> None:
    assert mind.take(Closed("run ended"))[0] == Shut("run ended")
    assert mind.take(Closed("later")) == []
    assert mind.belief.closed == "run ended"
    mind.told(command(9))
    mind.take(Reread((encode(command(10)),)))
    assert mind.grant() == NOTHING
    mind.take(Distrusted("damaged too"))
    assert mind.belief.held[""].reason == "run ended", "closed comes before damaged"


def test_a_change_of_the_posture_alone_is_told_without_a_cap(mind: Mind) -> None:
    stalking = command(2, posture=Posture.STALKER)
    assert mind.told(stalking) == [
        CommandBelieved(stalking, command(1)),
        PostureChanged(Posture.APEX, Posture.STALKER, "because", ("A@trade#1",)),
    ]


def test_without_a_cause_there_is_none_to_name() -> None:
    mind = Mind()
    mind.hear(cause="")
    assert mind.belief.held[""].cause_ids == ()


def test_a_state_is_never_changed_in_place(mind: Mind) -> None:
    before = replace(mind.belief)
    mind.told(command(2, cap=ONE), command(2, "A"))
    mind.later(3 * SECOND)
    fresh: Belief = before
    assert (fresh.commands, fresh.ended) == ({"paper": command(), "paper/A": command(asset="A")}, {})
    assert fresh.held[""].cap_ppm == 2 * ONE


def test_a_late_batch_does_not_turn_the_clock_back() -> None:
    mind = Mind()
    mind.take(Heard(T0 + 10 * SECOND, CAUSE), Heard(T0, CAUSE))
    assert market_time_ns(mind.belief, mind.now_ns) == T0 + 10 * SECOND


@pytest.mark.parametrize("event", [Distrusted("a fill of nobody's order"), Closed("the run ends")])
def test_what_ends_everything_is_dated_with_market_time(event: BeliefEvent) -> None:
    mind = Mind()
    mind.take(Heard(T0, CAUSE), Commanded(encode(command())), Commanded(encode(command(asset="A"))))
    fallen = [effect for effect in mind.take(event) if isinstance(effect, CapChanged)]
    assert [effect.event_time_ns for effect in fallen] == [T0, T0]


def test_damage_that_is_mended_is_gone() -> None:
    mind = Mind()
    mind.take(Heard(T0, CAUSE), Distrusted("damage"), Reread(()))
    assert mind.belief.damage == ""
