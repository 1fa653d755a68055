"""What each posture permits: the table of design.md "Execution", once, literally.

An *entry* is any order that is not reduce-only; an *exit* is a reduce-only order, always clipped to the position. A posture that is not in
the table permits nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dolphin.core.control.posture import LADDER, Posture


class Style(StrEnum):
    """How an order meets the order book."""

    MARKET = "market"
    """Takes at any price."""
    LIMIT = "limit"
    """Takes up to its price, then rests."""
    POST_ONLY = "post_only"
    """Only ever rests."""


class WorkingRule(StrEnum):
    """Which working orders are taken back when a posture begins."""

    KEEP = "keep"
    CANCEL_TAKER_ENTRIES = "cancel_taker_entries"
    CANCEL_ENTRIES = "cancel_entries"
    CANCEL_ALL = "cancel_all"


@dataclass(frozen=True, slots=True)
class PostureRule:
    """One row."""

    entries: frozenset[Style]
    """Styles in which an entry may be placed; empty = no entries."""
    exits: frozenset[Style]
    """Styles in which an exit may be placed."""
    working: WorkingRule
    max_leverage_ppm: int
    """Exposure over equity that the posture itself allows; a command's cap can only be lower."""


ANY: Final = frozenset({Style.MARKET, Style.LIMIT, Style.POST_ONLY})
LIMIT_ONLY: Final = frozenset({Style.LIMIT, Style.POST_ONLY})
PASSIVE: Final = frozenset({Style.POST_ONLY})
NO_STYLE: Final[frozenset[Style]] = frozenset()

TABLE: Final[Mapping[str, PostureRule]] = MappingProxyType(
    {
        # posture: entries, exits, working orders, up to
        "APEX": PostureRule(ANY, ANY, WorkingRule.KEEP, LADDER[Posture.APEX].cap_ppm),
        "STALKER": PostureRule(LIMIT_ONLY, ANY, WorkingRule.CANCEL_TAKER_ENTRIES, LADDER[Posture.STALKER].cap_ppm),
        "TURTLE": PostureRule(NO_STYLE, PASSIVE, WorkingRule.CANCEL_ENTRIES, LADDER[Posture.TURTLE].cap_ppm),
        "HIBERNATE": PostureRule(NO_STYLE, ANY, WorkingRule.CANCEL_ALL, LADDER[Posture.HIBERNATE].cap_ppm),
    }
)

UNKNOWN_POSTURE: Final = PostureRule(NO_STYLE, NO_STYLE, WorkingRule.CANCEL_ALL, 0)
"""The row of a posture nobody defined."""
