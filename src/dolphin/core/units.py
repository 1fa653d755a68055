"""The integer units that everything that decides counts in.

Leverage, shares and factors are parts per million (`ONE` is 1.0); quantities are 10^-8 of the base asset and prices 10^-8 dollars (exact
for every Binance tick and step, and the ledger's units); money is micro-dollars; time is nanoseconds. Products of shares round toward zero,
notionals up and room down, so rounding never grants anything and never lets an order grow.
"""

from typing import Final, TypeGuard

ONE: Final = 1_000_000
ONE_E8: Final = 100_000_000
"""1 unit of the base asset, or 1 dollar of price, in e8."""
MS_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000
HOUR_NS: Final = 3_600 * SECOND_NS
DAY_NS: Final = 24 * HOUR_NS
MAX_NS: Final = 2**62
"""The latest time that is one: sums of two such still fit the 64 bits of Java."""
E8_SQUARE_PER_MICRO: Final = ONE_E8 * ONE_E8 // 1_000_000
"""quantity [e8] x price [e8] per micro-dollar."""

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


def notional_micro(qty_e8: int, price_e8: int) -> int:
    """|quantity| x price in micro-dollars, rounded up."""
    return -(-abs(qty_e8) * price_e8 // E8_SQUARE_PER_MICRO)


def price_of_cost_e8(cost_micro: int, qty_e8: int) -> int:
    """The price at which `qty_e8` (> 0) costs `cost_micro` (>= 0), rounded down, at least the smallest price there is."""
    return max(1, cost_micro * E8_SQUARE_PER_MICRO // qty_e8)


def qty_within_e8(room_micro: int, price_e8: int, step_e8: int) -> int:
    """The largest multiple of `step_e8` whose notional at `price_e8` (> 0) is at most `room_micro`; 0 if there is none."""
    if room_micro <= 0:
        return 0
    return room_micro * E8_SQUARE_PER_MICRO // price_e8 // step_e8 * step_e8


def is_count(value: object) -> TypeGuard[int]:
    """True for an integer that really is one: no bool, float, NaN, None or text."""
    return type(value) is int


def is_price(value: object) -> TypeGuard[int]:
    """True for a count above zero."""
    return is_count(value) and value > 0
