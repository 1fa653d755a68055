"""What the feature kernel knows, written out: a row of FEATURES for every asset, at one moment. Imports numba, as `feature_kernel` does."""

import math

import numpy as np
from numpy.typing import NDArray

from dolphin.core.signals.columns import SAID, SAID_INT
from dolphin.core.signals.compiling import kernel
from dolphin.core.signals.feature_kernel import MIN_RETURNS, Asset, Bytes, Ints, advance, spread_bps
from dolphin.core.signals.feature_state import JITTER_WINDOW_S, TAKER_WINDOW_S, UNKNOWN_DELAY_NS, VOLUME_WINDOW_S
from dolphin.core.signals.statistics import Floats


@kernel
def _sigma_5s(asset: Asset, mid: float) -> float:
    """EWMA volatility of 5 s log returns; never below one tick, since a price at rest can still move by one."""
    if asset.returns < MIN_RETURNS:
        return math.nan
    return max(math.sqrt(asset.variance_sum / asset.variance_weight), asset.tick_size / mid)


@kernel
def _delay_ns(asset: Asset) -> int:
    if asset.delay_at_ns < 0:
        return UNKNOWN_DELAY_NS
    return asset.delay_anchor_ns + round(asset.delay_deviation_ns)


@kernel
def _excess_delay_ns(asset: Asset) -> int:
    """The delay above the smallest of the last minutes; unknown where those minutes were silent."""
    base = math.inf
    for value in asset.base_delay_ring:
        if value < base:  # never true of NaN
            base = value
    if base == math.inf:
        return UNKNOWN_DELAY_NS
    return round(max(asset.delay_deviation_ns - base, 0.0))


@kernel
def _jitter_ns(asset: Asset) -> int:
    """Population standard deviation of the delay over JITTER_WINDOW_S; at least two readings."""
    bucket = asset.second % JITTER_WINDOW_S
    count = asset.delay_count_closed + asset.delay_count_ring[bucket]
    if count < 2.0:
        return UNKNOWN_DELAY_NS
    mean = (asset.delay_sum_closed + asset.delay_sum_ring[bucket]) / count
    square = (asset.delay_square_closed + asset.delay_square_ring[bucket]) / count
    return round(math.sqrt(max(square - mean * mean, 0.0)))


@kernel
def _begin_interval(asset: Asset) -> None:
    """From a TICK on the extremes are those of what is in force at it."""
    asset.spread_max_bps = spread_bps(asset.bid, asset.ask)
    asset.spread_max_exchange_id = asset.book_exchange_id
    asset.depth_min_usd = min(asset.bid_depth_usd, asset.ask_depth_usd)
    asset.depth_min_exchange_id = asset.depth_exchange_id


@kernel
def read_features(
    state: NDArray[np.void],
    now_ns: int,
    ticked_at_ns: int,
    times: Ints,
    floats: Floats,
    ints: Ints,
    last_kinds: Bytes,
    taker_kinds: Bytes,
    synced: Bytes,
) -> bool:
    """Bring every asset to `now_ns` and write its features, all arrays in full. Returns whether a delay is unknown.

    At a TICK (`ticked_at_ns` is `now_ns`) the extremes are written and begin anew.

    times: int64 (1, assets); floats: float64 (len(FLOAT_OUTPUTS), assets); ints: int64 (len(INT_OUTPUTS), assets);
    last_kinds, taker_kinds: uint8 (1, assets); synced: uint8 (1, bytes), a bit an asset, lowest first. All are contiguous, for any number
    of assets: an array of another layout would be compiled for anew, in the middle of the market.
    """
    is_delay_unknown = False
    times[:] = now_ns
    synced[:] = 0
    for i in range(state.size):
        asset = state[i]
        advance(asset, now_ns)
        taker = asset.second % TAKER_WINDOW_S
        mid = 0.5 * (asset.bid + asset.ask)
        floats[SAID.bid, i] = asset.bid
        floats[SAID.ask, i] = asset.ask
        floats[SAID.bid_qty, i] = asset.bid_qty
        floats[SAID.ask_qty, i] = asset.ask_qty
        floats[SAID.last_price, i] = asset.last_price
        floats[SAID.spread_bps, i] = spread_bps(asset.bid, asset.ask)
        floats[SAID.spread_max_bps, i] = asset.spread_max_bps
        floats[SAID.bid_depth_usd, i] = asset.bid_depth_usd
        floats[SAID.ask_depth_usd, i] = asset.ask_depth_usd
        floats[SAID.depth_min_usd, i] = asset.depth_min_usd
        floats[SAID.depth_q10_usd, i] = asset.depth_q10_usd
        floats[SAID.taker_buy_1m, i] = asset.buy_closed + asset.buy_ring[taker]
        floats[SAID.taker_sell_1m, i] = asset.sell_closed + asset.sell_ring[taker]
        floats[SAID.liquidation_1m_usd, i] = asset.liquidation_closed + asset.liquidation_ring[taker]
        floats[SAID.volume_5m_usd, i] = asset.volume_closed + asset.volume_ring[asset.second % VOLUME_WINDOW_S]
        floats[SAID.sigma_5s, i] = _sigma_5s(asset, mid)
        floats[SAID.funding_rate, i] = asset.funding_rate
        ints[SAID_INT.ticked_at_ns, i] = ticked_at_ns
        ints[SAID_INT.event_time_ns, i] = asset.event_time_ns
        ints[SAID_INT.updated_at_ns, i] = asset.updated_at_ns
        ints[SAID_INT.book_updated_at_ns, i] = asset.book_updated_at_ns
        ints[SAID_INT.trade_updated_at_ns, i] = asset.trade_updated_at_ns
        ints[SAID_INT.depth_updated_at_ns, i] = asset.depth_updated_at_ns
        ints[SAID_INT.trades_1m, i] = int(asset.trades_closed + asset.trades_ring[taker])
        ints[SAID_INT.delay_ns, i] = _delay_ns(asset)
        ints[SAID_INT.excess_delay_ns, i] = _excess_delay_ns(asset)
        ints[SAID_INT.jitter_ns, i] = _jitter_ns(asset)
        ints[SAID_INT.last_exchange_id, i] = asset.last_exchange_id
        ints[SAID_INT.taker_exchange_id, i] = asset.taker_exchange_id
        ints[SAID_INT.book_exchange_id, i] = asset.book_exchange_id
        ints[SAID_INT.depth_exchange_id, i] = asset.depth_exchange_id
        ints[SAID_INT.spread_max_exchange_id, i] = asset.spread_max_exchange_id
        ints[SAID_INT.depth_min_exchange_id, i] = asset.depth_min_exchange_id
        ints[SAID_INT.liquidation_exchange_id, i] = asset.liquidation_exchange_id
        ints[SAID_INT.refused_rows, i] = asset.refused_rows
        ints[SAID_INT.duplicate_rows, i] = asset.duplicate_rows
        last_kinds[0, i] = asset.last_kind
        taker_kinds[0, i] = asset.taker_kind
        if asset.is_synced != 0:
            synced[0, i // 8] |= 1 << (i % 8)
        if ticked_at_ns == now_ns:
            _begin_interval(asset)
        if (
            ints[SAID_INT.delay_ns, i] == UNKNOWN_DELAY_NS
            or ints[SAID_INT.excess_delay_ns, i] == UNKNOWN_DELAY_NS
            or ints[SAID_INT.jitter_ns, i] == UNKNOWN_DELAY_NS
        ):
            is_delay_unknown = True
    return is_delay_unknown
