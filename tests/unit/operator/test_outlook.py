"""What an outlook promises is what the governor then does."""

import pytest
from gates_of_a_day import NOTHING, SECOND, T0, broken, demanded, told

from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE
from dolphin.operator.gate_state import Gates
from dolphin.operator.outlook import Outlook, outlook

PARAMS = GovernorParams()


def played(gates: Gates, first_seq: int, seconds: int, r_ppm: int = ONE) -> Gates:
    for seq in range(first_seq, first_seq + seconds):
        gates = demanded(gates, seq, r_ppm)
    return gates


@pytest.mark.parametrize(("r_ppm", "target"), [(50_000, Posture.TURTLE), (390_000, Posture.STALKER), (800_000, Posture.APEX)])
def test_the_next_milder_posture_comes_when_it_was_said_and_not_before(r_ppm: int, target: Posture) -> None:
    gates = played(demanded(NOTHING, 1), 2, 2, r_ppm)
    gates = demanded(gates, 4)  # good readings from here on
    way = outlook(gates.posture, PARAMS)
    assert way.target == target.name
    assert way.takes_ns is not None
    seconds = -(-way.takes_ns // SECOND)
    before = played(gates, 5, seconds - 1)
    assert before.posture.governed.posture == target + 1
    assert demanded(before, 4 + seconds).posture.governed.posture is target


def test_a_dwell_alone_is_waited_out() -> None:
    gates = demanded(played(demanded(NOTHING, 1), 2, 1, 390_000), 3, 450_000)  # TURTLE
    way = outlook(gates.posture, PARAMS)
    assert [condition.takes_ns for condition in way.conditions if "dwell" in condition.what] == [59 * SECOND]


def test_readings_that_do_not_allow_it_are_named_and_have_no_length() -> None:
    gates = demanded(demanded(NOTHING, 1), 2, 150_000)
    way = outlook(gates.posture, PARAMS)
    assert way.takes_ns is None
    assert any("15.0 % at most" in condition.what for condition in way.conditions)


def test_a_latch_comes_first_and_then_the_whole_way_from_nothing() -> None:
    gates = demanded(broken(demanded(NOTHING, 1)), 2)
    way = outlook(gates.posture, PARAMS)
    assert way.target == "TURTLE"
    assert way.takes_ns is None
    assert "--latch" in way.conditions[0].what
    assert way.conditions[1].takes_ns == 200_001 * PARAMS.recovery_ns_per_ppm


def test_an_operators_ceiling_is_on_the_way_only_where_it_binds() -> None:
    gates = demanded(demanded(NOTHING, 1), 2, 390_000)
    forced = told(gates, {"kind": "operator", "op": "force", "posture": "TURTLE", "by": "ann", "reason": "x", "seq": 1})
    assert any("--force" in condition.what for condition in outlook(forced.posture, PARAMS).conditions)
    forced = told(gates, {"kind": "operator", "op": "force", "posture": "STALKER", "by": "ann", "reason": "x", "seq": 1})
    assert not any("--force" in condition.what for condition in outlook(forced.posture, PARAMS).conditions)


def test_before_anything_was_heard_the_sensors_come_first() -> None:
    assert "usable reading" in outlook(NOTHING.posture, PARAMS).conditions[0].what
    unready = demanded(demanded(NOTHING, 1), 2, is_ready=False)
    assert "usable reading again" in outlook(unready.posture, PARAMS).conditions[0].what


def test_in_apex_there_is_nothing_to_wait_for() -> None:
    assert outlook(demanded(NOTHING, 1, at_ns=T0).posture, PARAMS) == Outlook("", (), 0)
