"""The feature stage's hot loop, compiled with numba.

`apply_rows` plays the rows of one batch into the state records of `feature_state`; `read_features` brings every asset up to the
present and writes what is known. Both only see arrays. Time is the rows' market time and never runs backwards here: a row that claims
an earlier time is taken as happening now.

What is refused is never stored: a price that is not finite and positive, a negative quantity, a crossed top of book, a missing id.
What is not newer than the newest id of its stream is a duplicate. Both are counted per asset.

Importing this module costs numba's import (about 0.2 s) and, without a warm cache, the compilation (several seconds, once per
machine and source version): the feature stage imports it in its constructor, nothing else does.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dolphin.core.contract.kinds import Kind
from dolphin.core.signals.columns import READ, READ_INT
from dolphin.core.signals.compiling import kernel
from dolphin.core.signals.feature_state import (
    BASE_DELAY_BUCKETS,
    DEPTH_WINDOW_S,
    JITTER_WINDOW_S,
    KIND_SLOTS,
    TAKER_WINDOW_S,
    UNKNOWN_ID,
    VOLUME_WINDOW_S,
)
from dolphin.core.signals.statistics import Floats
from dolphin.core.units import SECOND_NS

type Ints = NDArray[np.int64]
type Bytes = NDArray[np.uint8]
type Asset = Any
"""A record of `ASSET_STATE`; numba knows its fields, no type of numpy's names them."""

BOOK = int(Kind.BOOK)
TRADE = int(Kind.TRADE)
AGG_TRADE = int(Kind.AGG_TRADE)
DEPTH = int(Kind.DEPTH)
MARK = int(Kind.MARK)
LIQUIDATION = int(Kind.LIQUIDATION)
TICK = int(Kind.TICK)
GAP = int(Kind.GAP)

RETURN_STEP_NS = 5 * SECOND_NS
VOLATILITY_HALF_LIFE_STEPS = 120
"""10 minutes of 5 s returns."""
MIN_RETURNS = 6
"""Volatility is unknown before this many returns (30 s)."""
DEPTH_QUANTILE_PERCENT = 10
DEPTH_TRUST_NS = 10 * SECOND_NS
"""A depth reading older than this counts as no depth: the book stream of a live asset speaks ten times a second."""
DELAY_HALF_LIFE_NS = 5 * SECOND_NS
BASE_DELAY_BUCKET_S = 30

DECAY_PER_STEP = 0.5 ** (1.0 / VOLATILITY_HALF_LIFE_STEPS)
DELAY_RATE = math.log(2.0) / DELAY_HALF_LIFE_NS
QUANTILE_SAMPLES = -(-DEPTH_WINDOW_S * DEPTH_QUANTILE_PERCENT // 100)


@kernel
def _clear_seconds(ring: Floats, second: int, new_second: int) -> None:
    """Empty the buckets of the seconds after `second` up to and including `new_second`."""
    for s in range(max(second + 1, new_second - ring.size + 1), new_second + 1):
        ring[s % ring.size] = 0.0


@kernel
def _low_quantile(ring: Floats) -> float:
    """Smallest value v of the ring with at least DEPTH_QUANTILE_PERCENT of the observed seconds at or below v; NaN if none."""
    observed = 0
    for value in ring:
        if not math.isnan(value):
            observed += 1
    wanted = -(-observed * DEPTH_QUANTILE_PERCENT // 100)
    if wanted == 0:
        return math.nan
    lowest = np.empty(QUANTILE_SAMPLES)
    held = 0
    for value in ring:
        if math.isnan(value) or (held == wanted and value >= lowest[held - 1]):
            continue
        j = held if held < wanted else held - 1
        while j > 0 and lowest[j - 1] > value:
            lowest[j] = lowest[j - 1]
            j -= 1
        lowest[j] = value
        held = min(held + 1, wanted)
    return lowest[wanted - 1]


@kernel
def _depth_at(asset: Asset, time_ns: int) -> float:
    """Depth that may be relied on: NaN before the first reading, 0 while the book is out of sync or its last reading is old."""
    if asset.depth_updated_at_ns < 0:
        return math.nan
    if asset.is_synced == 0 or time_ns - asset.depth_updated_at_ns > DEPTH_TRUST_NS:
        return 0.0
    return min(asset.bid_depth_usd, asset.ask_depth_usd)


@kernel
def _close_depth_seconds(asset: Asset, new_second: int) -> None:
    if asset.depth_updated_at_ns < 0:
        return
    asset.depth_ring[asset.second % DEPTH_WINDOW_S] = asset.depth_low_usd
    for s in range(max(asset.second + 1, new_second - DEPTH_WINDOW_S), new_second):
        asset.depth_ring[s % DEPTH_WINDOW_S] = _depth_at(asset, s * SECOND_NS)
    asset.depth_low_usd = _depth_at(asset, new_second * SECOND_NS)
    asset.depth_q10_usd = _low_quantile(asset.depth_ring)


@kernel
def _sample_return(asset: Asset, boundary: int) -> None:
    """Take the mid at the 5 s `boundary`; a return over k steps counts as k returns of a k-th of its variance."""
    if asset.book_updated_at_ns < asset.sampled_step * RETURN_STEP_NS or asset.book_updated_at_ns < 0:
        return  # the book said nothing since: the old mid would be a return of zero, which fakes calm
    mid = 0.5 * (asset.bid + asset.ask)
    if not math.isnan(asset.sampled_mid):
        steps = boundary - asset.sampled_step
        change = math.log(mid / asset.sampled_mid)
        kept = DECAY_PER_STEP**steps
        weight = (1.0 - kept) / (1.0 - DECAY_PER_STEP)
        asset.variance_sum = kept * asset.variance_sum + weight * change * change / steps
        asset.variance_weight = kept * asset.variance_weight + weight
        asset.returns += 1
    asset.sampled_mid = mid
    asset.sampled_step = boundary


@kernel
def advance(asset: Asset, now_ns: int) -> None:
    """Let time pass for one asset: close buckets, sample the mid."""
    second = now_ns // SECOND_NS
    if second == asset.second:
        return
    step = now_ns // RETURN_STEP_NS
    if asset.second >= 0:
        _close_depth_seconds(asset, second)
        _clear_seconds(asset.buy_ring, asset.second, second)
        _clear_seconds(asset.sell_ring, asset.second, second)
        _clear_seconds(asset.liquidation_ring, asset.second, second)
        _clear_seconds(asset.trades_ring, asset.second, second)
        _clear_seconds(asset.volume_ring, asset.second, second)
        _clear_seconds(asset.delay_count_ring, asset.second, second)
        _clear_seconds(asset.delay_sum_ring, asset.second, second)
        _clear_seconds(asset.delay_square_ring, asset.second, second)
        first_base = asset.second // BASE_DELAY_BUCKET_S + 1
        last_base = second // BASE_DELAY_BUCKET_S
        for b in range(max(first_base, last_base - BASE_DELAY_BUCKETS + 1), last_base + 1):
            asset.base_delay_ring[b % BASE_DELAY_BUCKETS] = math.nan
        asset.buy_closed = asset.buy_ring.sum()
        asset.sell_closed = asset.sell_ring.sum()
        asset.liquidation_closed = asset.liquidation_ring.sum()
        asset.trades_closed = asset.trades_ring.sum()
        asset.volume_closed = asset.volume_ring.sum()
        asset.delay_count_closed = asset.delay_count_ring.sum()
        asset.delay_sum_closed = asset.delay_sum_ring.sum()
        asset.delay_square_closed = asset.delay_square_ring.sum()
        if step > asset.step:
            _sample_return(asset, asset.step + 1)
    asset.second = second
    asset.step = step


@kernel
def _is_price(x: float) -> bool:
    return math.isfinite(x) and x > 0.0


@kernel
def _is_amount(x: float) -> bool:
    return math.isfinite(x) and x >= 0.0


@kernel
def _is_acceptable(kind: int, side: int, value: Floats) -> bool:
    """Can a row of this kind be believed? `value` is its column of FLOAT_INPUTS."""
    if kind == BOOK:
        bid, bid_qty, ask, ask_qty = value[READ.bid_price], value[READ.bid_qty], value[READ.ask_price], value[READ.ask_qty]
        return _is_price(bid) and _is_price(ask) and _is_amount(bid_qty) and _is_amount(ask_qty) and bid < ask
    if kind in (TRADE, AGG_TRADE, LIQUIDATION):
        return (
            _is_price(value[READ.price])
            and _is_amount(value[READ.qty])
            and math.isfinite(value[READ.price] * value[READ.qty])
            and side >= 0
        )
    if kind == DEPTH:
        return _is_amount(value[READ.bid_depth_usd]) and _is_amount(value[READ.ask_depth_usd])
    return kind == MARK and _is_price(value[READ.mark_price]) and math.isfinite(value[READ.funding_rate])


@kernel
def _note_increment(asset: Asset, increment: float) -> None:
    if increment > 0.0 and (math.isnan(asset.tick_size) or increment < asset.tick_size):
        asset.tick_size = increment


@kernel
def spread_bps(bid: float, ask: float) -> float:
    """The spread over the mid, in basis points; NaN where one of both is."""
    return (ask - bid) / (0.5 * (bid + ask)) * 1e4


@kernel
def _apply_book(asset: Asset, bid: float, bid_qty: float, ask: float, ask_qty: float, now_ns: int, exchange_id: int) -> None:
    _note_increment(asset, ask - bid)
    if asset.book_updated_at_ns >= 0:
        _note_increment(asset, abs(bid - asset.bid))
        _note_increment(asset, abs(ask - asset.ask))
    asset.bid = bid
    asset.bid_qty = bid_qty
    asset.ask = ask
    asset.ask_qty = ask_qty
    asset.book_updated_at_ns = now_ns
    asset.book_exchange_id = exchange_id
    spread = spread_bps(bid, ask)
    if not asset.spread_max_bps >= spread:
        asset.spread_max_bps = spread
        asset.spread_max_exchange_id = exchange_id


@kernel
def _apply_trade(asset: Asset, price: float, qty: float, is_taker_buy: bool, now_ns: int, kind: int, exchange_id: int) -> None:
    notional = price * qty
    if is_taker_buy:
        asset.buy_ring[asset.second % TAKER_WINDOW_S] += notional
    else:
        asset.sell_ring[asset.second % TAKER_WINDOW_S] += notional
    asset.trades_ring[asset.second % TAKER_WINDOW_S] += 1.0
    asset.volume_ring[asset.second % VOLUME_WINDOW_S] += notional
    asset.last_price = price
    asset.trade_updated_at_ns = now_ns
    asset.taker_kind = kind
    asset.taker_exchange_id = exchange_id


@kernel
def _apply_depth(asset: Asset, bid_depth_usd: float, ask_depth_usd: float, now_ns: int, exchange_id: int) -> None:
    asset.bid_depth_usd = bid_depth_usd
    asset.ask_depth_usd = ask_depth_usd
    asset.depth_updated_at_ns = now_ns
    asset.is_synced = 1
    asset.depth_exchange_id = exchange_id
    low = min(bid_depth_usd, ask_depth_usd)
    if not asset.depth_low_usd <= low:
        asset.depth_low_usd = low
    if not asset.depth_min_usd <= low:
        asset.depth_min_usd = low
        asset.depth_min_exchange_id = exchange_id


@kernel
def _apply_gap(asset: Asset) -> None:
    """The book lost continuity: no depth until the next reading, and ids are compared anew."""
    asset.is_synced = 0
    asset.bid_depth_usd = math.nan
    asset.ask_depth_usd = math.nan
    asset.depth_min_usd = math.nan
    asset.depth_min_exchange_id = asset.depth_exchange_id
    if asset.depth_updated_at_ns >= 0:
        asset.depth_low_usd = 0.0
    for kind in range(KIND_SLOTS):
        asset.newest_id[kind] = UNKNOWN_ID


@kernel
def _note_delay(asset: Asset, delay_ns: int, now_ns: int) -> None:
    if asset.delay_at_ns < 0:
        asset.delay_anchor_ns = delay_ns
    deviation = float(delay_ns - asset.delay_anchor_ns)
    if asset.delay_at_ns < 0:
        asset.delay_deviation_ns = deviation
    else:
        kept = math.exp(-DELAY_RATE * (now_ns - asset.delay_at_ns))
        asset.delay_deviation_ns = kept * asset.delay_deviation_ns + (1.0 - kept) * deviation
    asset.delay_at_ns = now_ns
    bucket = asset.second % JITTER_WINDOW_S
    asset.delay_count_ring[bucket] += 1.0
    asset.delay_sum_ring[bucket] += deviation
    asset.delay_square_ring[bucket] += deviation * deviation
    base = (asset.second // BASE_DELAY_BUCKET_S) % BASE_DELAY_BUCKETS
    if not asset.base_delay_ring[base] <= deviation:
        asset.base_delay_ring[base] = deviation


@kernel
def apply_rows(
    state: NDArray[np.void], clock_ns: int, asset_index: Ints, kinds: Bytes, sides: NDArray[np.int8], times_and_ids: Ints, values: Floats
) -> int:
    """Play rows into `state`, in order; the market time afterwards is returned.

    state: (assets,) ASSET_STATE, changed in place. clock_ns: market time so far. asset_index: int64 (rows,), row of `state`, -1 for a
    row without asset. kinds: uint8 (rows,). sides: int8 (rows,), 1 taker bought, 0 taker sold, -1 missing. times_and_ids: int64
    (len(INT_INPUTS), rows), -1 where missing. values: float64 (len(FLOAT_INPUTS), rows), NaN where missing.
    """
    now_ns = clock_ns
    for i in range(kinds.size):
        event_time_ns, market_time_ns, exchange_id = (
            times_and_ids[READ_INT.event_time_ns, i],
            times_and_ids[READ_INT.market_time_ns, i],
            times_and_ids[READ_INT.exchange_id, i],
        )
        now_ns = max(now_ns, market_time_ns)
        row: int = asset_index[i]
        if row < 0:
            continue
        asset = state[row]
        advance(asset, now_ns)
        kind = kinds[i]
        if kind == TICK:
            continue
        if kind == GAP:
            _apply_gap(asset)
            continue
        value = values[:, i]
        if exchange_id < 0 or not _is_acceptable(kind, sides[i], value):
            asset.refused_rows += 1
            continue
        if exchange_id <= asset.newest_id[kind]:
            asset.duplicate_rows += 1
            continue
        asset.newest_id[kind] = exchange_id
        if kind == BOOK:
            _apply_book(asset, value[READ.bid_price], value[READ.bid_qty], value[READ.ask_price], value[READ.ask_qty], now_ns, exchange_id)
        elif kind == DEPTH:
            _apply_depth(asset, value[READ.bid_depth_usd], value[READ.ask_depth_usd], now_ns, exchange_id)
        elif kind == MARK:
            asset.funding_rate = value[READ.funding_rate]
        elif kind == LIQUIDATION:
            asset.liquidation_ring[asset.second % TAKER_WINDOW_S] += value[READ.price] * value[READ.qty]
            asset.liquidation_exchange_id = exchange_id
        else:
            _apply_trade(asset, value[READ.price], value[READ.qty], sides[i] == 1, now_ns, kind, exchange_id)
        asset.updated_at_ns = now_ns
        asset.last_kind = kind
        asset.last_exchange_id = exchange_id
        if event_time_ns > 0:
            asset.event_time_ns = event_time_ns
            _note_delay(asset, now_ns - event_time_ns, now_ns)
    return now_ns
