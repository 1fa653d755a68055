"""Why an order is wanted, and why it is as large as it is: what the basket knew when it wished for it, as typed values.

Nothing decides on a choice. It is told beside the order, so that a person who asks "why 0.9 BTC?" gets the numbers that made it.
"""

from enum import StrEnum
from typing import NamedTuple


class Purpose(StrEnum):
    """What an order is for."""

    ENTER = "enter"
    """The asset is among the best-ranked and not held."""
    ADD = "add"
    """Its target has grown past the band."""
    REDUCE = "reduce"
    """Its target has shrunk past the band."""
    OVER_CAP = "over_cap"
    """More is held than the cap now allows."""
    OUTRANKED = "outranked"
    """Others are ranked better, or it is not ranked at all."""
    NOT_ENTITLED = "not_entitled"
    """Posture or cap allow no position in it."""
    NOT_MEASURED = "not_measured"
    """Its volatility or the equity is not known, or its target is below the smallest step."""
    FLATTEN = "flatten"
    """HIBERNATE: everything is closed."""


class Choice(NamedTuple):
    """The terms of a target: equity x cap x weight x conviction x scale. Of an order that only leaves, they are what is left of them."""

    purpose: Purpose
    rank: int = 0
    """Place in the ranking, 1 the best; 0: not ranked."""
    equity_micro_usd: int = 0
    cap_ppm: int = 0
    """min(account, asset), as granted when it was chosen."""
    weight_ppm: int = 0
    """The asset's share of the cap."""
    conviction_ppm: int = 0
    """By the depth of its plunge."""
    scale_ppm: int = 0
    """What its volatility leaves."""
    target_e8: int = 0
    """Quantity to hold."""
    held_e8: int = 0
    """Quantity held when it was chosen."""


FLATTENED = Choice(Purpose.FLATTEN)
