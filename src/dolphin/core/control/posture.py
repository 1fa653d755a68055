"""The four postures and the Schmitt thresholds between them, as one table.

A fall may skip postures and happens at once; a rise moves one posture at a time, after a dwell. Between a posture's "drop below" and
the "return above" under it nothing changes. `LADDER` is `control.md`'s table turned so that each row says what bounds *its* posture.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from dolphin.core.law import LAW
from dolphin.core.units import ONE

MAX_LEVERAGE_PPM = LAW.number("posture", "max_leverage_ppm")


class Posture(IntEnum):
    """How the system may act; a larger number is more restrictive."""

    APEX = 0
    STALKER = 1
    TURTLE = 2
    HIBERNATE = 3


class Rung(NamedTuple):
    """One row of the table; thresholds in ppm of R."""

    posture: Posture
    enter_below_ppm: int  # R below this drops to the posture (from any milder one)
    leave_above_ppm: int  # R above this returns to the next milder one
    cap_ppm: int  # the most leverage for new exposure
    behaviour: str


_OF: Final = {name: LAW.number("posture", name) for name in LAW.numbers["posture"]}

LADDER = (
    Rung(Posture.APEX, ONE + 1, ONE + 1, MAX_LEVERAGE_PPM, "taker or maker entries, any exit"),
    Rung(Posture.STALKER, _OF["stalker_below_ppm"], _OF["stalker_above_ppm"], _OF["stalker_cap_ppm"], "limit entries only, any exit"),
    Rung(Posture.TURTLE, _OF["turtle_below_ppm"], _OF["turtle_above_ppm"], 0, "no new exposure: passive exits only"),
    Rung(Posture.HIBERNATE, _OF["hibernate_below_ppm"], _OF["hibernate_above_ppm"], 0, "cancel all, flatten, stop"),
)
MILDEST_THRESHOLD_PPM = LADDER[1].enter_below_ppm
CAPS_PPM = tuple([rung.cap_ppm for rung in LADDER])
FALLS = tuple([(rung.enter_below_ppm, rung.posture) for rung in LADDER[:0:-1]])  # the most restrictive first


def fallen(posture: Posture, r_ppm: int) -> Posture:
    """The posture after a fall to `r_ppm`: the most restrictive one whose threshold R is under, never a milder one than now."""
    if r_ppm >= MILDEST_THRESHOLD_PPM:
        return posture
    for enter_below_ppm, lower in FALLS:
        if r_ppm < enter_below_ppm:
            return max(posture, lower)
    return posture


def risen(posture: Posture, r_ppm: int) -> Posture:
    """One posture milder if R is above the threshold, else the same. The caller keeps the dwell."""
    if posture is not Posture.APEX and r_ppm > LADDER[posture].leave_above_ppm:
        return LADDER[posture - 1].posture
    return posture


def first(r_ppm: int) -> Posture:
    """The posture to start in: the mildest one that a rise from HIBERNATE would reach at `r_ppm`."""
    posture = Posture.HIBERNATE
    for _ in LADDER:
        posture = risen(posture, r_ppm)
    return posture


def cap(posture: Posture, r_ppm: int) -> int:
    """The leverage cap in ppm: the posture's, and never more than 6x times R."""
    cap_ppm = MAX_LEVERAGE_PPM * r_ppm // ONE
    return cap_ppm if cap_ppm < CAPS_PPM[posture] else CAPS_PPM[posture]
