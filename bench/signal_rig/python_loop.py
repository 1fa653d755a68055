"""The peer of the feature loop: the same windows, ids and refusals in plain Python, incremental, with dicts and deques.

Written as one would without a compiler: no numpy in the loop, one object per asset, whole-second buckets. It leaves out what it can (no
depth quantile, no clock-skew handling), so it flatters the peer.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from dolphin.core.contract.kinds import Kind

_SECOND = 1_000_000_000
_DELAY_RATE = math.log(2) / (5 * _SECOND)


@dataclass(slots=True)
class Asset:
    bid: float = math.nan
    ask: float = math.nan
    last_price: float = math.nan
    bid_depth: float = math.nan
    ask_depth: float = math.nan
    tick: float = math.inf
    delay: float = 0.0
    delay_at: int = 0
    updated_at: int = 0
    refused: int = 0
    duplicates: int = 0
    newest: dict[int, int] = field(default_factory=dict)
    buckets: deque[list[float]] = field(default_factory=deque)  # [second, buy, sell, count]


def apply_rows(assets: dict[str, Asset], rows: list[tuple]) -> None:
    """Play rows (asset, kind, event time, market time, id, four values, side) into `assets`."""
    for name, kind, event_ns, now_ns, exchange_id, a, b, c, d, side in rows:
        asset = assets[name]
        if kind == Kind.BOOK:
            fine = math.isfinite(a) and math.isfinite(c) and 0 < a < c and b >= 0 and d >= 0
        elif kind == Kind.DEPTH:
            fine = math.isfinite(a) and math.isfinite(b) and a >= 0 and b >= 0
        else:
            fine = math.isfinite(a) and a > 0 and b >= 0
        if not fine:
            asset.refused += 1
            continue
        if exchange_id <= asset.newest.get(kind, -1):
            asset.duplicates += 1
            continue
        asset.newest[kind] = exchange_id
        if kind == Kind.BOOK:
            asset.tick = min(asset.tick, c - a, abs(a - asset.bid) or math.inf, abs(c - asset.ask) or math.inf)
            asset.bid, asset.ask = a, c
        elif kind == Kind.DEPTH:
            asset.bid_depth, asset.ask_depth = a, b
        else:
            second = now_ns // _SECOND
            if not asset.buckets or asset.buckets[-1][0] != second:
                asset.buckets.append([second, 0.0, 0.0, 0.0])
                while asset.buckets[0][0] <= second - 300:
                    asset.buckets.popleft()
            asset.buckets[-1][1 if side else 2] += a * b
            asset.buckets[-1][3] += 1
            asset.last_price = a
        asset.updated_at = now_ns
        kept = math.exp(-_DELAY_RATE * (now_ns - asset.delay_at))
        asset.delay = kept * asset.delay + (1 - kept) * (now_ns - event_ns)
        asset.delay_at = now_ns
