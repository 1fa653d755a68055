"""Whatever is lost, repeated or reordered on the way: a book that says it is synchronised is the exchange's book."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.market.binance.frames import DepthSnapshot, DepthUpdate
from dolphin.core.market.book import BAND, BookChange, OrderBook

TICKS = 40
MIDDLE = 1_000


@dataclass
class Exchange:
    """The true book, by definition, and what the exchange says of it."""

    bids: dict[float, float] = field(default_factory=lambda: {float(MIDDLE - 1): 1.0})
    asks: dict[float, float] = field(default_factory=lambda: {float(MIDDLE + 1): 1.0})
    last_id: int = 100
    states: dict[int, tuple[dict[float, float], dict[float, float]]] = field(default_factory=dict)

    def change(self, steps: list[tuple[int, int]], id_step: int) -> DepthUpdate:
        bids = [(float(MIDDLE - offset), float(qty)) for offset, qty in steps if offset > 0]
        asks = [(float(MIDDLE - offset), float(qty)) for offset, qty in steps if offset < 0]
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, qty in levels:
                side[price] = qty
                if qty == 0:
                    del side[price]
        first_id, previous_id = self.last_id + 1, self.last_id
        self.last_id += id_step
        self.states[self.last_id] = (dict(self.bids), dict(self.asks))
        return DepthUpdate("A", first_id, self.last_id, previous_id, bids, asks, self.last_id)

    def snapshot(self) -> DepthSnapshot:
        return DepthSnapshot("A", self.last_id, list(self.bids.items()), list(self.asks.items()), self.last_id)


offsets = st.integers(1, TICKS).map(lambda n: n) | st.integers(-TICKS, -1)
change = st.lists(st.tuples(offsets, st.integers(0, 5)), max_size=6)
fate = st.sampled_from(["arrive", "arrive", "arrive", "arrive", "lose", "twice", "swap", "snapshot", "disconnect"])


@given(st.lists(st.tuples(change, st.integers(1, 9), fate), min_size=1, max_size=60))
def test_a_synchronised_book_is_the_exchanges_book(script: list[tuple[list[tuple[int, int]], int, str]]) -> None:
    exchange, book = Exchange(), OrderBook()
    late: DepthUpdate | None = None
    for steps, id_step, what in script:
        update = exchange.change(steps, id_step)
        arriving = {"lose": [], "twice": [update, update], "swap": [], "disconnect": []}.get(what, [update])
        if what == "swap" and late is None:
            late = update
        elif late is not None:
            arriving = [*arriving, late]
            late = None
        for message in arriving:
            book.on_update(message)
        if what == "snapshot":
            book.on_snapshot(exchange.snapshot())
        if what == "disconnect":
            book.on_disconnect()
        if book.is_synced:
            assert (book.top(10**6)) == (
                sorted(exchange.states[book.last_id][0].items(), reverse=True),
                sorted(exchange.states[book.last_id][1].items()),
            )


@given(st.lists(st.tuples(change, st.integers(1, 9)), min_size=1, max_size=40), st.integers(0, 39))
def test_an_orderly_stream_synchronises_with_any_snapshot_taken_during_it(script: list[tuple[list[tuple[int, int]], int]], at: int) -> None:
    exchange, book = Exchange(), OrderBook()
    snapshot = None
    for number, (steps, id_step) in enumerate(script):
        if number == at % len(script):
            snapshot = exchange.snapshot()
        book.on_update(exchange.change(steps, id_step))
    assert snapshot is not None
    assert book.on_snapshot(snapshot) is BookChange.APPLIED
    assert book.last_id == exchange.last_id


@given(st.lists(st.tuples(change, st.integers(1, 9)), min_size=1, max_size=40))
def test_depth_is_the_sum_over_the_band_computed_naively(script: list[tuple[list[tuple[int, int]], int]]) -> None:
    exchange, book = Exchange(), OrderBook()
    book.on_snapshot(exchange.snapshot())
    for steps, id_step in script:
        book.on_update(exchange.change(steps, id_step))
    bids, asks = exchange.bids, exchange.asks
    if not bids or not asks:
        assert book.depth_usd() == (0.0, 0.0)
        return
    mid = (max(bids) + min(asks)) / 2
    naive_bid = sum(price * qty for price, qty in bids.items() if price >= mid * (1 - BAND))
    naive_ask = sum(price * qty for price, qty in asks.items() if price <= mid * (1 + BAND))
    bid, ask = book.depth_usd()
    assert abs(bid - naive_bid) < 1e-6
    assert abs(ask - naive_ask) < 1e-6
