"""One `POSTURE` entry: demands in order, an invariant that anybody may call broken, an operator's word, and a full stop."""

import pytest
from msgspec.structs import replace

from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control import gate_entry, posture_gate
from dolphin.core.control.assessment import Demand
from dolphin.core.control.command import Command, decode
from dolphin.core.control.outcome import GateOutcome
from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import Posture
from dolphin.core.control.posture_gate import PostureState, apply, demand_signal
from dolphin.core.units import ONE

SECOND = 1_000_000_000
START = 1_723_161_255 * SECOND
PARAMS = GovernorParams()
Signal = dict[str, object]


def demand(seq: int, **changes: object) -> Signal:
    fields: Signal = {
        "kind": "demand",
        "epoch": START,
        "seq": seq,
        "time_ns": START + seq * SECOND,
        "is_ready": True,
        "broken": [],
        "r_cmd_ppm": ONE,
        "factors_ppm": [ONE] * 5,
        "passive_only": False,
        "reasons": [],
        "cause_ids": [],
        "expires_at_ns": START + (seq + 2) * SECOND,
    }
    return {**fields, **changes}


def operator(op: str, seq: int, **changes: object) -> Signal:
    return {"kind": "operator", "op": op, "seq": seq, "by": "ana", "reason": "drill", **changes}


def told(*signals: Signal, state: PostureState | None = None) -> tuple[PostureState, Command]:
    """The state and command after `signals`, all of which must be accepted."""
    state = state or PostureState("paper")
    before = state
    for signal in signals:
        before, outcome = state, apply(state, signal, PARAMS)
        assert outcome.is_accepted, outcome.refusal
        state = outcome.state
    return state, posture_gate.command(state, before.cap_ppm)


def test_a_demand_that_is_ready_is_granted_with_its_lease() -> None:
    _, command = told(demand(1))
    assert (command.posture, command.cap_ppm, command.r_total_ppm) == (Posture.APEX, 6_000_000, ONE)
    assert command.expires_at_ns == START + 3 * SECOND


def test_no_demand_is_believed_for_longer_than_a_minute() -> None:
    _, command = told(demand(1, expires_at_ns=2**62))
    assert command.expires_at_ns == START + SECOND + PARAMS.lease_max_ns


def test_an_old_demand_changes_nothing() -> None:
    state, _ = told(demand(5))
    for old in (demand(5, r_cmd_ppm=0), demand(4, r_cmd_ppm=0), demand(9, epoch=START - 1, r_cmd_ppm=0)):
        outcome = apply(state, old, PARAMS)
        assert (outcome.state, outcome.is_accepted, outcome.refusal) == (state, False, "old seq")


@pytest.mark.parametrize("field", ["epoch", "seq", "time_ns"])
@pytest.mark.parametrize("bad", [None, -1, 1.5, True, "7", 2**63])
def test_a_demand_that_cannot_be_ordered_is_refused(field: str, bad: object) -> None:
    state, _ = told(demand(1))
    assert not apply(state, {**demand(2), field: bad}, PARAMS).is_accepted


@pytest.mark.parametrize("bad", [None, -1, ONE + 1, 0.5, True, "1"])
def test_an_unreadable_r_is_zero_with_a_reason(bad: object) -> None:
    _, command = told(demand(1), demand(2, r_cmd_ppm=bad))
    assert (command.cap_ppm, command.reasons) == (0, ("R unreadable",))


@pytest.mark.parametrize("bad", [None, "no", 3, [""], [3], ["x" * 257]])
def test_a_list_of_broken_invariants_that_cannot_be_read_is_a_broken_one(bad: object) -> None:
    state, command = told(demand(1), demand(2, broken=bad))
    assert command.cap_ppm == 0
    assert state.governed.latch == "broken unreadable"


def test_what_is_readable_among_broken_invariants_is_named_too() -> None:
    assert told(demand(1, broken=["feed", None]))[0].governed.latch == "feed, broken unreadable"


def test_an_r_of_zero_is_readable() -> None:
    assert told(demand(1, r_cmd_ppm=0))[1].reasons == ()


@pytest.mark.parametrize(("claim", "is_passive_only"), [(False, False), (True, True), (None, True), (0, True)])
def test_passive_only_holds_unless_it_is_plainly_false(claim: object, is_passive_only: bool) -> None:
    assert told(demand(1, passive_only=claim))[1].passive_only is is_passive_only


def test_a_recovery_is_a_reason_unless_a_latch_is_the_better_one() -> None:
    fall = demand(2, r_cmd_ppm=500_000)
    assert told(demand(1), fall, demand(3, reasons=["r"]))[1].reasons == ("r", f"recovering toward R {ONE}")
    assert told(demand(1), fall, demand(3, broken=["feed"]))[1].reasons == ("invariant broken: feed",)


def test_whatever_is_not_plainly_ready_is_not_ready() -> None:
    for claim in (False, None, 1, "true"):
        _, command = told(demand(1), demand(2, is_ready=claim))
        assert (command.posture, command.cap_ppm) == (Posture.HIBERNATE, 0)


def test_anybody_may_call_an_invariant_broken_and_nonsense_does_not_stop_it() -> None:
    state, command = told(demand(1), {"kind": "broken", "source": "agent", "reason": "ledger desync", "cause_id": "entry#7"})
    assert (command.posture, command.cap_ppm, command.factors_ppm[0]) == (Posture.HIBERNATE, 0, 0)
    assert command.reasons[0] == "invariant broken: agent: ledger desync"
    assert command.cause_ids == ("entry#7",)
    assert told({"kind": "broken"})[0].governed.latch == "an unnamed part: unreadable"
    later, command = told({"kind": "broken", "source": "feed", "reason": "gap", "cause_id": "x"}, demand(2), state=state)
    assert later.governed.latch == "agent: ledger desync"  # the first reason stays
    assert command.cap_ppm == 0


def test_the_cause_of_a_latch_is_that_of_its_first_reason() -> None:
    unnamed: Signal = {"kind": "broken", "source": "agent", "reason": "desync"}
    state, command = told(demand(1, cause_ids=["c"]), unnamed)
    assert command.cause_ids == ("c",)
    assert told({**unnamed, "cause_id": "late"}, state=state)[1].cause_ids == ("c",)


def test_a_latch_is_told_before_what_an_operator_forced() -> None:
    _, command = told(demand(1, broken=["feed"], reasons=["r"]), operator("force", 1, posture="TURTLE"))
    assert command.reasons == ("invariant broken: feed", "forced to TURTLE by ana: drill", "r")


@pytest.mark.parametrize("op", ["force", "unforce", "unlatch"])
def test_each_word_of_an_operator_counts_once(op: str) -> None:
    state, _ = told(demand(1, broken=["feed"]), demand(2), operator(op, 1))
    assert state.operator_seq == 1
    assert apply(state, operator("force", 1), PARAMS).refusal == "old seq"


def test_what_is_no_longer_forced_has_no_note() -> None:
    assert told(demand(1), operator("force", 1), operator("unforce", 2))[0].note == ""


@pytest.mark.parametrize(
    ("signal", "is_changed"),
    [
        (demand(2, r_cmd_ppm=300_000), False),
        (demand(2, r_cmd_ppm=50_000), True),  # TURTLE to HIBERNATE: no cap in either
        (operator("force", 1, posture="TURTLE"), False),
        (operator("force", 1, posture="HIBERNATE"), True),
    ],
)
def test_a_change_of_the_posture_is_one_although_the_cap_stays(signal: Signal, is_changed: bool) -> None:
    state, _ = told(demand(1, r_cmd_ppm=300_000))
    assert apply(state, signal, PARAMS).is_changed is is_changed


def test_a_change_of_the_cap_is_one_although_the_posture_stays() -> None:
    state, _ = told(demand(1))
    assert apply(state, demand(2, r_cmd_ppm=999_999), PARAMS).is_changed is True
    assert apply(state, demand(2), PARAMS).is_changed is False


def test_the_first_command_is_a_change_although_it_grants_nothing() -> None:
    assert apply(PostureState("paper"), demand(1, is_ready=False), PARAMS).is_changed is True


def test_a_latch_is_released_by_an_operator_while_nothing_is_broken_and_r_starts_from_nothing() -> None:
    state, _ = told(demand(1), demand(2, broken=["heartbeat lost"]))
    assert apply(state, operator("unlatch", 1), PARAMS).refusal == "still broken or not sensed: nothing can be released"
    state, _ = told(demand(3, is_ready=False), state=state)
    assert apply(state, operator("unlatch", 1), PARAMS).refusal == "still broken or not sensed: nothing can be released"
    state, command = told(demand(4), operator("unlatch", 1), state=state)
    assert (command.cap_ppm, command.r_total_ppm) == (0, 0)
    _, command = told(demand(5), state=state)
    assert 0 < command.r_total_ppm <= ONE // 6_000
    assert command.factors_ppm[0] == ONE
    assert apply(state, operator("unlatch", 2), PARAMS).refusal == "nothing is latched"


def test_an_operator_forces_a_ceiling_and_takes_it_off_again() -> None:
    state, command = told(demand(1), operator("force", 1, posture="TURTLE"))
    assert (command.posture, command.cap_ppm) == (Posture.TURTLE, 0)
    assert command.reasons == ("forced to TURTLE by ana: drill",)
    assert apply(state, operator("unforce", 1), PARAMS).refusal == "old seq"
    state, command = told(operator("unforce", 2), state=state)
    assert (command.posture, command.cap_ppm, command.reasons) == (Posture.APEX, 6_000_000, ())


def test_a_ceiling_never_lifts_a_posture() -> None:
    _, command = told(demand(1, r_cmd_ppm=300_000), operator("force", 1, posture="APEX"))
    assert command.posture is Posture.TURTLE


@pytest.mark.parametrize("bad", [None, 1, "apex", "", [], "NONE"])
def test_a_forced_posture_that_cannot_be_read_is_the_worst_one(bad: object) -> None:
    assert told(demand(1), operator("force", 1, posture=bad))[1].posture is Posture.HIBERNATE


@pytest.mark.parametrize("bad", [{"op": "open"}, {"by": ""}, {"by": None}, {"seq": 0}, {"seq": None}])
def test_an_operator_signal_without_a_name_an_order_or_a_known_word_is_refused(bad: Signal) -> None:
    state, _ = told(demand(1))
    assert not apply(state, {**operator("force", 1, posture="TURTLE"), **bad}, PARAMS).is_accepted


def test_another_kind_is_refused() -> None:
    assert apply(PostureState("paper"), {"kind": "vote"}, PARAMS).refusal == "this key takes kinds demand, broken and operator"


def stored(*signals: Signal, value: bytes | None = None) -> bytes:
    for signal in signals:
        value = gate_entry.apply("POSTURE", "paper", value, pack(signal)).value
    assert value is not None
    return value


def version(value: bytes) -> int:
    return unpack(value)["version"]


def test_a_renewal_is_no_new_version_and_a_change_that_must_last_is_one() -> None:
    value = stored(demand(1))
    assert version(value) == 1
    value = stored(demand(2), demand(3), value=value)
    assert version(value) == 1
    value = stored(demand(4, r_cmd_ppm=990_001), value=value)
    assert version(value) == 2  # below a whole per cent
    value = stored(demand(5, r_cmd_ppm=990_000), value=value)
    assert version(value) == 2
    value = stored(operator("force", 1, posture="STALKER"), value=value)
    assert version(value) == 3
    value = stored({"kind": "broken", "source": "a", "reason": "b"}, value=value)
    assert version(value) == 4
    assert version(stored({"kind": "broken", "source": "a", "reason": "c"}, value=value)) == 4


def test_the_same_signal_twice_on_the_same_value_is_the_same_operation() -> None:
    value = stored(demand(1))
    cut = demand(2, r_cmd_ppm=0)
    first, second = unpack(stored(cut, value=value)), unpack(stored(cut, value=value))
    assert (first["version"], first["op"]) == (second["version"], second["op"])
    assert first["op"] != unpack(value)["op"]


def test_the_same_signal_in_another_epoch_is_another_operation() -> None:
    signal, value = demand(2, time_ns=START + SECOND, r_cmd_ppm=0), stored(demand(1))
    before, again = (unpack(stored(signal, value=held)) for held in (value, gate_entry.restored("POSTURE", "paper", value)))
    assert before["version"] == again["version"] == 2
    assert before["epoch"] != again["epoch"]
    assert before["op"] != again["op"]


def test_after_a_full_stop_nothing_is_granted_and_nothing_is_forgotten() -> None:
    value = gate_entry.restored(
        "POSTURE", "paper", stored(demand(1), demand(2, r_cmd_ppm=777_777), operator("force", 1, posture="STALKER"))
    )
    command = decode(value)
    assert (command.posture, command.cap_ppm, command.expires_at_ns) == (Posture.HIBERNATE, 0, 0)
    command = decode(stored(demand(1, epoch=START + SECOND, time_ns=START + 9 * SECOND), value=value))
    assert command.posture is Posture.STALKER
    assert command.r_total_ppm == 770_000
    assert command.reasons[0] == "forced to STALKER by ana: drill"


def test_a_full_stop_keeps_the_history_and_takes_the_grant() -> None:
    state, _ = told(demand(1, cause_ids=["c"]), demand(2, r_cmd_ppm=777_777), operator("force", 1, posture="STALKER"))
    after = posture_gate.restored(state)
    governed = replace(state.governed, is_ready=False, r_ppm=770_000, rise_anchor_ns=START + 2 * SECOND)
    assert after == state._replace(seq=0, expires_at_ns=0, cap_ppm=0, governed=governed, reasons=("restarted",), cause_ids=())
    assert after.governed.is_ready is False
    assert posture_gate.durable(after) == (True, "", 77, Posture.STALKER, Posture.STALKER, 1)


def test_a_full_stop_earns_no_recovery_for_the_time_that_nobody_saw() -> None:
    value = gate_entry.restored("POSTURE", "paper", stored(demand(1), demand(2, r_cmd_ppm=500_000)))
    value = stored(demand(1, epoch=START + SECOND, time_ns=START + 100 * SECOND), value=value)
    assert decode(value).r_total_ppm == 500_000
    value = stored(demand(2, epoch=START + SECOND, time_ns=START + 101 * SECOND), value=value)
    assert decode(value).r_total_ppm == 500_000 + SECOND // PARAMS.recovery_ns_per_ppm


def test_a_latch_is_still_there_after_a_full_stop() -> None:
    value = gate_entry.restored("POSTURE", "paper", stored(demand(1), demand(2, broken=["fencing epoch lost"])))
    command = decode(stored(demand(1, epoch=START + SECOND, time_ns=START + 9 * SECOND), value=value))
    assert command.cap_ppm == 0
    assert command.reasons[0] == "invariant broken: fencing epoch lost"


def test_the_first_command_after_a_full_stop_is_newer_than_any_before_it() -> None:
    before = stored(demand(1), demand(2), demand(3))
    again = stored(demand(4, time_ns=START + 3 * SECOND), value=gate_entry.restored("POSTURE", "paper", before))
    assert decode(again).is_newer_than(decode(before))


def test_a_damaged_value_is_given_back_as_it_is_and_refuses_everything() -> None:
    damaged = stored(demand(1))[:-3]
    assert gate_entry.restored("POSTURE", "paper", damaged) == damaged
    answer = unpack(gate_entry.apply("POSTURE", "paper", damaged, pack(demand(2))).answer)
    assert answer["refusal"] == "stored state unreadable"


@pytest.mark.parametrize(
    ("signal", "why"),
    [
        ({}, "this key takes kinds demand, broken and operator"),
        ({"kind": "survival"}, "this key takes kinds demand, broken and operator"),
        (demand(2, epoch=None), "a demand needs epoch, seq and time_ns"),
        (demand(1), "old seq"),
        (demand(9, epoch=START - 1), "old seq"),
        (operator("?", 9), "an operator signal needs op force, unforce or unlatch, by and seq"),
        (operator("force", 1, posture="APEX"), "old seq"),
        (operator("unlatch", 9), "nothing is latched"),
    ],
)
def test_a_refusal_names_its_reason_and_changes_nothing(signal: Signal, why: str) -> None:
    state, _ = told(demand(1), operator("force", 1, posture="STALKER"))
    assert apply(state, signal, PARAMS) == GateOutcome(state, False, False, why)


def test_a_release_that_must_wait_changes_nothing() -> None:
    for last in (demand(2, broken=["feed"]), demand(2, is_ready=False)):
        state, _ = told(demand(1, broken=["feed"]), last)
        wait = "still broken or not sensed: nothing can be released"
        assert apply(state, operator("unlatch", 1), PARAMS) == GateOutcome(state, False, False, wait)


def test_time_may_begin_at_zero() -> None:
    state, command = told(demand(1, epoch=0, time_ns=0, expires_at_ns=0))
    assert (state.source_epoch, state.governed.time_ns, command.issued_at_ns, command.expires_at_ns) == (0, 0, 0, 0)
    assert told(demand(1, expires_at_ns=0))[1].expires_at_ns == 0


def test_the_state_and_the_command_say_the_same() -> None:
    factors = [900_000, 800_000, 700_000, 600_000, 500_000]
    state, command = told(demand(1, factors_ppm=factors, r_cmd_ppm=700_000, reasons=["r"], cause_ids=["c"], passive_only=True))
    assert (state.cap_ppm, state.factors_ppm, state.is_passive_only, state.reasons, state.cause_ids) == (
        2_000_000,
        tuple(factors),
        True,
        ("r",),
        ("c",),
    )
    assert command == (
        "paper",
        "",
        START + SECOND,
        1,
        Posture.STALKER,
        2_000_000,
        700_000,
        tuple(factors),
        True,
        ("r",),
        ("c",),
        START + SECOND,
        START + 3 * SECOND,
        0,
    )


def test_two_full_stops_in_a_row_begin_two_epochs_although_time_stands() -> None:
    value, epochs = stored(demand(1)), []
    for seq in (2, 3, 4):
        value = stored(demand(seq, time_ns=START + SECOND), value=gate_entry.restored("POSTURE", "paper", value))
        epochs.append(decode(value).epoch)
        assert version(value) == seq  # each is in the database before the next stop
    assert epochs == sorted(set(epochs))


def test_a_demand_arrives_at_the_gate_as_it_was_made() -> None:
    made = Demand(7, True, ("ledger",), 5, 6, (1, 2, 3, 4, 5), False, ("thin",), ("A@depth#1",), 9)
    assert demand_signal(made, 2, 3) == {
        "kind": "demand",
        "epoch": 2,
        "seq": 3,
        "time_ns": 7,
        "is_ready": True,
        "broken": ["ledger"],
        "r_cmd_ppm": 5,
        "factors_ppm": [1, 2, 3, 4, 5],
        "passive_only": False,
        "reasons": ["thin"],
        "cause_ids": ["A@depth#1"],
        "expires_at_ns": 9,
    }
