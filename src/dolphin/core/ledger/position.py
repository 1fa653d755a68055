"""Average-cost positions on integers.

A fill is cut into a part that closes and a part that opens (both only when the position flips). Every division rounds against us: notional
paid up, notional received down, the cost taken out of a position up. Signed the right way that is one rule, `ceil`, and profit is never
overstated; what rounding withheld stays in the position's cost and comes back when it is closed, so that a flat position's total profit is
exactly what was received less what was paid.
"""

from dataclasses import dataclass

from dolphin.core.units import E8_SQUARE_PER_MICRO


@dataclass(frozen=True, slots=True)
class Position:
    """`qty_e8` is positive when long; `cost_micro_usd` is what it was opened for, with the same sign."""

    qty_e8: int = 0
    cost_micro_usd: int = 0

    def value_micro_usd(self, price_e8: int) -> int:
        """What closing at `price_e8` would bring in (negative for a short), rounded down."""
        return -notional_micro_usd(-self.qty_e8, price_e8)


FLAT = Position()


@dataclass(frozen=True, slots=True)
class Booked:
    """What one fill does: the position after it, the change of its cost, and the profit it realised (micro-dollars)."""

    position: Position
    cost_change_micro_usd: int
    pnl_micro_usd: int


def notional_micro_usd(qty_e8: int, price_e8: int) -> int:
    """Signed notional of a trade: what is paid for a buy (rounded up), minus what is received for a sale (rounded down)."""
    return _ceil_div(qty_e8 * price_e8, E8_SQUARE_PER_MICRO)


def book_fill(position: Position, qty_e8: int, price_e8: int) -> Booked:
    """Applies a fill of signed `qty_e8` (not zero, a sale negative) at `price_e8` (positive) to `position`."""
    closing_qty = _closing_part(position.qty_e8, qty_e8)
    opening_qty = qty_e8 - closing_qty
    paid_to_close = notional_micro_usd(closing_qty, price_e8)
    cost_removed = _cost_of(position, closing_qty)
    cost_change = notional_micro_usd(opening_qty, price_e8) - cost_removed
    after = Position(position.qty_e8 + qty_e8, position.cost_micro_usd + cost_change)
    return Booked(after, cost_change, -paid_to_close - cost_removed)


def _closing_part(held_qty: int, qty: int) -> int:
    """The part of `qty` that reduces `held_qty`: same sign as `qty`, at most all that is held."""
    if held_qty > 0 > qty:
        return max(qty, -held_qty)
    if held_qty < 0 < qty:
        return min(qty, -held_qty)
    return 0


def _cost_of(position: Position, closing_qty: int) -> int:
    """The share of the position's cost that `closing_qty` takes out: all of it, exactly, when it closes the whole."""
    if closing_qty == 0:
        return 0
    return _ceil_div(position.cost_micro_usd * abs(closing_qty), abs(position.qty_e8))


def _ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
