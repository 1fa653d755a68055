"""The survival controller as one step: the assessment of the readings, then the governor.

In the cluster the two halves run apart (the stage of the job `survival`, and the entry processor on `POSTURE`); scenarios, backtests and
the proofs take them together.
"""

from typing import NamedTuple

from dolphin.control.assessment import Demand, Inputs, Memory, assess
from dolphin.control.governor import Grant, govern, grant
from dolphin.control.governor import State as Governed
from dolphin.control.params import GovernorParams, SurvivalParams


class State(NamedTuple):
    """Both halves' memories."""

    memory: Memory = Memory()
    governed: Governed = Governed()


class Decision(NamedTuple):
    """What the readings would allow, and what is granted."""

    demand: Demand
    grant: Grant


def step(state: State, inputs: Inputs, params: SurvivalParams, governor_params: GovernorParams) -> tuple[State, Decision]:
    """One evaluation; total, pure, integer-only."""
    memory, demand = assess(state.memory, inputs, params)
    governed = govern(state.governed, demand, governor_params)
    return State(memory, governed), Decision(demand, grant(governed))
