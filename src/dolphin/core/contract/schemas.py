"""The columns of every record batch that crosses a boundary, each once: name, type, what it says, and in which unit.

The tables in `docs/contracts.md` are drawn from here, and a test compares them. Who reads a part of a schema names its columns with `part`,
so that a column that is renamed or gone is noticed when the reader is imported, not when it runs.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import pyarrow as pa

_TEXT, _FLOAT, _INT, _SMALL, _BOOL = pa.utf8(), pa.float64(), pa.int64(), pa.uint8(), pa.bool_()


class Column(NamedTuple):
    """One column; a nullable one says null, NaN or a negative number where it is not known."""

    name: str
    kind: pa.DataType
    what: str
    is_nullable: bool = True


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of a table of columns."""
    return pa.schema([pa.field(each.name, each.kind, nullable=each.is_nullable) for each in columns])


def part(schema: pa.Schema, *names: str) -> tuple[str, ...]:
    """`names`, every one of which is a column of `schema`; AssertionError naming the first that is not."""
    for name in names:
        assert name in schema.names, f"no column {name!r}"
    return names


MARKET_COLUMNS: Final = (
    Column("asset", _TEXT, 'symbol, as BTCUSDT; "" for TICK', False),
    Column("kind", _SMALL, "`Kind`: what the row says", False),
    Column("event_time_ns", _INT, "the exchange's time of the message"),
    Column("market_time_ns", _INT, "market time: the receiver's clock, strictly increasing in a shard", False),
    Column("exchange_id", _INT, "the exchange's number of the message (`contract.causes`)"),
    Column("bid_price", _FLOAT, "BOOK: best bid"),
    Column("bid_qty", _FLOAT, "BOOK: quantity there, base asset"),
    Column("ask_price", _FLOAT, "BOOK: best ask"),
    Column("ask_qty", _FLOAT, "BOOK: quantity there, base asset"),
    Column("price", _FLOAT, "TRADE, AGG_TRADE, LIQUIDATION: price"),
    Column("qty", _FLOAT, "TRADE, AGG_TRADE, LIQUIDATION: quantity, base asset"),
    Column("is_taker_buy", _BOOL, "TRADE, AGG_TRADE, LIQUIDATION: whether the taker bought"),
    Column("bid_depth_usd", _FLOAT, "DEPTH: notional of bids within 10 bps of the mid"),
    Column("ask_depth_usd", _FLOAT, "DEPTH: notional of asks within 10 bps of the mid"),
    Column("mark_price", _FLOAT, "MARK: mark price"),
    Column("funding_rate", _FLOAT, "MARK: funding rate of the running period"),
)
MARKET: Final = schema_of(MARKET_COLUMNS)
"""What the feed publishes. Columns that a kind does not have are null; prices and quantities are in the exchange's units."""

FEATURES_COLUMNS: Final = (
    Column("asset", _TEXT, "symbol", False),
    Column("market_time_ns", _INT, "market time of the row's moment", False),
    Column("bid", _FLOAT, "best bid"),
    Column("ask", _FLOAT, "best ask"),
    Column("bid_qty", _FLOAT, "quantity at the best bid, base asset"),
    Column("ask_qty", _FLOAT, "quantity at the best ask, base asset"),
    Column("last_price", _FLOAT, "price of the last trade"),
    Column("spread_bps", _FLOAT, "spread over mid, basis points"),
    Column("spread_max_bps", _FLOAT, "widest spread since the last TICK, that of the book in force then included"),
    Column("bid_depth_usd", _FLOAT, "notional of bids within 10 bps of the mid"),
    Column("ask_depth_usd", _FLOAT, "notional of asks within 10 bps of the mid"),
    Column("depth_min_usd", _FLOAT, "least min(bid, ask) depth since the last TICK, the one in force then included; NaN while out of sync"),
    Column(
        "depth_q10_usd",
        _FLOAT,
        "10 % time-weighted quantile over 5 min of min(bid, ask) depth; time out of sync or without a reading for 10 s counts as 0",
    ),
    Column("taker_buy_1m", _FLOAT, "notional that takers bought in 1 min"),
    Column("taker_sell_1m", _FLOAT, "notional that takers sold in 1 min"),
    Column("liquidation_1m_usd", _FLOAT, "notional liquidated in 1 min"),
    Column("volume_5m_usd", _FLOAT, "notional traded in 5 min"),
    Column("sigma_5s", _FLOAT, "volatility of 5 s log returns: EWMA, half-life 10 min, at least a tick"),
    Column("funding_rate", _FLOAT, "funding rate of the running period"),
    Column("ticked_at_ns", _INT, "market time of the last TICK; the row's own at a grid point, where the rules look and nowhere else"),
    Column("event_time_ns", _INT, "the exchange's time of the last message"),
    Column("updated_at_ns", _INT, "market time of the last accepted message"),
    Column("book_updated_at_ns", _INT, "the same of the book ticker"),
    Column("trade_updated_at_ns", _INT, "the same of the trades"),
    Column("depth_updated_at_ns", _INT, "the same of the depth"),
    Column("trades_1m", _INT, "trades in 1 min"),
    Column("delay_ns", _INT, "market time less exchange time, EWMA, clock offset included"),
    Column("excess_delay_ns", _INT, "the delay above the smallest of the last 5 min, so free of a constant clock offset"),
    Column("jitter_ns", _INT, "standard deviation of the delay over 30 s"),
    Column("last_exchange_id", _INT, "number of the last message"),
    Column("taker_exchange_id", _INT, "number of the last trade"),
    Column("book_exchange_id", _INT, "number of the last book ticker"),
    Column("depth_exchange_id", _INT, "number of the last depth update"),
    Column("spread_max_exchange_id", _INT, "number of the book ticker behind spread_max_bps"),
    Column("depth_min_exchange_id", _INT, "number of the depth update behind depth_min_usd; of the last one while out of sync"),
    Column("liquidation_exchange_id", _INT, "number of the last liquidation"),
    Column("refused_rows", _INT, "rows that could not be believed, since the asset was first seen"),
    Column("duplicate_rows", _INT, "rows that were not newer than their stream, since the asset was first seen"),
    Column("last_kind", _SMALL, "kind of the last message"),
    Column("taker_kind", _SMALL, "kind of the last trade"),
    Column("is_synced", _BOOL, "the order book is continuous"),
)
FEATURES: Final = schema_of(FEATURES_COLUMNS)
"""One row per known asset and moment. While unknown, floats are NaN, times and ids -1, kinds 0 and the three delays null; none counts as
good."""

SCAN_COLUMNS: Final = (
    Column("asset", _TEXT, "symbol", False),
    Column("market_time_ns", _INT, "the scan time", False),
    Column("eligible", _BOOL, "its book spoke in the last 3 scans", False),
    Column("mid", _FLOAT, "mid price"),
    Column("log_return", _FLOAT, "ln of the mid over the one of the scan before"),
    Column("loading", _FLOAT, "correlation with the market mode"),
    Column("idio_vel_div", _FLOAT, "divergence of the idiosyncratic variance share, per second"),
    Column("sigma_5s", _FLOAT, "as in FEATURES, at the scan time"),
    Column("volume_5m_usd", _FLOAT, "as in FEATURES, at the scan time"),
    Column("spread_bps", _FLOAT, "as in FEATURES, at the scan time"),
    Column("depth_q10_usd", _FLOAT, "as in FEATURES, at the scan time"),
    # of all assets together, the same in every row of a scan
    Column("n_assets", pa.int32(), "eligible assets"),
    Column("fill_50", pa.int32(), "samples in the short window"),
    Column("fill_750", pa.int32(), "samples in the long window"),
    Column("lambda1_50", _FLOAT, "largest eigenvalue, short window"),
    Column("lambda1_750", _FLOAT, "largest eigenvalue, long window"),
    Column("lambda1_rel_50", _FLOAT, "over its value for independent assets"),
    Column("lambda1_rel_750", _FLOAT, "over its value for independent assets"),
    Column("v50", _FLOAT, "velocity of ln(λ1/N), short window, per second"),
    Column("v750", _FLOAT, "velocity of ln(λ1/N), long window, per second"),
    Column("vel_div", _FLOAT, "v50 less v750"),
    Column("vel_div_z", _FLOAT, "robust z of vel_div over a trailing day"),
    Column("plunge_depth", _FLOAT, "largest vel_div_z of the last hour less the present one"),
    Column("is_plunge", _BOOL, "a plunge is in force until re-armed"),
    Column("entropy", _FLOAT, "spectral entropy, short window, 0 to 1"),
    Column("entropy_rel", _FLOAT, "over its value for independent assets"),
    Column("effective_rank", _FLOAT, "effective rank, short window"),
    Column("effective_rank_rel", _FLOAT, "over its value for independent assets"),
    Column("absorption", _FLOAT, "absorption ratio, short window"),
    Column("absorption_rel", _FLOAT, "over its value for independent assets"),
)
SCAN: Final = schema_of(SCAN_COLUMNS)
"""One row per known asset and scan, sorted by asset. Floats are NaN while unknown."""

RANKING_COLUMNS: Final = (
    Column("rank", pa.int32(), "place, from 1", False),
    Column("asset", _TEXT, "symbol", False),
    Column("score", _FLOAT, "ARS = S · ℓ"),
    Column("s", _FLOAT, "weighted mean of the signals, 0 to 1"),
    Column("liquidity_multiplier", _FLOAT, "ℓ, 0.90 to 1.10"),
    Column("z_depth", _FLOAT, "cross-sectional robust z of ln depth"),
    Column("market_time_ns", _INT, "the scan time", False),
    Column("plunge_depth", _FLOAT, "as in SCAN"),
    Column("sigma_5s", _FLOAT, "as in SCAN"),
    Column("mid", _FLOAT, "as in SCAN"),
    Column("is_incumbent", _BOOL, "in the traded set", False),
    Column("missing", _TEXT, "signals that counted as neutral, comma-separated", False),
    Column("w_loading", _FLOAT, "weight in force"),
    Column("w_idio_vel_div", _FLOAT, "weight in force"),
    Column("w_volume", _FLOAT, "weight in force"),
    Column("w_spread_cost", _FLOAT, "weight in force"),
    Column("w_volatility_fit", _FLOAT, "weight in force"),
)
RANKING: Final = schema_of(RANKING_COLUMNS)
"""One row per ranked asset: the traded set first, each part best first; no rows = nothing eligible."""

SIGNALS_COLUMNS: Final = (
    Column("key", _TEXT, "the gate's key: account, or account/asset", False),
    Column("value", pa.binary(), "msgpack signal for the gate's entry processor", False),
)
SIGNALS: Final = schema_of(SIGNALS_COLUMNS)
"""What the safety stages emit: one row per entry-processor call."""

TABLES: Final = {
    "MARKET": MARKET_COLUMNS,
    "FEATURES": FEATURES_COLUMNS,
    "SCAN": SCAN_COLUMNS,
    "RANKING": RANKING_COLUMNS,
    "SIGNALS": SIGNALS_COLUMNS,
}


def markdown(columns: Iterable[Column]) -> str:
    """A table of columns for `docs/contracts.md`."""
    lines = ["| column | type | says |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.kind}{'' if each.is_nullable else ', never null'} | {each.what} |" for each in columns]
    return "\n".join(lines)
