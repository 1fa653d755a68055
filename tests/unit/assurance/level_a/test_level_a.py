"""What `dolphin test --level-a` says and records, and the lists it goes by."""

from typing import NamedTuple

import msgspec
import pytest

from dolphin.assurance.level_a import checks as level_a
from dolphin.assurance.level_a import coverage, modules, mutants, pit, record
from dolphin.assurance.level_a.checks import Result, Row
from dolphin.assurance.level_a.justified import Justification, check
from dolphin.errors import BadInput


def result(*rows: Row, check: str = "mcdc") -> Result:
    return Result(check, "conditions", rows, 1.5)


def test_the_page_shows_what_is_kept_and_keeps_its_prose() -> None:
    text = f"Prose.\n{record.BEGIN}\nold\n{record.END}\nMore prose.\n"
    kept = record.merged({}, [result(Row("a", 1_200, 1_198, 1, ("line 3 is open",)))], "abc", "2025-10-10 14:57")
    page = record.page(text, kept)
    assert page.startswith("Prose.\n")
    assert page.endswith(f"{record.END}\nMore prose.\n")
    assert "| MC/DC, Python | 1,200 conditions | 1,198 | 1 | 1 |" in page
    assert "| Mutation, Java | not recorded | | | |" in page
    assert "| `a` | 1,200 | 1,198 | 1 | 1 | abc | 2025-10-10 14:57 |" in page
    assert "`a`, line 3 is open" in page
    assert "old" not in page
    assert record.page(page, kept) == page


def test_a_row_stands_until_its_module_is_checked_again() -> None:
    first = record.merged({}, [result(Row("a", 3, 3, 0, ()), Row("b", 5, 5, 0, ()))], "abc", "then")
    second = record.merged(first, [result(Row("b", 6, 6, 0, ()))], "def", "now")
    assert [(name, each.row.total, each.commit, each.at) for name, each in second["mcdc"].items()] == [
        ("a", 3, "abc", "then"),
        ("b", 6, "def", "now"),
    ]


def test_the_page_of_the_project_shows_what_is_kept() -> None:
    text = record.PAGE.read_text()
    assert text.index(record.BEGIN) < text.index(record.END)
    if record.KEPT.is_file():
        assert record.page(text, msgspec.json.decode(record.KEPT.read_bytes(), type=record.Kept)) == text


def test_a_check_is_complete_when_nothing_is_open_in_any_module() -> None:
    assert result(Row("a", 3, 2, 1, ())).is_complete
    assert not result(Row("a", 3, 3, 0, ()), Row("b", 3, 2, 0, ("gap",))).is_complete


def test_level_a_is_the_gate_the_control_law_and_the_rules_of_the_ledger() -> None:
    known = modules.python_modules()
    assert {
        "dolphin.core.order_gate.admission",
        "dolphin.core.control.breaker",
        "dolphin.core.control.gate_entry",
        "dolphin.core.ledger.accounts",
    } <= known.keys()
    assert known.keys().isdisjoint({"dolphin.storage.sqlite", "dolphin.storage.ledger", "dolphin.storage.summary"})


def test_a_choice_that_fits_nothing_is_refused() -> None:
    assert level_a.chosen_checks([]) == ("mcdc", "mutmut", "pit", "formal")
    assert level_a.chosen_checks(["pit", "mcdc"]) == ("mcdc", "pit")
    assert list(level_a.chosen_modules(["dolphin.core.order_gate.a"])) == ["dolphin.core.order_gate.admission"]
    for choose in (level_a.chosen_checks, level_a.chosen_modules):
        with pytest.raises(BadInput):
            choose(["nonsense"])


def test_a_part_of_the_modules_needs_only_its_own_justifications_and_those_of_modules_that_are_gone() -> None:
    ours, other, gone = (
        Justification((name, "f"), "why")
        for name in ("dolphin.core.order_gate.admission", "dolphin.core.order_gate.exposure", "dolphin.core.order_gate.gone")
    )
    assert modules.about(level_a.chosen_modules(["dolphin.core.order_gate.admission"]), [ours, other, gone]) == [ours, gone]


@pytest.mark.parametrize("file", [(coverage.JUSTIFIED, coverage.KEYS), (mutants.JUSTIFIED, mutants.KEYS), (pit.JUSTIFIED, pit.KEYS)])
def test_every_list_of_justifications_can_be_read(file) -> None:
    Justification.read(*file)


class Hole(NamedTuple):
    module: str
    what: str

    @property
    def place(self) -> tuple[str, ...]:
        return tuple(self)


def test_what_is_open_is_told_with_its_module_even_if_that_is_gone() -> None:
    entries = [Justification(("a", "old"), "was so"), Justification(("gone", "f"), "was so"), Justification(("a", "equal"), "is so")]
    verdict = check([Hole("a", "gap"), Hole("a", "equal")], entries)
    assert level_a._rows([("a", 9, 7), ("b", 3, 3), ("empty", 0, 0)], verdict, lambda gap: gap.what) == (
        Row("a", 9, 7, 1, ("gap", "justified, but not needed any more: old")),
        Row("b", 3, 3, 0, ()),
        Row("gone", 0, 0, 0, ("justified, but not needed any more: f",)),
    )


def test_every_module_is_mutated_with_one_folder_and_its_tests() -> None:
    known = modules.python_modules()
    parts = [modules.in_folder(folder, known) for folder in modules.FOLDERS]
    assert all(parts)
    assert sorted(name for part in parts for name in part) == sorted(known)
    for folder in modules.FOLDERS:
        assert all((modules.SOURCE.parent / test).exists() for test in modules.TESTS[folder])
