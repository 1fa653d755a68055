"""What has to happen before the account's posture is one milder, and how long that takes at the least.

The governor's thresholds and rates turned round: given its state, the conditions that are not met yet, each with the market time it needs
if every reading is good from now on. They run side by side, so the whole takes as long as the longest. What an operator or a sensor has to
do has no length: it is open.
"""

from dataclasses import dataclass
from typing import Self

from dolphin.core.control import posture_gate
from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import LADDER, Posture
from dolphin.core.units import ONE
from dolphin.core.words import share


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is not so yet."""

    what: str
    takes_ns: int | None
    """Market time until it can be met; None where it is not a matter of time."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The way to the next milder posture."""

    target: str
    """Its name; "" in APEX: there is none milder."""
    conditions: tuple[Condition, ...]
    takes_ns: int | None
    """Market time at the least; None if something that is not a matter of time comes first."""

    @classmethod
    def of(cls, target: Posture | None, *conditions: Condition) -> Self:
        """They run side by side: the longest counts."""
        known = [condition.takes_ns for condition in conditions if condition.takes_ns is not None]
        takes_ns = max(known, default=0) if len(known) == len(conditions) else None
        return cls("" if target is None else target.name, conditions, takes_ns)


def outlook(state: posture_gate.PostureState, params: GovernorParams) -> Outlook:
    """What is between the posture that R earned and the next milder one."""
    governed = state.governed
    if governed.latch:
        first = Condition("an operator releases the latch (dolphin posture release --latch), while nothing is broken", None)
        return Outlook.of(Posture.TURTLE, first, *_recovery(state, Posture.HIBERNATE, 0, params))
    if not governed.is_started:
        return Outlook.of(Posture.TURTLE, Condition("every wired sensor gives a usable reading (60 s of market time to warm up)", None))
    found: list[Condition] = []
    if not governed.is_ready:
        found.append(Condition("every wired sensor gives a usable reading again", None))
    if governed.posture is Posture.APEX:
        return Outlook.of(None, *found, *_ceiling(governed.ceiling, Posture.APEX))
    target = LADDER[governed.posture - 1].posture
    dwell_ns = governed.posture_since_ns + params.dwell_ns - governed.time_ns
    if dwell_ns > 0:
        found.append(Condition(f"the dwell in {governed.posture.name} is over", dwell_ns))
    found += _recovery(state, governed.posture, governed.r_ppm, params)
    return Outlook.of(target, *found, *_ceiling(governed.ceiling, target))


def readings_allow_ppm(state: posture_gate.PostureState) -> int:
    """The product of the factors: no R above it is possible while the readings stay as they are."""
    product_ppm = ONE
    for factor_ppm in state.factors_ppm:
        product_ppm = product_ppm * factor_ppm // ONE
    return product_ppm


def _recovery(state: posture_gate.PostureState, posture: Posture, r_ppm: int, params: GovernorParams) -> tuple[Condition, ...]:
    """R above the threshold: time by time, and readings that allow it."""
    governed = state.governed
    threshold_ppm = LADDER[posture].leave_above_ppm
    found: list[Condition] = []
    missing_ppm = threshold_ppm + 1 - r_ppm
    if missing_ppm > 0:
        waited_ns = 0 if governed.latch else governed.time_ns - governed.rise_anchor_ns
        takes_ns = max(0, missing_ppm * params.recovery_ns_per_ppm - waited_ns)
        found.append(Condition(f"R rises from {share(r_ppm)} to above {share(threshold_ppm)}, at most 1 % a minute", takes_ns))
    allowed_ppm = readings_allow_ppm(state)
    if not governed.latch and allowed_ppm <= threshold_ppm:
        found.append(
            Condition(f"the readings allow R above {share(threshold_ppm)}; now their factors give {share(allowed_ppm)} at most", None)
        )
    return tuple(found)


def _ceiling(ceiling: Posture, target: Posture) -> tuple[Condition, ...]:
    """An operator's ceiling that the target is milder than."""
    if ceiling <= target:
        return ()
    return (Condition(f"an operator lifts the ceiling of {ceiling.name} (dolphin posture release --force)", None),)
