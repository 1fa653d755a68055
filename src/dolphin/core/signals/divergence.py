"""How fast correlation structure tightens, and when that turns into a plunge.

The market mode of a window is x = ln(λ1/N): with N fixed it moves exactly as ln λ1, and an asset that drops out for a scan does not
make it jump. Its velocity v is the least-squares slope over the last VELOCITY_SCANS scans, per second. vel_div = v(short) − v(long) says
whether structure moves faster now than on the hour; its robust z is taken against the trailing day.

A plunge is vel_div's z falling far from its recent height. It trips when depth > TRIP_DEPTH and z < TRIP_Z, and stays until either has come
back to half its threshold, so that one plunge is one event.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dolphin.core.signals.statistics import Floats, robust_z

VELOCITY_SCANS: Final = 6
MIN_HISTORY: Final = 20
"""A z needs at least this many earlier values to be compared with."""
Z_LIMIT: Final = 10.0
"""z is clipped here: beyond, only "very far" is meant, and an infinite value must not live on in a running maximum."""
TRIP_DEPTH: Final = 3.0
TRIP_Z: Final = -2.0


@dataclass(frozen=True, slots=True)
class Plunge:
    """What the latest scan says: `depth` (NaN = unknown) and whether a plunge is in force."""

    depth: float
    is_plunge: bool


def trailing_z(value: float, history: Floats) -> float:
    """Robust z of `value` against the earlier values `history` (1-D, NaN = missing), within ±Z_LIMIT; NaN with fewer than MIN_HISTORY."""
    if np.count_nonzero(np.isfinite(history)) < MIN_HISTORY:
        return np.nan
    return float(np.clip(robust_z(np.array([value]), history)[0], -Z_LIMIT, Z_LIMIT))


def plunge(z: float, recent_z: Floats, was_plunge: bool) -> Plunge:
    """The plunge state after a scan with `z`, `recent_z` being the z values of the last hour (1-D, NaN = missing).

    Without a z a plunge in force stays in force: silence does not end it.
    """
    if not np.isfinite(z):
        return Plunge(np.nan, was_plunge)
    depth = max(0.0, float(np.nanmax(recent_z, initial=-np.inf)) - z)
    if was_plunge:
        return Plunge(depth, depth >= TRIP_DEPTH / 2 and z <= TRIP_Z / 2)
    return Plunge(depth, depth > TRIP_DEPTH and z < TRIP_Z)
