"""What the safety stages read of one asset: one record per row of FEATURES at a grid point, with unknown as None.

The safety side looks at the market through this page only. A float that is null, NaN or infinite, a time or an id below 0 is *not known*:
None, never a number that could count as good.
"""

import math
from typing import Final, NamedTuple

from dolphin.core.contract.causes import cause_id
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import FEATURES, part

COLUMNS: Final = part(
    FEATURES,
    "asset",
    "updated_at_ns",
    "spread_max_bps",
    "depth_min_usd",
    "taker_buy_1m",
    "taker_sell_1m",
    "trades_1m",
    "excess_delay_ns",
    "jitter_ns",
    "is_synced",
    "last_kind",
    "last_exchange_id",
    "taker_kind",
    "taker_exchange_id",
    "spread_max_exchange_id",
    "depth_min_exchange_id",
)
"""The columns of FEATURES that `read` takes, in its order."""


class AssetReading(NamedTuple):
    """One row of FEATURES; an id is None where no message is known."""

    asset: str
    updated_at_ns: int | None
    spread_bps: float | None  # the widest since the grid point before
    depth_usd: float | None  # the thinner side within 10 bps, at its least since the grid point before
    taker_buy_usd: float | None  # 1 min
    taker_sell_usd: float | None
    trades_1m: int | None
    latency_ns: int | None  # beyond the smallest delay of the last minutes, so free of clock skew
    jitter_ns: int | None
    is_synced: bool
    last_kind: int | None
    last_id: int | None
    taker_kind: int | None
    taker_id: int | None
    book_id: int | None  # behind spread_bps
    depth_id: int | None  # behind depth_usd

    @property
    def last_cause(self) -> str:
        """Cause id of the asset's last message; this and the others are "" where none is known."""
        return _cause(self.asset, self.last_kind, self.last_id)

    @property
    def taker_cause(self) -> str:
        """Cause id of its last trade."""
        return _cause(self.asset, self.taker_kind, self.taker_id)

    @property
    def book_cause(self) -> str:
        """Cause id of the book ticker behind its spread."""
        return _cause(self.asset, Kind.BOOK, self.book_id)

    @property
    def depth_cause(self) -> str:
        """Cause id of the depth update behind its depth."""
        return _cause(self.asset, Kind.DEPTH, self.depth_id)


def read(
    asset: str,
    updated_at_ns: int | None,
    spread_max_bps: float | None,
    depth_min_usd: float | None,
    taker_buy_1m: float | None,
    taker_sell_1m: float | None,
    trades_1m: int | None,
    excess_delay_ns: int | None,
    jitter_ns: int | None,
    is_synced: bool | None,
    last_kind: int | None,
    last_exchange_id: int | None,
    taker_kind: int | None,
    taker_exchange_id: int | None,
    spread_max_exchange_id: int | None,
    depth_min_exchange_id: int | None,
) -> AssetReading:
    """The reading in one row, its values in the order of `COLUMNS`."""
    return AssetReading(
        asset,
        _natural(updated_at_ns),
        _finite(spread_max_bps),
        _finite(depth_min_usd),
        _finite(taker_buy_1m),
        _finite(taker_sell_1m),
        _natural(trades_1m),
        _natural(excess_delay_ns),
        _natural(jitter_ns),
        is_synced is True,
        last_kind,
        _natural(last_exchange_id),
        taker_kind,
        _natural(taker_exchange_id),
        _natural(spread_max_exchange_id),
        _natural(depth_min_exchange_id),
    )


def _finite(value: float | None) -> float | None:
    """A quantity: finite and not negative."""
    return value if value is not None and math.isfinite(value) and value >= 0.0 else None


def _natural(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def _cause(asset: str, kind: int | None, exchange_id: int | None) -> str:
    if not kind or exchange_id is None or kind == Kind.TICK:
        return ""
    return cause_id(asset, kind, exchange_id)
