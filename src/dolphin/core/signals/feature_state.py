"""What the feature stage remembers about one asset.

One NumPy record per asset, so that the whole state of a shard is one contiguous array: it grows by concatenation, a snapshot is its
bytes, and the compiled kernel (`feature_kernel`) works on it in place. All windows are rings of whole market seconds: the bucket of
second s lies at s mod length, and a window of n seconds is the running second and the n − 1 before it. Rings hold sums, never
running totals, so nothing drifts over days.

Unknown is NaN for a float and a negative number for a time or an id; unknown never counts as good.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dolphin.core.contract.kinds import Kind

TAKER_WINDOW_S: Final = 60
"""Window of taker notional, liquidations and the trade count."""
VOLUME_WINDOW_S: Final = 300
DEPTH_WINDOW_S: Final = 300
JITTER_WINDOW_S: Final = 30
BASE_DELAY_BUCKETS: Final = 10
"""Half minutes over which the smallest delay stands for the clock offset plus the wire."""

UNKNOWN_ID: Final = -1
KIND_SLOTS: Final = 16

ASSET_STATE: Final = np.dtype(
    [
        # top of book and last prices
        ("bid", "f8"),
        ("ask", "f8"),
        ("bid_qty", "f8"),
        ("ask_qty", "f8"),
        ("last_price", "f8"),
        ("tick_size", "f8"),  # smallest price increment seen so far
        ("funding_rate", "f8"),
        # depth
        ("bid_depth_usd", "f8"),
        ("ask_depth_usd", "f8"),
        ("depth_min_usd", "f8"),  # least min(bid, ask) since the last TICK
        ("spread_max_bps", "f8"),  # widest spread since the last TICK
        ("depth_q10_usd", "f8"),
        ("depth_low_usd", "f8"),  # lowest min(bid, ask) depth of the running second
        ("depth_ring", "f8", (DEPTH_WINDOW_S,)),  # the same of every closed second; NaN = not observed
        # windows of notional; `*_closed` is the ring's sum without the running second
        ("buy_closed", "f8"),
        ("sell_closed", "f8"),
        ("liquidation_closed", "f8"),
        ("trades_closed", "f8"),
        ("volume_closed", "f8"),
        ("buy_ring", "f8", (TAKER_WINDOW_S,)),
        ("sell_ring", "f8", (TAKER_WINDOW_S,)),
        ("liquidation_ring", "f8", (TAKER_WINDOW_S,)),
        ("trades_ring", "f8", (TAKER_WINDOW_S,)),
        ("volume_ring", "f8", (VOLUME_WINDOW_S,)),
        # volatility: weighted sum of squared returns and the sum of weights
        ("sampled_mid", "f8"),
        ("variance_sum", "f8"),
        ("variance_weight", "f8"),
        ("returns", "i8"),
        ("step", "i8"),  # running 5 s step of market time
        ("sampled_step", "i8"),  # boundary at which sampled_mid was taken
        # delay of messages, as deviations from the first delay seen (a clock offset of hours must not cost precision)
        ("delay_anchor_ns", "i8"),
        ("delay_deviation_ns", "f8"),  # EWMA
        ("delay_at_ns", "i8"),
        ("base_delay_ring", "f8", (BASE_DELAY_BUCKETS,)),
        ("delay_count_closed", "f8"),
        ("delay_sum_closed", "f8"),
        ("delay_square_closed", "f8"),
        ("delay_count_ring", "f8", (JITTER_WINDOW_S,)),
        ("delay_sum_ring", "f8", (JITTER_WINDOW_S,)),
        ("delay_square_ring", "f8", (JITTER_WINDOW_S,)),
        # times and ids
        ("second", "i8"),  # running second of market time
        ("event_time_ns", "i8"),
        ("updated_at_ns", "i8"),
        ("book_updated_at_ns", "i8"),
        ("trade_updated_at_ns", "i8"),
        ("depth_updated_at_ns", "i8"),
        ("last_exchange_id", "i8"),
        ("taker_exchange_id", "i8"),
        ("book_exchange_id", "i8"),
        ("depth_exchange_id", "i8"),
        ("spread_max_exchange_id", "i8"),
        ("depth_min_exchange_id", "i8"),
        ("liquidation_exchange_id", "i8"),
        ("newest_id", "i8", (KIND_SLOTS,)),  # newest exchange id per stream kind
        ("refused_rows", "i8"),
        ("duplicate_rows", "i8"),
        ("last_kind", "i8"),
        ("taker_kind", "i8"),
        ("is_synced", "i8"),
    ],
    align=True,
)

_UNKNOWN_FLOATS: Final = (
    "bid",
    "ask",
    "bid_qty",
    "ask_qty",
    "last_price",
    "tick_size",
    "funding_rate",
    "bid_depth_usd",
    "ask_depth_usd",
    "depth_min_usd",
    "spread_max_bps",
    "depth_q10_usd",
    "depth_low_usd",
    "depth_ring",
    "sampled_mid",
    "base_delay_ring",
)
_UNKNOWN_INTS: Final = (
    "second",
    "step",
    "sampled_step",
    "event_time_ns",
    "updated_at_ns",
    "book_updated_at_ns",
    "trade_updated_at_ns",
    "depth_updated_at_ns",
    "delay_at_ns",
    "last_exchange_id",
    "taker_exchange_id",
    "book_exchange_id",
    "depth_exchange_id",
    "spread_max_exchange_id",
    "depth_min_exchange_id",
    "liquidation_exchange_id",
    "newest_id",
)


UNKNOWN_DELAY_NS: Final = np.iinfo(np.int64).min

assert max(Kind) < KIND_SLOTS


def new_assets(count: int) -> NDArray[np.void]:
    """`count` records of `ASSET_STATE` about which nothing is known yet."""
    state = np.zeros(count, ASSET_STATE)
    for name in _UNKNOWN_FLOATS:
        state[name] = np.nan
    for name in _UNKNOWN_INTS:
        state[name] = -1
    return state
