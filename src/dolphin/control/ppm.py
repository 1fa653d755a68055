"""Integer arithmetic in parts per million.

`ONE` is 1.0. Products and quotients round toward zero, so a rounding error never grants anything; every operand is an int >= 0.
Piecewise-linear tables are the only curves: monotone knots give a monotone function, whatever the rounding.
"""

from collections.abc import Sequence

ONE = 1_000_000

# A reading as it arrives: an int, or anything else at all (a missing or unreadable reading).
type Reading = object


def mul(a_ppm: int, b_ppm: int) -> int:
    """The product of two ppm numbers, rounded toward zero."""
    return a_ppm * b_ppm // ONE


def as_int(reading: Reading, low: int, high: int) -> int | None:
    """`reading` if it is an int within `[low, high]`, else None; a bool or a float is not an int here."""
    if type(reading) is int and low <= reading <= high:
        return reading
    return None


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
