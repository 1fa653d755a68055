"""Frames in, MARKET rows out: one feed shard's view of the exchange.

The translator owns the shard's market clock and its order books. Market time is the receive time made strictly increasing; the clock also
says TICK on every multiple of `TICK_NS`, so that a consumer can tell "connected, nothing said" from "no feed". It says nothing while the
connection is lost: silence is what makes the consumers fail safe. Everything odd is counted in `Counters`, and said once in `notices`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.names import MAX_ASSETS
from dolphin.core.contract.schemas import MARKET
from dolphin.core.market.binance.frames import (
    AggTrade,
    BadFrame,
    BookTicker,
    DepthSnapshot,
    DepthUpdate,
    ForceOrder,
    Ignored,
    MarkPrice,
    Trade,
    decode,
)
from dolphin.core.market.book import BookChange, OrderBook
from dolphin.core.units import MS_NS

TICK_NS: Final = 250_000_000
"""Market time between heartbeats."""

MAX_SILENCE_NS: Final = 3_600_000_000_000
"""Longest step of the clock that is filled with TICKs (one hour); a longer one starts the clock anew."""

MAX_NOTICES: Final = 256
"""Distinct notices kept for the shell to report."""

type Row = tuple[
    str, int, int | None, int, int | None,
    float | None, float | None, float | None, float | None,
    float | None, float | None, bool | None,
    float | None, float | None, float | None, float | None,
]  # fmt: skip
"""One row in the column order of MARKET, as `COLUMNS` repeats it."""

COLUMNS: Final = (
    "asset", "kind", "event_time_ns", "market_time_ns", "exchange_id",
    "bid_price", "bid_qty", "ask_price", "ask_qty",
    "price", "qty", "is_taker_buy",
    "bid_depth_usd", "ask_depth_usd", "mark_price", "funding_rate",
)  # fmt: skip
assert tuple(MARKET.names) == COLUMNS, "MARKET has other columns than the rows that are made here, or has them in another order"


@dataclass(slots=True)
class Counters:
    """What the translator has seen, for reports; no rule reads it."""

    frames: int = 0
    rows: int = 0
    ticks: int = 0
    bad_frames: int = 0
    ignored_frames: int = 0
    off_market_trades: int = 0
    refused_assets: int = 0
    snapshots: int = 0
    held_updates: int = 0
    dropped_updates: int = 0
    gaps: int = 0
    clock_steps: int = 0


def _without_values(asset: str, kind: Kind, event_time_ns: int | None, market_time_ns: int, exchange_id: int | None) -> Row:
    return (
        asset, kind, event_time_ns, market_time_ns, exchange_id,
        None, None, None, None, None, None, None, None, None, None, None,
    )  # fmt: skip


class Translator:
    """Rows from frames, in the order received."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.books: dict[str, OrderBook] = {}
        self.market_time_ns = 0
        """Market time of the last row."""
        self._next_tick_ns: int | None = None
        self._event_shift_ns = 0
        self._notices: dict[str, None] = {}
        self._unreported: list[str] = []
        self._handlers: dict[type, Callable[[Any, int], Row | None]] = {
            BookTicker: self._on_book_ticker,
            Trade: self._on_trade,
            AggTrade: self._on_agg_trade,
            DepthUpdate: self._on_depth_update,
            DepthSnapshot: self._on_depth_snapshot,
            MarkPrice: self._on_mark_price,
            ForceOrder: self._on_force_order,
            Ignored: self._on_ignored,
            BadFrame: self._on_bad_frame,
        }

    def on_frame(self, receive_ns: int, raw: bytes, event_shift_ns: int = 0) -> list[Row]:
        """The rows that one frame, received at `receive_ns`, causes: due TICKs first, then at most one row of its own.

        `event_shift_ns` is added to exchange times: a replay in a loop moves both clocks.
        """
        self.counters.frames += 1
        self._event_shift_ns = event_shift_ns
        rows = self.on_time(receive_ns) if self._next_tick_ns is not None else self._connect(receive_ns)
        event = decode(raw)
        row = self._handlers[type(event)](event, max(receive_ns, self.market_time_ns + 1))
        if row is None:
            return rows
        self.market_time_ns = row[3]
        self.counters.rows += 1
        if rows:
            rows.append(row)
            return rows
        return [row]

    def on_time(self, now_ns: int) -> list[Row]:
        """The TICKs due up to `now_ns`; none while nothing has been received since the connection was lost."""
        due_ns = self._next_tick_ns
        if due_ns is None or now_ns < due_ns:
            return []
        if now_ns - due_ns > MAX_SILENCE_NS:
            self.counters.clock_steps += 1
            return self._connect(now_ns)
        rows: list[Row] = []
        while due_ns <= now_ns:
            time_ns = max(due_ns, self.market_time_ns + 1)
            rows.append(_without_values("", Kind.TICK, None, time_ns, None))
            self.market_time_ns = time_ns
            due_ns += TICK_NS
        self._next_tick_ns = due_ns
        self.counters.ticks += len(rows)
        self.counters.rows += len(rows)
        return rows

    def on_lost(self, now_ns: int) -> list[Row]:
        """The connection broke: a GAP row for each book that was synchronised, and no TICK until a frame arrives again."""
        rows = self.on_time(now_ns)
        for asset, book in self.books.items():
            if book.on_disconnect() is BookChange.LOST:
                time_ns = max(now_ns, self.market_time_ns + 1)
                rows.append(self._gap(asset, book.last_id, book.event_time_ms, time_ns))
                self.market_time_ns = time_ns
                self.counters.rows += 1
        self._next_tick_ns = None
        return rows

    def on_end(self, now_ns: int) -> list[Row]:
        """The source is finished: due TICKs and a last one, so that every consumer's clock reaches the end."""
        rows = self.on_time(now_ns)
        if self.market_time_ns:
            self.market_time_ns = max(now_ns, self.market_time_ns + 1)
            rows.append(_without_values("", Kind.TICK, None, self.market_time_ns, None))
            self.counters.ticks += 1
            self.counters.rows += 1
        for asset in self.unsynced_assets:
            self._notice(f"{asset}: no order book (no snapshot that fits its updates); depth unknown")
        return rows

    @property
    def unsynced_assets(self) -> list[str]:
        """Assets whose depth stream was seen but whose order book is not known."""
        return [asset for asset, book in self.books.items() if not book.is_synced]

    @property
    def assets_wanting_snapshot(self) -> list[str]:
        """Assets whose order book holds updates that only a snapshot can turn into a book."""
        return [asset for asset, book in self.books.items() if book.wants_snapshot]

    @property
    def next_tick_ns(self) -> int | None:
        """Market time of the next TICK; None while nothing has been received since the connection was lost."""
        return self._next_tick_ns

    def take_notices(self) -> list[str]:
        """What happened for the first time since the last call, in words."""
        notices, self._unreported = self._unreported, []
        return notices

    def _connect(self, now_ns: int) -> list[Row]:
        self._next_tick_ns = (now_ns // TICK_NS + 1) * TICK_NS
        return []

    def _event_ns(self, event_time_ms: int) -> int:
        return event_time_ms * MS_NS + self._event_shift_ns

    def _on_book_ticker(self, event: BookTicker, time_ns: int) -> Row | None:
        return (
            event.symbol, Kind.BOOK, self._event_ns(event.event_time_ms), time_ns, event.update_id,
            event.bid_price, event.bid_qty, event.ask_price, event.ask_qty,
            None, None, None, None, None, None, None,
        )  # fmt: skip

    def _on_trade(self, event: Trade, time_ns: int) -> Row | None:
        if event.origin != "MARKET" or event.price <= 0.0:
            self.counters.off_market_trades += 1
            return None
        return self._trade(Kind.TRADE, event, time_ns)

    def _on_agg_trade(self, event: AggTrade, time_ns: int) -> Row | None:
        return self._trade(Kind.AGG_TRADE, event, time_ns)

    def _trade(self, kind: Kind, event: Trade | AggTrade, time_ns: int) -> Row:
        return (
            event.symbol, kind, self._event_ns(event.event_time_ms), time_ns, event.trade_id,
            None, None, None, None,
            event.price, event.qty, not event.is_maker_buyer,
            None, None, None, None,
        )  # fmt: skip

    def _on_mark_price(self, event: MarkPrice, time_ns: int) -> Row | None:
        return (
            event.symbol, Kind.MARK, self._event_ns(event.event_time_ms), time_ns, event.event_time_ms,
            None, None, None, None, None, None, None, None, None,
            event.mark_price, event.funding_rate,
        )  # fmt: skip

    def _on_force_order(self, event: ForceOrder, time_ns: int) -> Row | None:
        order = event.order
        return (
            order.symbol, Kind.LIQUIDATION, self._event_ns(event.event_time_ms), time_ns, order.trade_time_ms,
            None, None, None, None,
            order.average_price, order.qty, order.side == "BUY",
            None, None, None, None,
        )  # fmt: skip

    def _on_depth_update(self, event: DepthUpdate, time_ns: int) -> Row | None:
        book = self._book(event.symbol)
        if book is None:
            return None
        match book.on_update(event):
            case BookChange.APPLIED:
                return self._depth(event.symbol, book, time_ns)
            case BookChange.LOST:
                return self._gap(event.symbol, event.last_id, event.event_time_ms, time_ns)
            case BookChange.DROPPED:
                self.counters.dropped_updates += 1
            case _:
                self.counters.held_updates += 1
        return None

    def _on_depth_snapshot(self, event: DepthSnapshot, time_ns: int) -> Row | None:
        self.counters.snapshots += 1
        book = self._book(event.symbol)
        if book is None or book.on_snapshot(event) is not BookChange.APPLIED:
            return None
        return self._depth(event.symbol, book, time_ns)

    def _depth(self, asset: str, book: OrderBook, time_ns: int) -> Row:
        bid_depth_usd, ask_depth_usd = book.depth_usd()
        return (
            asset, Kind.DEPTH, self._event_ns(book.event_time_ms), time_ns, book.last_id,
            None, None, None, None, None, None, None,
            bid_depth_usd, ask_depth_usd, None, None,
        )  # fmt: skip

    def _gap(self, asset: str, update_id: int, event_time_ms: int, time_ns: int) -> Row:
        self.counters.gaps += 1
        self._notice(f"{asset}: order book lost continuity at update {update_id}; depth is unknown until it is resynchronised")
        return _without_values(asset, Kind.GAP, self._event_ns(event_time_ms), time_ns, update_id)

    def _on_ignored(self, event: Ignored, _time_ns: int) -> Row | None:
        self.counters.ignored_frames += 1
        self._notice(f"{event.stream} frames are not used")
        return None

    def _on_bad_frame(self, event: BadFrame, _time_ns: int) -> Row | None:
        self.counters.bad_frames += 1
        self._notice(f"bad frame: {event.field} = {event.value!r}: {event.reason}", key=f"bad {event.field} {event.reason}")
        return None

    def _book(self, asset: str) -> OrderBook | None:
        book = self.books.get(asset)
        if book is None:
            if len(self.books) >= MAX_ASSETS:
                self.counters.refused_assets += 1
                return None
            book = self.books[asset] = OrderBook()
        return book

    def _notice(self, text: str, *, key: str | None = None) -> None:
        key = key or text
        if key not in self._notices and len(self._notices) < MAX_NOTICES:
            self._notices[key] = None
            self._unreported.append(text)
