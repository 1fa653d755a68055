"""Masking MC/DC: was each condition of a decision shown to change its outcome on its own?

A condition is *unmasked* in a vector if turning it round would turn the outcome round, all others as they were; those that were not
reached could have been anything, so one completion in which it does is enough. A condition is shown when it was seen unmasked both true
and false (Chilenski, "An investigation of three forms of the MC/DC criterion", 2001). Trees of `and`, `or`, `not` are monotone in each
leaf, so the two vectors have different outcomes.

Where a decision's value is used and its last operand is not a truth value (`price or 0`), that operand decides nothing: the decision is
what stands before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from dolphin.assurance.level_a.decisions import Constant, Decision, Junction, Leaf, Not, Tree
from dolphin.assurance.level_a.recording import Vector


@dataclass(frozen=True, slots=True)
class Gap:
    """A condition that was not shown to matter when it was `lacks` ("true", "false" or "true and false")."""

    decision: Decision
    condition: str
    lacks: str


def evaluate(tree: Tree, conditions: Vector) -> bool:
    """The outcome of `tree`; a condition that is needed must not be None."""
    match tree:
        case Leaf(index):
            value = conditions[index]
            assert value is not None
            return value
        case Constant(value):
            return value
        case Not(item):
            return not evaluate(item, conditions)
        case Junction(is_and, items):
            return (all if is_and else any)(evaluate(item, conditions) for item in items)


def is_unmasked(tree: Tree, conditions: Vector, index: int) -> bool:
    """Whether condition `index`, which was reached, decides the outcome in some completion of those that were not."""
    used = frozenset(leaves(tree))
    open_places = [place for place, value in enumerate(conditions) if value is None and place in used]
    for values in product((False, True), repeat=len(open_places)):
        completed = list(conditions)
        for place, value in zip(open_places, values, strict=True):
            completed[place] = value
        turned = completed.copy()
        turned[index] = not completed[index]
        if evaluate(tree, tuple(completed)) != evaluate(tree, tuple(turned)):
            return True
    return False


def leaves(tree: Tree) -> Iterator[int]:
    """The numbers of the conditions in `tree`, in order."""
    match tree:
        case Leaf(index):
            yield index
        case Not(item):
            yield from leaves(item)
        case Junction(_, items):
            for item in items:
                yield from leaves(item)
        case Constant():
            pass


def deciding_part(decision: Decision, values: frozenset[int]) -> Tree:
    """The tree without a last operand that is a value and no claim; `values` are the conditions that were seen with such values."""
    tree = decision.tree
    if decision.is_asked or not isinstance(tree, Junction):
        return tree
    last = tree.items[-1]
    is_value = (isinstance(last, Leaf) and last.index in values) or (isinstance(last, Constant) and not last.is_truth)
    if not is_value:
        return tree
    return tree.items[0] if len(tree.items) == 2 else Junction(tree.is_and, tree.items[:-1])


def gaps(decision: Decision, vectors: Iterable[Vector], values: frozenset[int] = frozenset()) -> list[Gap]:
    """The conditions of `decision` that `vectors` do not show, in order."""
    tree = deciding_part(decision, values)
    seen = list(vectors)
    found: list[Gap] = []
    for index in leaves(tree):
        shown = {vector[index] for vector in seen if vector[index] is not None and is_unmasked(tree, vector, index)}
        lacks = [name for name, value in (("true", True), ("false", False)) if value not in shown]
        if lacks:
            found.append(Gap(decision, decision.conditions[index], " and ".join(lacks)))
    return found
