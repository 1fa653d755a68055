"""How bad a reading is, in ppm: the thresholds of the adaptive cut-off.

Ordinary readings are 0, for the severities of several sources add up. Beyond that a line through knots placed on the breaker's levels
(`control.md` 2): below 0.125 a reading is clear, 0.25 cuts to 0.75, 0.50 to 0.45, 0.75 to 0.20, 0.95 to 0. Floats end here: what leaves
is an integer, rounded up.
"""

import itertools
import math

from dolphin.core.units import ONE

type Knots = tuple[tuple[float, int], ...]

# robust z of the log odds of buying, and of the spread: 3 sigma trips
Z_KNOTS: Knots = ((1.0, 0), (2.0, 124_999), (3.0, 250_000), (4.5, 500_000), (6.0, 750_000), (8.0, 950_000), (10.0, ONE))
# share of the usual depth that is *gone*: 70 % trips, 90 % cuts to 0.20, 95 % to 0
DEPTH_KNOTS: Knots = ((0.3, 0), (0.5, 124_999), (0.7, 250_000), (0.8, 500_000), (0.9, 750_000), (0.95, 950_000), (1.0, ONE))
# age of an asset's last message in seconds: 2 s trips
AGE_KNOTS: Knots = ((0.5, 0), (1.0, 124_999), (2.0, 250_000), (3.0, 500_000), (4.0, 750_000), (6.0, 950_000), (10.0, ONE))
UNSYNCED_PPM = 500_000  # a book that lost continuity: its depth and its touch may be anything


def through(knots: Knots, x: float) -> int:
    """The line through the knots at `x`, rounded up; its first and last value beyond. Not a number is the worst."""
    if not x < knots[-1][0]:
        return knots[-1][1]
    if x <= knots[0][0]:
        return knots[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(knots):
        if x < x1:
            return min(y1, math.ceil(y0 + (y1 - y0) * (x - x0) / (x1 - x0)))
    return knots[-1][1]
