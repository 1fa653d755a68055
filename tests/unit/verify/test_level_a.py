"""What `dolphin test --level-a` says and records, and the lists it goes by."""

from datetime import UTC, datetime

import pytest

from dolphin.errors import BadInput
from dolphin.verify import coverage, level_a, modules, mutants, pit
from dolphin.verify.justified import Justification
from dolphin.verify.level_a import Result, Row

AT = datetime(2025, 10, 10, 14, 57, tzinfo=UTC)
RESULT = Result("MC/DC, Python", "conditions", (Row("a", 1_200, 1_198, 1),), ("a:3 is open",), ("b / c",), 12.3)


def test_the_page_holds_the_last_result_and_keeps_its_prose() -> None:
    text = f"Prose.\n{level_a.BEGIN}\nold\n{level_a.END}\nMore prose.\n"
    page = level_a.page(text, [RESULT], "abc", AT)
    assert page.startswith("Prose.\n")
    assert page.endswith(f"{level_a.END}\nMore prose.\n")
    assert "Commit abc, 2025-10-10 14:57 UTC." in page
    assert "| MC/DC, Python | 1,200 conditions | 1,198 | 1 | 2 | 12 s |" in page
    assert "Open: a:3 is open" in page
    assert "Not needed: b / c" in page
    assert "old" not in page
    assert level_a.page(page, [RESULT], "abc", AT) == page


def test_the_page_of_the_project_has_a_place_for_the_result() -> None:
    text = level_a.PAGE.read_text()
    assert text.index(level_a.BEGIN) < text.index(level_a.END)


def test_a_check_is_complete_when_nothing_is_open_and_nothing_is_excused_in_vain() -> None:
    assert Result("c", "u", (), (), (), 0).is_complete
    assert not Result("c", "u", (), ("gap",), (), 0).is_complete
    assert not Result("c", "u", (), (), ("gone",), 0).is_complete


def test_level_a_is_the_gate_the_control_law_and_the_rules_of_the_ledger() -> None:
    known = modules.python_modules()
    assert {"dolphin.gate.rule", "dolphin.control.acb", "dolphin.control.entry", "dolphin.ledger.book"} <= known.keys()
    assert known.keys().isdisjoint({"dolphin.ledger.sqlite", "dolphin.ledger.writer", "dolphin.ledger.summary"})


def test_a_choice_that_fits_nothing_is_refused() -> None:
    assert level_a.chosen_checks([]) == ("mcdc", "mutmut", "pit", "formal")
    assert level_a.chosen_checks(["pit", "mcdc"]) == ("mcdc", "pit")
    assert list(level_a.chosen_modules(["dolphin.gate.r"])) == ["dolphin.gate.rule"]
    for choose in (level_a.chosen_checks, level_a.chosen_modules):
        with pytest.raises(BadInput):
            choose(["nonsense"])


def test_a_part_of_the_modules_needs_only_its_own_justifications_and_those_of_modules_that_are_gone() -> None:
    ours, other, gone = (Justification((name, "f"), "why") for name in ("dolphin.gate.rule", "dolphin.gate.book", "dolphin.gate.gone"))
    assert modules.about(level_a.chosen_modules(["dolphin.gate.rule"]), [ours, other, gone]) == [ours, gone]


@pytest.mark.parametrize("file", [(coverage.JUSTIFIED, coverage.KEYS), (mutants.JUSTIFIED, mutants.KEYS), (pit.JUSTIFIED, pit.KEYS)])
def test_every_list_of_justifications_can_be_read(file) -> None:
    Justification.read(*file)
