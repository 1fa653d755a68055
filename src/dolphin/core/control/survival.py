"""The survival controller as one step: the assessment of the readings, then the governor.

In the cluster the two halves run apart (the stage of the job `survival`, and the entry processor on `POSTURE`); scenarios, backtests and
the proofs take them together.
"""

from msgspec import Struct

from dolphin.core.control.assessment import Demand, Inputs, Memory, assess
from dolphin.core.control.governor import Grant, govern, grant
from dolphin.core.control.governor import State as Governed
from dolphin.core.control.params import GovernorParams, SurvivalParams


class State(Struct, frozen=True, gc=False):
    """Both halves' memories."""

    memory: Memory = Memory()
    governed: Governed = Governed()


class Decision(Struct, frozen=True, gc=False):
    """What the readings would allow, and what is granted."""

    demand: Demand
    grant: Grant


def step(state: State, inputs: Inputs, params: SurvivalParams, governor_params: GovernorParams) -> tuple[State, Decision]:
    """One evaluation; total, pure, integer-only."""
    memory, demand = assess(state.memory, inputs, params)
    governed = govern(state.governed, demand, governor_params)
    return State(memory, governed), Decision(demand, grant(governed))
