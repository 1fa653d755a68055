"""The feature stage in plain Python, as an oracle: it keeps every row and works each feature out from the whole history.

Nothing is incremental here and no ring is used, so it shares no mistake with the compiled loop. It is slow and meant to be read.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from dolphin.core.contract.kinds import Kind

SECOND = 1_000_000_000
NAN = math.nan

Row = dict[str, Any]


def is_positive(x: float | None) -> bool:
    return x is not None and math.isfinite(x) and x > 0


def is_amount(x: float | None) -> bool:
    return x is not None and math.isfinite(x) and x >= 0


def is_acceptable(row: Row) -> bool:
    if row["exchange_id"] is None or row["exchange_id"] < 0:
        return False
    match row["kind"]:
        case Kind.BOOK:
            prices = is_positive(row["bid_price"]) and is_positive(row["ask_price"]) and row["bid_price"] < row["ask_price"]
            return prices and is_amount(row["bid_qty"]) and is_amount(row["ask_qty"])
        case Kind.TRADE | Kind.AGG_TRADE | Kind.LIQUIDATION:
            return is_positive(row["price"]) and is_amount(row["qty"]) and row["is_taker_buy"] is not None
        case Kind.DEPTH:
            return is_amount(row["bid_depth_usd"]) and is_amount(row["ask_depth_usd"])
        case Kind.MARK:
            return is_positive(row["mark_price"]) and row["funding_rate"] is not None and math.isfinite(row["funding_rate"])
    return False


@dataclass
class AssetHistory:
    """Everything that was accepted about one asset, with the market time of each row."""

    said: list[tuple[int, Row]] = field(default_factory=list)
    depths: list[tuple[int, float | None]] = field(default_factory=list)  # readings, and None for each gap
    depth_ids: list[int] = field(default_factory=list)  # beside `depths`; a gap has that of the last reading
    newest: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    duplicates: int = 0

    def hear(self, now: int, row: Row) -> None:
        if row["kind"] == Kind.GAP:
            self.depths.append((now, None))
            self.depth_ids.append(self.depth_ids[-1] if self.depth_ids else -1)
            self.newest.clear()
        elif not is_acceptable(row):
            self.refused += 1
        elif row["exchange_id"] <= self.newest.get(row["kind"], -1):
            self.duplicates += 1
        else:
            self.newest[row["kind"]] = row["exchange_id"]
            self.said.append((now, row))
            if row["kind"] == Kind.DEPTH:
                self.depths.append((now, min(row["bid_depth_usd"], row["ask_depth_usd"])))
                self.depth_ids.append(row["exchange_id"])

    def of(self, *kinds: int) -> list[tuple[int, Row]]:
        return [(t, row) for t, row in self.said if row["kind"] in kinds]

    def windowed(self, now: int, seconds: int, *kinds: int) -> list[Row]:
        return [row for t, row in self.of(*kinds) if now // SECOND - t // SECOND < seconds]


def _last(rows: list[tuple[int, Row]], column: str, default: Any = NAN) -> Any:
    return rows[-1][1][column] if rows else default


def _tick_size(books: list[tuple[int, Row]]) -> float:
    steps = [row["ask_price"] - row["bid_price"] for _, row in books]
    for (_, a), (_, b) in pairwise(books):
        steps += [abs(b["bid_price"] - a["bid_price"]), abs(b["ask_price"] - a["ask_price"])]
    return min((s for s in steps if s > 0), default=NAN)


def _sigma(books: list[tuple[int, Row]], now: int) -> float:
    step = 5 * SECOND
    closing: dict[int, float] = {}  # 5 s step -> last mid in it
    for t, row in books:
        if t // step < now // step:
            closing[t // step] = (row["bid_price"] + row["ask_price"]) / 2
    samples = sorted(closing.items())
    weighted, weights = 0.0, 0.0
    decay = 0.5 ** (1 / 120)
    for (a, before), (b, after) in pairwise(samples):
        square = math.log(after / before) ** 2 / (b - a)
        for _ in range(b - a):
            weighted, weights = decay * weighted + square, decay * weights + 1
    if len(samples) < 7:
        return NAN
    mid = (books[-1][1]["bid_price"] + books[-1][1]["ask_price"]) / 2
    return max(math.sqrt(weighted / weights), _tick_size(books) / mid)


def _depth_q10(events: list[tuple[int, float | None]], now: int) -> float:
    while events and events[0][1] is None:
        events = events[1:]
    if not events:
        return NAN
    first = events[0][0]

    def in_force(t: int) -> float:
        depth = [d for at, d in events if at < t][-1]
        reading = [at for at, d in events if at < t and d is not None][-1]
        return 0.0 if depth is None or t - reading > 10 * SECOND else depth

    lows = []
    for second in range(max(first // SECOND, now // SECOND - 300), now // SECOND):
        within = [0.0 if d is None else d for t, d in events if t // SECOND == second]
        before = [in_force(second * SECOND)] if second > first // SECOND else []
        lows.append(min(within + before))
    return sorted(lows)[math.ceil(len(lows) / 10) - 1] if lows else NAN


def _since[T](events: list[tuple[int, T]], after_ns: int) -> list[tuple[int, T]]:
    """The event in force at `after_ns`, and all later ones."""
    earlier = sum(t <= after_ns for t, _ in events)
    return events[max(0, earlier - 1) :]


def _widest(books: list[tuple[int, Row]], after_ns: int) -> tuple[float, int]:
    """(spread in bps, id) of the first of the widest books in force since `after_ns`."""
    spreads = [(_spread_bps(row["bid_price"], row["ask_price"]), row["exchange_id"]) for _, row in _since(books, after_ns)]
    return max(spreads, key=lambda each: each[0], default=(NAN, -1))


def _thinnest(history: AssetHistory, after_ns: int) -> tuple[float, int]:
    """(depth, id) of the first of the thinnest readings in force since `after_ns` and since the last gap."""
    readings = [(t, (depth, number)) for (t, depth), number in zip(history.depths, history.depth_ids, strict=True)]
    least: tuple[float, int] = (NAN, -1)
    for _, (depth, number) in _since(readings, after_ns):
        if depth is None:
            least = (NAN, number)
        elif not least[0] <= depth:
            least = (depth, number)
    return least


def _spread_bps(bid: float, ask: float) -> float:
    return (ask - bid) / ((bid + ask) / 2) * 1e4


def _delays(history: AssetHistory) -> list[tuple[int, int]]:
    return [(t, t - row["event_time_ns"]) for t, row in history.said if (row["event_time_ns"] or 0) > 0]


def features(history: AssetHistory, now: int, ticks: list[int]) -> Row:
    """The FEATURES row of one asset at market time `now` (without `asset`), `ticks` being the times of all TICKs so far."""
    before = [tick for tick in ticks if tick < now]
    spread_max_bps, spread_max_id = _widest(history.of(Kind.BOOK), max(before, default=-1))
    depth_min_usd, depth_min_id = _thinnest(history, max(before, default=-1))
    books = history.of(Kind.BOOK)
    trades = history.of(Kind.TRADE, Kind.AGG_TRADE)
    depths = history.of(Kind.DEPTH)
    liquidations = history.of(Kind.LIQUIDATION)
    bid, ask = _last(books, "bid_price"), _last(books, "ask_price")
    is_synced = bool(history.depths) and history.depths[-1][1] is not None
    delays = _delays(history)
    ewma = NAN
    for (before, _), (t, delay) in zip([(0, 0), *delays], delays, strict=False):
        kept = 0.0 if math.isnan(ewma) else 0.5 ** ((t - before) / (5 * SECOND))
        ewma = delay if math.isnan(ewma) else kept * ewma + (1 - kept) * delay
    recent = [delay for t, delay in delays if now // SECOND - t // SECOND < 30]
    base = [delay for t, delay in delays if now // (30 * SECOND) - t // (30 * SECOND) < 10]
    mean = sum(recent) / len(recent) if recent else NAN
    notional = [(row["is_taker_buy"], row["price"] * row["qty"]) for row in history.windowed(now, 60, Kind.TRADE, Kind.AGG_TRADE)]
    return {
        "market_time_ns": now,
        "bid": bid,
        "ask": ask,
        "bid_qty": _last(books, "bid_qty"),
        "ask_qty": _last(books, "ask_qty"),
        "last_price": _last(trades, "price"),
        "spread_bps": _spread_bps(bid, ask),
        "spread_max_bps": spread_max_bps,
        "bid_depth_usd": _last(depths, "bid_depth_usd") if is_synced else NAN,
        "ask_depth_usd": _last(depths, "ask_depth_usd") if is_synced else NAN,
        "depth_min_usd": depth_min_usd,
        "depth_q10_usd": _depth_q10(history.depths, now),
        "taker_buy_1m": sum(n for is_buy, n in notional if is_buy),
        "taker_sell_1m": sum(n for is_buy, n in notional if not is_buy),
        "liquidation_1m_usd": sum(row["price"] * row["qty"] for row in history.windowed(now, 60, Kind.LIQUIDATION)),
        "volume_5m_usd": sum(row["price"] * row["qty"] for row in history.windowed(now, 300, Kind.TRADE, Kind.AGG_TRADE)),
        "sigma_5s": _sigma(books, now),
        "funding_rate": _last(history.of(Kind.MARK), "funding_rate"),
        "ticked_at_ns": max(ticks, default=-1),
        "event_time_ns": next((r["event_time_ns"] for _, r in reversed(history.said) if (r["event_time_ns"] or 0) > 0), -1),
        "updated_at_ns": history.said[-1][0] if history.said else -1,
        "book_updated_at_ns": books[-1][0] if books else -1,
        "trade_updated_at_ns": trades[-1][0] if trades else -1,
        "depth_updated_at_ns": depths[-1][0] if depths else -1,
        "trades_1m": len(notional),
        "delay_ns": None if math.isnan(ewma) else round(ewma),
        "excess_delay_ns": None if not base else round(max(ewma - min(base), 0.0)),
        "jitter_ns": None if len(recent) < 2 else round(math.sqrt(sum((d - mean) ** 2 for d in recent) / len(recent))),
        "is_synced": is_synced,
        "last_kind": _last(history.said, "kind", 0),
        "last_exchange_id": _last(history.said, "exchange_id", -1),
        "taker_kind": _last(trades, "kind", 0),
        "taker_exchange_id": _last(trades, "exchange_id", -1),
        "book_exchange_id": _last(books, "exchange_id", -1),
        "depth_exchange_id": _last(depths, "exchange_id", -1),
        "spread_max_exchange_id": spread_max_id,
        "depth_min_exchange_id": depth_min_id,
        "liquidation_exchange_id": _last(liquidations, "exchange_id", -1),
        "refused_rows": history.refused,
        "duplicate_rows": history.duplicates,
    }


class Oracle:
    """Plays rows as the stage does: market time never runs back, rows without an asset only carry time."""

    def __init__(self) -> None:
        self.now = 0
        self.ticks: list[int] = []
        self.assets: dict[str, AssetHistory] = {}

    def play(self, rows: list[Row]) -> dict[str, Row]:
        for row in rows:
            self.now = max(self.now, row["market_time_ns"])
            if row["kind"] == Kind.TICK:
                self.ticks.append(self.now)
            if not row["asset"]:
                continue
            history = self.assets.setdefault(row["asset"], AssetHistory())
            if row["kind"] != Kind.TICK:
                history.hear(self.now, row)
        return {asset: features(history, self.now, self.ticks) for asset, history in self.assets.items()}
