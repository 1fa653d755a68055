"""Cause ids: the name of one exchange message, so that a cut can be walked back to the frame behind it: `SYMBOL@stream#id`.

This is the one place that writes them.
"""

from typing import Final

from dolphin.core.contract.kinds import Kind

STREAM_OF_KIND: Final[dict[Kind, str]] = {
    Kind.BOOK: "bookTicker",
    Kind.TRADE: "trade",
    Kind.DEPTH: "depth",
    Kind.MARK: "markPrice",
    Kind.LIQUIDATION: "forceOrder",
    Kind.AGG_TRADE: "aggTrade",
    Kind.GAP: "depth",
}
"""The exchange stream behind a kind. TICK has none; a GAP is caused by the depth message that did not fit."""


def cause_id(asset: str, kind: int, exchange_id: int) -> str:
    """The name of one exchange message: `cause_id("BTCUSDT", Kind.TRADE, 7) == "BTCUSDT@trade#7"`. A TICK has no cause: KeyError."""
    return f"{asset}@{STREAM_OF_KIND[Kind(kind)]}#{exchange_id}"
