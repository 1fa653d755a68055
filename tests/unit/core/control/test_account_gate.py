"""The leverage entry of an account, rule by rule: the controller's last word under the operator's cut."""

import pytest

from dolphin.core.control import account_gate
from dolphin.core.control.account_gate import FACTORS, MAX_REASONS, AccountState, apply
from dolphin.core.control.manual_cut import Manual
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE

START = 1_723_161_255_000_000_000
Signal = dict[str, object]


def survival(seq: int, **changes: object) -> Signal:
    fields: Signal = {
        "kind": "survival",
        "epoch": START,
        "seq": seq,
        "issued_at_ns": START + seq,
        "posture": "STALKER",
        "cap_ppm": 1_900_000,
        "r_total_ppm": 800_000,
        "factors_ppm": [ONE, ONE, 800_000, ONE, ONE],
        "passive_only": False,
        "reasons": ["jitter: f3 part 800000"],
        "cause_ids": ["BTCUSDT@depth#7"],
        "expires_at_ns": START + seq + 2,
    }
    return {**fields, **changes}


def manual(seq: int, **changes: object) -> Signal:
    return {"kind": "manual", "op": "cut", "level": 2, "seq": seq, "time_ns": START + 5, "by": "ann", "reason": "look", **changes}


def told(*signals: Signal) -> AccountState:
    state = AccountState("paper")
    for signal in signals:
        outcome = apply(state, signal)
        assert outcome.is_accepted, outcome.refusal
        state = outcome.state
    return state


def test_what_the_controller_said_is_the_entry() -> None:
    assert told(survival(1)) == AccountState(
        "paper",
        epoch=START + 1,
        seq=1,
        time_ns=START + 1,
        expires_at_ns=START + 3,
        cap_ppm=1_900_000,
        posture=Posture.STALKER,
        granted_ppm=1_900_000,
        r_total_ppm=800_000,
        factors_ppm=(ONE, ONE, 800_000, ONE, ONE),
        is_passive_only=False,
        source_epoch=START,
        source_seq=1,
        reasons=("jitter: f3 part 800000",),
        cause_ids=("BTCUSDT@depth#7",),
    )


def test_the_command_says_what_the_entry_holds() -> None:
    state = told(survival(1), manual(1))
    command = account_gate.command(state, 7)
    assert command == (
        "paper",
        "",
        state.epoch,
        2,
        Posture.STALKER,
        1_900_000,
        800_000,
        (ONE, ONE, 800_000, ONE, ONE),
        False,
        ("cut by ann: look", "jitter: f3 part 800000"),
        ("BTCUSDT@depth#7",),
        START + 5,
        START + 3,
        7,
    )


@pytest.mark.parametrize(
    ("signal", "why"),
    [
        ({"kind": "vote"}, "this key takes kinds survival and manual"),
        ({}, "this key takes kinds survival and manual"),
        (survival(2, epoch=None), "a survival signal needs epoch, seq and issued_at_ns"),
        (survival(0), "a survival signal needs epoch, seq and issued_at_ns"),
        (survival(2, issued_at_ns=-1), "a survival signal needs epoch, seq and issued_at_ns"),
        (survival(1), "old seq"),
        (survival(9, epoch=START - 1), "old seq"),
        (manual(1, op="?"), "a manual signal needs op cut or release, by, seq and time_ns"),
    ],
)
def test_a_signal_that_cannot_be_taken_is_refused_with_its_reason_and_changes_nothing(signal: Signal, why: str) -> None:
    state = told(survival(1))
    assert apply(state, signal) == GateOutcome(state, False, False, why)


def test_time_may_begin_at_zero() -> None:
    state = told(survival(1, epoch=0, issued_at_ns=0, expires_at_ns=0))
    assert (state.source_epoch, state.time_ns, state.expires_at_ns, state.cap_ppm) == (0, 0, 0, 1_900_000)


def test_a_new_epoch_counts_from_one_again_and_time_never_steps_back() -> None:
    state = told(survival(9), survival(1, epoch=START + 1, issued_at_ns=START + 2), manual(1))
    assert (state.source_epoch, state.source_seq, state.time_ns, state.seq, state.epoch) == (START + 1, 1, START + 9, 3, START + 9)


@pytest.mark.parametrize("name", ["apex", "", None, 0, []])
def test_a_posture_that_cannot_be_read_is_the_worst(name: object) -> None:
    state = told(survival(1, posture=name))
    assert (state.posture, state.cap_ppm) == (Posture.HIBERNATE, 0)
    assert state.reasons == ("jitter: f3 part 800000", "posture unreadable")


@pytest.mark.parametrize("cap", [None, -1, 6 * ONE + 1, 1.0, True])
def test_a_cap_that_cannot_be_read_is_zero(cap: object) -> None:
    state = told(survival(1, cap_ppm=cap))
    assert (state.cap_ppm, state.reasons) == (0, ("jitter: f3 part 800000", "cap unreadable"))


@pytest.mark.parametrize(("posture", "cap"), [("APEX", 6 * ONE), ("STALKER", 2 * ONE), ("TURTLE", 0), ("HIBERNATE", 0)])
def test_the_cap_never_exceeds_what_the_posture_allows(posture: str, cap: int) -> None:
    assert told(survival(1, posture=posture, cap_ppm=6 * ONE)).cap_ppm == cap


@pytest.mark.parametrize(
    "factors", [None, "12345", [ONE] * (FACTORS - 1), [ONE] * (FACTORS + 1), [ONE, ONE, ONE, ONE, None], [ONE, ONE + 1, ONE, ONE, ONE]]
)
def test_factors_that_are_not_five_numbers_are_zero(factors: object) -> None:
    assert told(survival(1, factors_ppm=factors)).factors_ppm == (0,) * FACTORS


def test_a_factor_and_a_cap_of_zero_are_readable() -> None:
    state = told(survival(1, cap_ppm=0, factors_ppm=[ONE, 0, ONE, ONE, ONE]))
    assert (state.factors_ppm, state.cap_ppm, state.reasons) == ((ONE, 0, ONE, ONE, ONE), 0, ("jitter: f3 part 800000",))


@pytest.mark.parametrize("r_total", [None, -1, ONE + 1])
def test_an_r_that_cannot_be_read_is_zero(r_total: object) -> None:
    assert told(survival(1, r_total_ppm=r_total)).r_total_ppm == 0


@pytest.mark.parametrize("claim", [True, None, 0, "no"])
def test_passive_only_holds_unless_it_is_plainly_false(claim: object) -> None:
    assert told(survival(1, passive_only=claim)).is_passive_only


def test_a_lease_that_cannot_be_read_is_over() -> None:
    assert told(survival(1, expires_at_ns=None)).expires_at_ns == START + 1
    assert told(survival(1, expires_at_ns=0)).expires_at_ns == 0


def test_reasons_and_causes_are_bounded_and_readable() -> None:
    state = told(survival(1, reasons=["", None, *map(str, range(40))], cause_ids="nonsense"))
    assert state.reasons == tuple(map(str, range(MAX_REASONS)))
    assert state.cause_ids == ()


def test_an_operators_cut_bounds_what_the_controller_grants_until_it_is_released() -> None:
    cut = told(survival(1), manual(1, level=3))
    assert (cut.cap_ppm, cut.manual) == (1_200_000, Manual(3, 1, "cut by ann: look"))
    assert apply(cut, survival(2)).state.cap_ppm == 1_200_000
    released = apply(cut, manual(2, op="release"))
    assert (released.state.cap_ppm, released.is_changed) == (1_900_000, True)


@pytest.mark.parametrize(
    ("signal", "is_changed"),
    [(survival(2), False), (survival(2, cap_ppm=1_899_999), True), (survival(2, posture="APEX"), True), (manual(1, level=1), False)],
)
def test_a_change_is_of_the_cap_or_the_posture(signal: Signal, is_changed: bool) -> None:
    assert apply(AccountState("paper"), survival(1, posture="HIBERNATE")).is_changed  # the first of all, even if it grants nothing
    assert apply(told(survival(1)), signal).is_changed is is_changed


def test_a_full_stop_forgets_what_the_controller_said_and_keeps_the_operators_cut() -> None:
    state = told(survival(1), manual(1))
    after = account_gate.restored(state)
    assert (after.cap_ppm, after.granted_ppm, after.posture, after.expires_at_ns) == (0, 0, Posture.HIBERNATE, 0)
    assert (after.seq, after.reasons, after.cause_ids) == (0, ("restarted",), ())
    assert after.manual == state.manual
    assert account_gate.durable(after) == account_gate.durable(state)
