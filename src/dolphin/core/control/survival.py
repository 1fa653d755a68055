"""The survival controller as one step: the assessment of the readings, then the governor.

In the cluster the two halves run apart (the stage of the job `survival`, and the entry processor on `POSTURE`); scenarios, backtests and
the proofs take them together.
"""

from msgspec import Struct

from dolphin.core.control.assessment import Demand, Inputs, Memory, assess
from dolphin.core.control.governor import GovernorGrant, govern, grant
from dolphin.core.control.governor import GovernorState as Governed
from dolphin.core.control.params import GovernorParams, SurvivalParams


class SurvivalState(Struct, frozen=True, gc=False):
    """Both halves' memories."""

    memory: Memory = Memory()
    governed: Governed = Governed()


class SurvivalDecision(Struct, frozen=True, gc=False):
    """What the readings would allow, and what is granted."""

    demand: Demand
    grant: GovernorGrant


def step(
    state: SurvivalState, inputs: Inputs, params: SurvivalParams, governor_params: GovernorParams
) -> tuple[SurvivalState, SurvivalDecision]:
    """One evaluation; total, pure, integer-only."""
    memory, demand = assess(state.memory, inputs, params)
    governed = govern(state.governed, demand, governor_params)
    return SurvivalState(memory, governed), SurvivalDecision(demand, grant(governed))
