"""Where the columns of MARKET and FEATURES lie in the arrays of the feature kernel: by name, so that a column that comes in between moves
all of them.
"""

from typing import Final, NamedTuple

import pyarrow as pa

from dolphin.core.contract.schemas import FEATURES, MARKET


def _columns_of(schema: pa.Schema, kind: pa.DataType) -> tuple[str, ...]:
    return tuple(name for name, each in zip(schema.names, schema.types, strict=True) if each == kind)


FLOAT_INPUTS: Final = _columns_of(MARKET, pa.float64())
"""Rows of the kernel's float input, in order: columns of MARKET."""

INT_INPUTS: Final = _columns_of(MARKET, pa.int64())
"""Rows of the kernel's int64 input, in order: columns of MARKET."""

FLOAT_OUTPUTS: Final = _columns_of(FEATURES, pa.float64())
"""Rows of the kernel's float output, in order: columns of FEATURES."""

INT_OUTPUTS: Final = tuple(name for name in _columns_of(FEATURES, pa.int64()) if name != "market_time_ns")
"""Rows of the kernel's int64 output, in order: columns of FEATURES. Delays are `UNKNOWN_DELAY_NS` until known."""


class FloatInput(NamedTuple):
    """Where the columns of MARKET that the kernel reads lie in its float input."""

    bid_price: int
    bid_qty: int
    ask_price: int
    ask_qty: int
    price: int
    qty: int
    bid_depth_usd: int
    ask_depth_usd: int
    mark_price: int
    funding_rate: int


class IntInput(NamedTuple):
    """The same of its int64 input."""

    event_time_ns: int
    market_time_ns: int
    exchange_id: int


class FloatOutput(NamedTuple):
    """Where the columns of FEATURES lie in its float output; each is written."""

    bid: int
    ask: int
    bid_qty: int
    ask_qty: int
    last_price: int
    spread_bps: int
    spread_max_bps: int
    bid_depth_usd: int
    ask_depth_usd: int
    depth_min_usd: int
    depth_q10_usd: int
    taker_buy_1m: int
    taker_sell_1m: int
    liquidation_1m_usd: int
    volume_5m_usd: int
    sigma_5s: int
    funding_rate: int


class IntOutput(NamedTuple):
    """The same of its int64 output."""

    ticked_at_ns: int
    event_time_ns: int
    updated_at_ns: int
    book_updated_at_ns: int
    trade_updated_at_ns: int
    depth_updated_at_ns: int
    trades_1m: int
    delay_ns: int
    excess_delay_ns: int
    jitter_ns: int
    last_exchange_id: int
    taker_exchange_id: int
    book_exchange_id: int
    depth_exchange_id: int
    spread_max_exchange_id: int
    depth_min_exchange_id: int
    liquidation_exchange_id: int
    refused_rows: int
    duplicate_rows: int


READ: Final = FloatInput(*map(FLOAT_INPUTS.index, FloatInput._fields))
READ_INT: Final = IntInput(*map(INT_INPUTS.index, IntInput._fields))
SAID: Final = FloatOutput(*map(FLOAT_OUTPUTS.index, FloatOutput._fields))
SAID_INT: Final = IntOutput(*map(INT_OUTPUTS.index, IntOutput._fields))

_UNWRITTEN: Final = {*FLOAT_OUTPUTS, *INT_OUTPUTS} - {*FloatOutput._fields, *IntOutput._fields}
assert not _UNWRITTEN, f"columns of FEATURES that the kernel does not write: {sorted(_UNWRITTEN)}"
