"""What arrives on the topics, as values: the rows of a FEATURES batch and the order of a RANKING (docs/contracts.md).

Prices and sizes become e8 integers here, once. A row without a two-sided, uncrossed touch is left out: what is not known is not quoted.
"""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from dolphin.core.contract.batch import BatchInfo, info_of
from dolphin.core.contract.causes import cause_id
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import FEATURES, RANKING, part
from dolphin.core.placing.view import Ranked, Ranking, Touch
from dolphin.core.units import ONE_E8

MAX_E8: Final = 10**18
_TOUCH_COLUMNS: Final = part(
    FEATURES, "asset", "bid", "ask", "bid_qty", "ask_qty", "sigma_5s", "updated_at_ns", "last_kind", "last_exchange_id"
)
_RANKING_COLUMNS: Final = part(RANKING, "rank", "asset", "score", "plunge_depth", "sigma_5s", "market_time_ns")


@dataclass(frozen=True, slots=True)
class Features:
    """One batch of `market.<shard>`."""

    info: BatchInfo
    touches: dict[str, Touch]
    sigma_5s: dict[str, float]
    last_cause: str | None
    """The exchange message heard last, over all assets."""


def read_features(batch: pa.RecordBatch) -> Features:
    """What a batch of `market.<shard>` says; ValueError where it lacks a column or its metadata."""
    touches: dict[str, Touch] = {}
    sigma_5s: dict[str, float] = {}
    last_heard_ns, last_cause = -1, None
    for asset, bid, ask, bid_qty, ask_qty, sigma, updated_at_ns, kind, exchange_id in zip(*_columns(batch, _TOUCH_COLUMNS), strict=True):
        touch = _touch(bid, ask, bid_qty, ask_qty)
        if touch is not None:
            touches[asset] = touch
        sigma_5s[asset] = _number(sigma)
        if None in (kind, exchange_id, updated_at_ns) or kind == Kind.TICK:
            continue
        if updated_at_ns > last_heard_ns:
            last_heard_ns, last_cause = updated_at_ns, cause_id(asset, kind, exchange_id)
    return Features(info_of(batch), touches, sigma_5s, last_cause)


def read_ranking(batch: pa.RecordBatch, limit: int = 50) -> Ranking:
    """The best `limit` rows of a batch of `ranking`; ValueError where it lacks a column or its metadata."""
    rows = sorted(zip(*_columns(batch, _RANKING_COLUMNS), strict=True), key=lambda row: row[0])[:limit]
    ranked = tuple(Ranked(asset, _number(score), _number(depth), _number(sigma)) for _, asset, score, depth, sigma, _ in rows)
    return Ranking(rows[0][5] if rows else info_of(batch).market_time_ns, ranked)


def to_e8(value: object) -> int | None:
    """A positive float as an e8 integer; None for anything that is not a usable number."""
    if not isinstance(value, float | int) or not 0.0 < value * ONE_E8 < MAX_E8:
        return None
    return round(value * ONE_E8)


def _touch(bid: object, ask: object, bid_qty: object, ask_qty: object) -> Touch | None:
    bid_e8, ask_e8, bid_qty_e8, ask_qty_e8 = to_e8(bid), to_e8(ask), to_e8(bid_qty), to_e8(ask_qty)
    if not (bid_e8 and ask_e8 and bid_qty_e8 and ask_qty_e8) or bid_e8 >= ask_e8:
        return None
    return Touch(bid_e8, ask_e8, bid_qty_e8, ask_qty_e8)


def _columns(batch: pa.RecordBatch, names: tuple[str, ...]) -> list[list[Any]]:
    places = {name: place for place, name in enumerate(batch.schema.names)}
    missing = [name for name in names if name not in places]
    if missing:
        raise ValueError(f"the batch has no column {missing[0]!r}")
    return [_values(batch.column(places[name])) for name in names]


def _values(column: pa.Array) -> list[Any]:
    """The column as Python values; by way of numpy where that loses nothing, which is ten times as fast."""
    if column.null_count or not pa.types.is_primitive(column.type):
        return column.to_pylist()
    return column.to_numpy(zero_copy_only=False).tolist()


def _number(value: object) -> float:
    return float(value) if isinstance(value, float | int) else float("nan")
