"""The only curves of the control law: straight lines between knots, in ppm, rounded toward zero.

Monotone knots give a monotone function, whatever the rounding.
"""

from collections.abc import Sequence

from dolphin.core.units import ONE


def falling(x: int, nominal: int, limit: int, floor_ppm: int) -> int:
    """ONE up to `nominal`, then linear down to `floor_ppm` at `limit` and beyond. Needs `nominal < limit`."""
    if x <= nominal:
        return ONE
    if x >= limit:
        return floor_ppm
    return floor_ppm + (ONE - floor_ppm) * (limit - x) // (limit - nominal)


def rising(x: int, limit: int, nominal: int, floor_ppm: int) -> int:
    """`floor_ppm` up to `limit`, then linear up to ONE at `nominal` and beyond. Needs `limit < nominal`."""
    if x >= nominal:
        return ONE
    if x <= limit:
        return floor_ppm
    return floor_ppm + (ONE - floor_ppm) * (x - limit) // (nominal - limit)


def interpolate(table: Sequence[int], step: int, x: int) -> int:
    """The function whose value at `k * step` is `table[k]`, linear between; constant beyond the last knot. Needs `x >= 0`."""
    k, rest = divmod(x, step)
    if k >= len(table) - 1:
        return table[-1]
    return (table[k] * (step - rest) + table[k + 1] * rest) // step
