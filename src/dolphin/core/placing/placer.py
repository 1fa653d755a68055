"""How an order meets the order book: which style a posture asks for, at what price, and when a resting order has had its time.

Entries are post-only in STALKER and marketable in APEX; exits are passive in TURTLE and take the market otherwise.
"""

from typing import NamedTuple

from dolphin.core.control.belief import Grant
from dolphin.core.order_gate import Style
from dolphin.core.placing.view import Touch


class Resting(NamedTuple):
    """An order of ours that is under way."""

    asset: str
    is_exit: bool
    style: Style
    price_e8: int | None
    placed_at_ns: int


def style_of(grant: Grant, *, is_exit: bool) -> Style:
    """The style that the posture asks for."""
    if is_exit:
        return Style.POST_ONLY if grant.posture == "TURTLE" else Style.MARKET
    return Style.MARKET if grant.posture == "APEX" and not grant.passive_only else Style.POST_ONLY


def price_of(touch: Touch, style: Style, *, is_exit: bool) -> int | None:
    """The touch on our own side; None for an order at market."""
    if style is Style.MARKET:
        return None
    return touch.ask_e8 if is_exit else touch.bid_e8


def is_outdated(resting: Resting, gap_e8: int, touch: Touch, grant: Grant, now_ns: int, requote_after_ns: int) -> bool:
    """The order points the wrong way, is of a style no longer wanted, or the touch has moved away from it."""
    if gap_e8 == 0 or resting.is_exit != (gap_e8 < 0):
        return True
    if resting.style is not style_of(grant, is_exit=resting.is_exit):
        return resting.style is not Style.MARKET
    if resting.price_e8 is None or now_ns - resting.placed_at_ns < requote_after_ns:
        return False
    return resting.price_e8 != price_of(touch, resting.style, is_exit=resting.is_exit)
