"""The integer units in which the gate counts.

Quantities are in 10^-8 of the base asset and prices in 10^-8 dollars (exact for every Binance tick and step, and the ledger's units),
money is micro-dollars, leverage is parts per million. Notionals round up and room rounds down, so rounding never lets an order grow.
"""

from typing import Final, TypeGuard

ONE_E8: Final = 100_000_000
"""1 unit of the base asset, or 1 dollar of price, in e8."""
E8_SQUARE_PER_MICRO: Final = ONE_E8 * ONE_E8 // 1_000_000
"""quantity [e8] x price [e8] per micro-dollar."""


def notional_micro(qty_e8: int, price_e8: int) -> int:
    """|quantity| x price in micro-dollars, rounded up."""
    return -(-abs(qty_e8) * price_e8 // E8_SQUARE_PER_MICRO)


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
