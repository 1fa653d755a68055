"""What an operator's word does, and what it cannot do."""

from dataclasses import replace

import pytest
from gates_of_a_day import NOTHING, broken, demanded, told, voted

from dolphin.core.contract.packing import pack
from dolphin.core.control import gate_entry
from dolphin.core.control.command import decode
from dolphin.core.control.manual_cut import MAX_TEXT
from dolphin.core.control.posture import Posture
from dolphin.core.units import ONE
from dolphin.errors import BadInput, DolphinError
from dolphin.operator import operations as operation
from dolphin.operator.gate_state import Gates
from dolphin.operator.operations import Author, Operation, rehearse

ANN = Author("ann", "the news")


def done(gates: Gates, word: Operation) -> Gates:
    """The gates after the entry processor took the word, by the map's own rule."""
    key = gates.key(word.asset)
    old = gates.posture_value if word.map_name == "POSTURE" else gates.breaker_values.get(word.asset, gates.account_value)
    value = gate_entry.apply(word.map_name, key, old, word.signal).value
    assert value is not None
    if word.map_name == "POSTURE":
        return replace(gates, posture_value=value)
    return replace(gates, breaker_values={**gates.breaker_values, word.asset: value}) if word.asset else replace(gates, account_value=value)


def test_a_forced_posture_bounds_the_cap_and_says_whose_word_it_is() -> None:
    gates = demanded(NOTHING, 1)
    result = rehearse(gates, operation.force(gates, Posture.STALKER, ANN))
    assert (result.refusal, result.before.cap_ppm, result.after.cap_ppm) == ("", 6 * ONE, 2 * ONE)
    assert (result.before.posture, result.after.posture, result.after.ceiling) == ("APEX", "STALKER", "STALKER")
    assert result.still_held == ("an operator's word: forced to STALKER by ann: the news",)


def test_lifting_a_forced_posture_gives_back_what_r_has_earned_and_no_more() -> None:
    gates = demanded(NOTHING, 1)
    gates = done(gates, operation.force(gates, Posture.HIBERNATE, ANN))
    gates = demanded(gates, 2, 450_000)
    result = rehearse(gates, operation.unforce(gates, ANN))
    assert (result.before.cap_ppm, result.after.cap_ppm, result.after.posture) == (0, 2 * ONE, "STALKER")
    assert any("R 45.0 %" in each for each in result.still_held)


def test_releasing_a_latch_starts_r_from_nothing() -> None:
    gates = demanded(broken(demanded(NOTHING, 1)), 2)
    result = rehearse(gates, operation.unlatch(gates, ANN))
    assert result.before.latch == "agent: checksum"
    assert (result.after.latch, result.after.r_ppm, result.after.cap_ppm, result.after.posture) == ("", 0, 0, "HIBERNATE")


@pytest.mark.parametrize("state", ["not ready", "still broken", "not latched"])
def test_a_latch_is_not_released_while_the_governor_says_no(state: str) -> None:
    gates = demanded(NOTHING, 1)
    if state != "not latched":
        gates = broken(gates)
    if state == "not ready":
        gates = demanded(gates, 2, is_ready=False)
    if state == "still broken":
        gates = demanded(gates, 2, broken=["feed lost"])
    result = rehearse(gates, operation.unlatch(gates, ANN))
    assert result.refusal
    assert result.before == result.after


def test_only_the_release_of_a_latch_asks_for_reconciliation() -> None:
    gates = demanded(demanded(NOTHING, 1), 2)
    forced = told(gates, {"kind": "operator", "op": "force", "posture": "TURTLE", "by": "ann", "reason": "x", "seq": 1})
    assert operation.unlatch(gates, ANN).needs_reconciliation
    assert not operation.unforce(forced, ANN).needs_reconciliation
    assert not operation.force(gates, Posture.TURTLE, ANN).needs_reconciliation


def test_a_milder_force_after_a_harder_one_is_a_loosening() -> None:
    gates = demanded(NOTHING, 1)
    assert not operation.force(gates, Posture.TURTLE, ANN).is_loosening
    gates = done(gates, operation.force(gates, Posture.TURTLE, ANN))
    assert operation.force(gates, Posture.STALKER, ANN).is_loosening
    assert not operation.force(gates, Posture.HIBERNATE, ANN).is_loosening
    assert operation.unforce(gates, ANN).is_loosening


def test_a_milder_cut_after_a_harder_one_is_a_loosening() -> None:
    gates = voted(demanded(NOTHING, 1), 1)
    assert not operation.cut(gates, "BTCUSDT", 3, ANN).is_loosening
    gates = done(gates, operation.cut(gates, "BTCUSDT", 3, ANN))
    assert operation.cut(gates, "BTCUSDT", 2, ANN).is_loosening
    assert operation.uncut(gates, "BTCUSDT", ANN).is_loosening


def test_releasing_a_manual_cut_never_lifts_what_the_rule_holds_and_says_so() -> None:
    gates = demanded(NOTHING, 1)
    for seq in range(1, 4):
        gates = voted(gates, seq, ONE)
    gates = done(gates, operation.cut(gates, "BTCUSDT", 1, ANN))
    result = rehearse(gates, operation.uncut(gates, "BTCUSDT", ANN))
    assert (result.before.manual_level, result.after.manual_level, result.after.level, result.after.cap_ppm) == (1, 0, 4, 0)
    assert any("the breaker's level 4" in each for each in result.still_held)
    assert any("its hold" in each for each in result.still_held)


def test_a_cut_of_the_account_bounds_it_beside_the_posture() -> None:
    gates = demanded(NOTHING, 1)
    result = rehearse(gates, operation.cut(gates, "", 2, ANN))
    assert (result.after.cap_ppm, result.after.posture, result.after.manual_level) == (2_700_000, "APEX", 2)


def test_an_asset_is_also_held_by_the_account() -> None:
    gates = demanded(NOTHING, 1, 200_000)
    for seq in range(1, 9):
        gates = voted(gates, seq)
    gates = done(gates, operation.cut(gates, "BTCUSDT", 1, ANN))
    result = rehearse(gates, operation.uncut(gates, "BTCUSDT", ANN))
    assert result.still_held[-1].startswith("the account's own cap of")


def test_somebody_elses_word_in_between_makes_ours_an_old_one() -> None:
    gates = demanded(NOTHING, 1)
    ours, theirs = operation.force(gates, Posture.STALKER, ANN), operation.force(gates, Posture.HIBERNATE, Author("bob", "no"))
    assert rehearse(done(gates, theirs), ours).refusal == "old seq"


def test_a_value_names_the_operation_that_made_it() -> None:
    gates = demanded(NOTHING, 1)
    word = operation.force(gates, Posture.STALKER, ANN)
    value = gate_entry.apply("POSTURE", "paper", gates.posture_value, word.signal).value
    assert word.made(value or b"")
    assert not operation.force(gates, Posture.STALKER, Author("bob", "no")).made(value or b"")


def test_the_longest_author_leaves_the_note_readable_for_the_account() -> None:
    gates = demanded(NOTHING, 1)
    longest = Author("b" * operation.MAX_BY, "r" * operation.MAX_REASON)
    gates = done(gates, operation.force(gates, Posture.HIBERNATE, longest))
    assert len(gates.posture.note) <= MAX_TEXT
    gates = demanded(gates, 2)
    assert gates.posture.note in decode(gates.account_value or b"").reasons


@pytest.mark.parametrize(
    ("by", "reason"), [("", "x"), ("ann", " "), ("ann", "two\nlines"), ("a" * 65, "x"), ("ann", "r" * 161), ("ann", "\ud800")]
)
def test_an_author_that_could_not_be_kept_is_refused(by: str, reason: str) -> None:
    with pytest.raises(BadInput):
        Author(by, reason)


def test_what_bounds_nothing_or_is_not_there_is_bad_input() -> None:
    gates = voted(demanded(NOTHING, 1), 1)
    for plan in (
        lambda: operation.force(gates, Posture.APEX, ANN),
        lambda: operation.unforce(gates, ANN),
        lambda: operation.cut(gates, "BTCUSDT", 0, ANN),
        lambda: operation.cut(gates, "BTCUSDT", 5, ANN),
        lambda: operation.uncut(gates, "BTCUSDT", ANN),
        lambda: operation.uncut(gates, "", ANN),
    ):
        with pytest.raises(BadInput):
            plan()


GOOD = demanded(NOTHING, 1).posture_value or b""


@pytest.mark.parametrize("value", [b"", b"\xc1", pack({"rule": 1}), GOOD[:-1], GOOD.replace(b"epoch\xcf\x17", b"epoch\xcf\x16")])
def test_a_damaged_value_is_named_and_grants_nothing(value: bytes) -> None:
    assert value != GOOD
    with pytest.raises(DolphinError, match="POSTURE = 'paper'"):
        operation.force(replace(NOTHING, posture_value=value), Posture.STALKER, ANN)
