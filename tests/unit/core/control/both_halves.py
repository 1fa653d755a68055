"""Both halves of the survival controller as one, for tests that look at the whole."""

from typing import NamedTuple

from dolphin.core.control import survival
from dolphin.core.control.assessment import Inputs
from dolphin.core.control.params import GovernorParams, SurvivalParams
from dolphin.core.control.posture import Posture
from dolphin.core.control.survival import SurvivalState

GOVERNOR = GovernorParams()


class Seen(NamedTuple):
    """A decision, flat; f1 with the latch in it."""

    time_ns: int
    posture: Posture
    cap_ppm: int
    r_ppm: int
    r_raw_ppm: int
    factors_ppm: tuple[int, ...]
    is_passive_only: bool
    reasons: tuple[str, ...]
    cause_ids: tuple[str, ...]
    expires_at_ns: int


def step(state: SurvivalState, inputs: Inputs, params: SurvivalParams) -> tuple[SurvivalState, Seen]:
    after, decision = survival.step(state, inputs, params, GOVERNOR)
    demand, grant = decision.demand, decision.grant
    f1_ppm = 0 if after.governed.latch else demand.factors_ppm[0]
    return after, Seen(
        demand.time_ns,
        grant.posture,
        grant.cap_ppm,
        grant.r_ppm,
        demand.r_raw_ppm,
        (f1_ppm, *demand.factors_ppm[1:]),
        demand.is_passive_only,
        demand.reasons,
        demand.cause_ids,
        demand.expires_at_ns,
    )
