"""What counts as a decision, and that watching a module does not change what it does."""

import ast

from dolphin.assurance.level_a.decisions import instrument
from dolphin.assurance.level_a.modules import python_modules


def test_a_decision_says_where_it_stands_and_of_what_it_is_made() -> None:
    _, decisions = instrument(
        "example", "class A:\n    def f(self, x):\n        if x is None or not 0 < x < 9:\n            return x == 3\n"
    )
    asked, returned = decisions
    assert (asked.module, asked.function, asked.line) == ("example", "A.f", 3)
    assert asked.text == "x is None or not 0 < x < 9"
    assert asked.conditions == ("x is None", "0 < x", "x < 9")
    assert asked.is_asked
    assert (returned.conditions, returned.is_asked) == (("x == 3",), False)


def test_annotations_and_constants_decide_nothing() -> None:
    _, decisions = instrument("example", "x: 'a < b' = 3\ndef f(a: 1 < 2 = 3) -> 1 < 2:\n    while True:\n        break\n")
    assert [decision.conditions for decision in decisions] == [()]


def test_every_comparison_of_every_level_a_module_is_watched() -> None:
    for module, path in python_modules().items():
        source = path.read_text()
        _, decisions = instrument(module, source)
        links = sum(len(node.ops) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare))
        watched = sum(
            len(node.ops)
            for decision in decisions
            if not decision.text.startswith("case ")
            for condition in decision.conditions
            for node in [ast.parse(condition, mode="eval").body]
            if isinstance(node, ast.Compare)
        )
        assert watched == links, module
