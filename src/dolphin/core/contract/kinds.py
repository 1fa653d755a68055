"""What a MARKET row says: one thing that an exchange said about one asset, or the feed's own TICK and GAP."""

from enum import IntEnum


class Kind(IntEnum):
    """What a row says. The numbers are part of the contract; never reuse one."""

    BOOK = 1
    """Best bid and ask (bookTicker)."""
    TRADE = 2
    """One trade (trade)."""
    DEPTH = 3
    """A depth update applied to a synchronised book."""
    MARK = 4
    """Mark price and funding rate (markPrice)."""
    LIQUIDATION = 5
    """A liquidation order (forceOrder)."""
    TICK = 6
    """The feed's heartbeat: connected, at this market time. Asset is ""."""
    GAP = 7
    """The asset's book lost continuity and is resyncing."""
    AGG_TRADE = 8
    """Fills of one taker order at one price (aggTrade); every rule treats it as a TRADE."""
