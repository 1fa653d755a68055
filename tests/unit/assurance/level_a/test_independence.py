"""MC/DC on functions whose answer is known from the literature, and on what Python adds to it."""

import itertools
from types import ModuleType
from typing import Any

import pytest

from dolphin.assurance.level_a.decisions import PROBE, instrument
from dolphin.assurance.level_a.independence import gaps
from dolphin.assurance.level_a.recording import Probe


def watched(source: str) -> tuple[ModuleType, Probe]:
    """A module made of `source`, and the probe it reports to."""
    tree, decisions = instrument("example", source)
    module, probe = ModuleType("example"), Probe(decisions)
    setattr(module, PROBE, probe)
    exec(compile(tree, "example", "exec"), module.__dict__)
    return module, probe


def missing(probe: Probe) -> set[tuple[str, str]]:
    """(condition, lacking values) of all decisions."""
    return {
        (gap.condition, gap.lacks)
        for number, decision in enumerate(probe.decisions)
        for gap in gaps(decision, probe.vectors[number], frozenset(index for seen, index in probe.values if seen == number))
    }


MATCHING = "def f(x):\n    match x:\n        case 1:\n            pass\n        case 2:\n            pass"
BRANCHY = "def f(a, b, c):\n    if (a or b) and c:\n        return 1\n    return 0"


@pytest.mark.parametrize(
    ("source", "calls", "expected"),
    [
        # (a or b) and c: the textbook's four vectors suffice ...
        (BRANCHY, [(1, 0, 1), (0, 1, 1), (0, 0, 1), (1, 0, 0)], set()),
        # ... any three of them do not, although both branches are taken
        (BRANCHY, [(1, 0, 1), (0, 0, 1)], {("b", "true"), ("c", "false")}),
        (BRANCHY, [(0, 1, 1), (0, 0, 1), (1, 0, 0)], {("a", "true")}),
        (BRANCHY, [(1, 0, 1), (0, 1, 1), (1, 0, 0)], {("a", "false"), ("b", "false")}),
        (BRANCHY, [], {("a", "true and false"), ("b", "true and false"), ("c", "true and false")}),
        # masked: b is false while a carries the outcome, so that b shows nothing
        ("def f(a, b, c):\n    return (a and b) or c", [(1, 1, 0), (1, 0, 1), (0, 0, 0)], {("b", "false")}),
        ("def f(a, b, c):\n    return (a and b) or c", [(1, 1, 0), (1, 0, 0), (0, 0, 0), (0, 0, 1)], set()),
        ("def f(a, b):\n    return not (a and not b)", [(1, 0), (1, 1), (0, 0)], set()),
        ("def f(a, b):\n    return not (a and not b)", [(1, 0), (0, 0)], {("b", "true")}),
    ],
)
def test_a_condition_is_shown_by_two_vectors_in_which_it_alone_decides(
    source: str, calls: list[tuple[int, ...]], expected: set[tuple[str, str]]
) -> None:
    module, probe = watched(source)
    for call in calls:
        module.f(*map(bool, call))
    assert missing(probe) == expected


def test_every_branch_taken_is_not_every_condition_shown() -> None:
    module, probe = watched("def f(age, level):\n    if age > 5 or level > 3:\n        return 0\n    return 6")
    assert [module.f(9, 0), module.f(0, 0)] == [0, 6]  # both lines, both branches
    assert missing(probe) == {("level > 3", "true")}


@pytest.mark.parametrize("formula", ["(a and (b or not c)) or d", "a and b and c and d", "not (a or b) or not (c and d)"])
def test_all_vectors_together_show_every_condition(formula: str) -> None:
    module, probe = watched(f"def f(a, b, c, d):\n    return {formula}")
    for call in itertools.product((False, True), repeat=4):
        assert module.f(*call) == eval(formula, dict(zip("abcd", call, strict=True)))
    assert missing(probe) == set()


def test_each_link_of_a_chained_comparison_is_a_condition_and_its_middle_is_evaluated_once() -> None:
    module, probe = watched("def f(low, reading, high):\n    return low < reading() <= high")
    asked: list[int] = []

    def reading() -> int:
        asked.append(1)
        return 5

    assert [module.f(1, reading, 9), module.f(5, reading, 9)] == [True, False]
    assert len(asked) == 2
    assert missing(probe) == {("reading() <= high", "false")}
    module.f(1, reading, 4)
    assert missing(probe) == set()


def test_a_default_that_is_no_claim_decides_nothing() -> None:
    module, probe = watched("def f(price, fallback):\n    return price or fallback or 0")
    module.f(3, 1)
    assert missing(probe) == {("price", "false"), ("fallback", "true and false")}
    assert [module.f(0, 7), module.f(0, 0)] == [7, 0]
    assert missing(probe) == set()


@pytest.mark.parametrize(
    ("source", "calls", "expected"),
    [
        ("def f(xs):\n    return [x for x in xs if x > 2]", [([3],)], {("x > 2", "false")}),
        ("def f(xs):\n    return all(x > 2 and x < 9 for x in xs)", [([3, 1],)], {("x < 9", "false")}),
        ("def f(x):\n    return 'a' if x else 'b'", [(1,)], {("x", "false")}),
        ("def f(x):\n    while x:\n        x -= 1", [(2,)], set()),
        ("def f(x):\n    assert x", [(2,)], {("x", "false")}),
        ("def f(x):\n    return f\"{'-' if x < 0 else ''}\"", [(2,)], {("x < 0", "true")}),
        ("def f(x):\n    return g(x > 1)\ndef g(x: 'int < 3'):\n    return x", [(2,)], {("x > 1", "false")}),
        (MATCHING, [(1,), (3,)], {("case 2", "true")}),
    ],
)
def test_whatever_decides_is_a_decision(source: str, calls: list[tuple[Any, ...]], expected: set[tuple[str, str]]) -> None:
    module, probe = watched(source)
    for call in calls:
        module.f(*call)
    assert missing(probe) == expected


def test_a_condition_that_raises_leaves_no_vector_and_disturbs_no_other() -> None:
    module, probe = watched(
        "def inner(x):\n    return x > 0 and 1 / (x - 1) > 0\n"
        "def outer(x):\n    try:\n        return inner(x)\n    except ZeroDivisionError:\n        return False\n"
        "def f(a, x):\n    return a and outer(x)"
    )
    assert [module.f(True, 1), module.f(True, 2), module.f(False, 1), module.f(True, 0)] == [False, True, False, False]
    assert missing(probe) == {("1 / (x - 1) > 0", "false")}
    assert module.f(True, 0.5) is False
    assert missing(probe) == set()


def test_a_recursive_decision_keeps_its_evaluations_apart() -> None:
    module, probe = watched("def f(n):\n    return n == 0 or (n > 0 and f(n - 1))")
    assert [module.f(2), module.f(-1)] == [True, False]
    assert missing(probe) == {("f(n - 1)", "false")}
