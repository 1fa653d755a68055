"""Short ways to write MARKET rows in tests."""

from typing import Any

import pyarrow as pa

from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
Row = dict[str, Any]


def row(kind: Kind, asset: str, at_s: float, exchange_id: int | None, *, delay_ns: int = 5_000_000, **values: Any) -> Row:
    """One row, `at_s` seconds of market time after START; columns not named are null."""
    time_ns = START + round(at_s * SECOND)
    event_time_ns = None if kind in (Kind.TICK, Kind.GAP) else time_ns - delay_ns
    known = {"asset": asset, "kind": kind, "event_time_ns": event_time_ns, "market_time_ns": time_ns, "exchange_id": exchange_id}
    return dict.fromkeys(MARKET.names) | known | values


def book(asset: str, at_s: float, exchange_id: int, bid: float, ask: float, **values: Any) -> Row:
    known: Row = {"bid_price": bid, "ask_price": ask, "bid_qty": 1.0, "ask_qty": 2.0}
    return row(Kind.BOOK, asset, at_s, exchange_id, **known | values)


def trade(asset: str, at_s: float, exchange_id: int, price: float, qty: float, is_taker_buy: bool | None, **values: Any) -> Row:
    return row(Kind.TRADE, asset, at_s, exchange_id, price=price, qty=qty, is_taker_buy=is_taker_buy, **values)


def depth(asset: str, at_s: float, exchange_id: int, bid_usd: float, ask_usd: float, **values: Any) -> Row:
    return row(Kind.DEPTH, asset, at_s, exchange_id, bid_depth_usd=bid_usd, ask_depth_usd=ask_usd, **values)


def tick(at_s: float) -> Row:
    return row(Kind.TICK, "", at_s, None)


def batch(rows: list[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=MARKET)


def is_same(a: pa.RecordBatch, b: pa.RecordBatch) -> bool:
    """Equal bit for bit; unlike Arrow's own equality, a NaN equals itself."""
    return a.schema.equals(b.schema) and a.serialize().equals(b.serialize())
