"""The order-book synchroniser: a snapshot and a stream of differences become one book, or it is known that they do not.

Binance USD-M's rule: the first difference applied to a snapshot with `lastUpdateId` L has U <= L <= u; every later one has `pu` equal to
the `u` before it. Here that is a table: a difference is *classified* against the book (`Fit`), and `TRANSITIONS` says what happens.
`pu` == L is accepted for the first one as well: it proves the same thing. Anything that is not provably continuous loses the book; a book
that crosses after a difference is lost too, since then something was missed. While there is no book, differences are held (the newest
`MAX_HELD`) for the snapshot to come.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from enum import Enum, auto
from math import sumprod
from typing import Final

from dolphin.core.market.binance.frames import DepthSnapshot, DepthUpdate, Level

BAND: Final = 0.001
"""Depth is the notional within this fraction (10 bps) of the mid."""

MAX_HELD: Final = 1_000
"""Differences held while waiting for a snapshot; the oldest goes first, which can only delay the synchronisation."""

MAX_LEVELS: Final = 20_000
"""Levels kept a side; the ones farthest from the market go first."""


class Phase(Enum):
    """How far the synchronisation has come."""

    WAITING = auto()
    """No snapshot: nothing is known."""
    BRIDGING = auto()
    """A snapshot, but no difference yet that overlaps it."""
    SYNCED = auto()
    """Snapshot and differences agree up to `last_id`."""


class Fit(Enum):
    """How a difference fits what the book holds."""

    STALE = auto()
    CONTINUES = auto()
    BREAKS = auto()


class Action(Enum):
    """What is done with a difference."""

    HOLD = auto()
    DROP = auto()
    APPLY = auto()
    LOSE = auto()
    """Forget the book and hold the difference."""


class BookChange(Enum):
    """What a step did, for the caller to report."""

    HELD = auto()
    DROPPED = auto()
    APPLIED = auto()
    LOST = auto()
    """A synchronised book lost its continuity."""
    LOADED = auto()
    """A snapshot was taken, and no held difference reaches it yet."""


TRANSITIONS: Final[dict[tuple[Phase, Fit], tuple[Action, Phase]]] = {
    (Phase.WAITING, Fit.STALE): (Action.HOLD, Phase.WAITING),
    (Phase.WAITING, Fit.CONTINUES): (Action.HOLD, Phase.WAITING),
    (Phase.WAITING, Fit.BREAKS): (Action.HOLD, Phase.WAITING),
    (Phase.BRIDGING, Fit.STALE): (Action.DROP, Phase.BRIDGING),
    (Phase.BRIDGING, Fit.CONTINUES): (Action.APPLY, Phase.SYNCED),
    (Phase.BRIDGING, Fit.BREAKS): (Action.LOSE, Phase.WAITING),
    (Phase.SYNCED, Fit.STALE): (Action.DROP, Phase.SYNCED),
    (Phase.SYNCED, Fit.CONTINUES): (Action.APPLY, Phase.SYNCED),
    (Phase.SYNCED, Fit.BREAKS): (Action.LOSE, Phase.WAITING),
}


class _Side:
    """One side of a book: quantities by rank, where a rank is the signed price and the best price has the greatest rank."""

    __slots__ = ("_qty", "_ranks", "_sign")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._ranks: list[float] = []
        self._qty: dict[float, float] = {}

    def load(self, levels: Iterable[Level]) -> None:
        self._qty = {self._sign * price: qty for price, qty in levels if qty > 0.0}
        self._ranks = sorted(self._qty)
        self._trim()

    def apply(self, levels: Iterable[Level]) -> None:
        ranks, quantities, sign = self._ranks, self._qty, self._sign
        for price, qty in levels:
            rank = sign * price
            if rank in quantities:
                if qty > 0.0:
                    quantities[rank] = qty
                else:
                    del quantities[rank]
                    del ranks[bisect_left(ranks, rank)]
            elif qty > 0.0:
                quantities[rank] = qty
                insort(ranks, rank)
        self._trim()

    def _trim(self) -> None:
        excess = len(self._ranks) - MAX_LEVELS
        if excess > 0:
            for rank in self._ranks[:excess]:
                del self._qty[rank]
            del self._ranks[:excess]

    @property
    def best(self) -> float | None:
        return abs(self._ranks[-1]) if self._ranks else None

    def notional_to(self, limit: float) -> float:
        """Price times quantity of all levels from the best to `limit`, inclusive."""
        near = self._ranks[bisect_left(self._ranks, self._sign * limit) :]
        return abs(sumprod(near, map(self._qty.__getitem__, near))) if near else 0.0

    def levels(self, limit: int) -> list[Level]:
        return [(abs(rank), self._qty[rank]) for rank in reversed(self._ranks[-limit:])]


class OrderBook:
    """One asset's book. `on_update` and `on_snapshot` are its only inputs; nothing else changes it."""

    def __init__(self) -> None:
        self.phase = Phase.WAITING
        self.last_id = 0
        """Id up to which the book is known; of the last known book while WAITING."""
        self.event_time_ms = 0
        """Exchange time of the last message applied."""
        self._held: deque[DepthUpdate] = deque(maxlen=MAX_HELD)
        self._bids = _Side(+1)
        self._asks = _Side(-1)

    def on_update(self, update: DepthUpdate) -> BookChange:
        """Take one difference."""
        was_synced = self.phase is Phase.SYNCED
        action, self.phase = TRANSITIONS[self.phase, self._fit(update)]
        if action is Action.APPLY:
            return self._apply(update, was_synced=was_synced)
        if action is Action.DROP:
            return BookChange.DROPPED
        self._held.append(update)
        return BookChange.LOST if action is Action.LOSE and was_synced else BookChange.HELD

    def on_snapshot(self, snapshot: DepthSnapshot) -> BookChange:
        """Take a snapshot and the held differences that follow it. A synchronised book needs none and drops it."""
        if self.phase is Phase.SYNCED:
            return BookChange.DROPPED
        self._bids.load(snapshot.bids)
        self._asks.load(snapshot.asks)
        self.last_id, self.event_time_ms, self.phase = snapshot.last_id, snapshot.event_time_ms, Phase.BRIDGING
        held = list(self._held)
        self._held.clear()
        for update in held:
            self.on_update(update)
        return {Phase.SYNCED: BookChange.APPLIED, Phase.BRIDGING: BookChange.LOADED, Phase.WAITING: BookChange.HELD}[self.phase]

    def on_disconnect(self) -> BookChange:
        """The stream broke: what comes next is not continuous. LOST if a synchronised book was lost by it, else HELD."""
        was_synced = self.phase is Phase.SYNCED
        self.phase = Phase.WAITING
        self._held.clear()
        return BookChange.LOST if was_synced else BookChange.HELD

    def _fit(self, update: DepthUpdate) -> Fit:
        if self.phase is Phase.SYNCED:
            if update.previous_id == self.last_id <= update.last_id:
                return Fit.CONTINUES
            # Only the last update said again is harmless; an older one is disorder, and to skip it could freeze the book unnoticed.
            return Fit.STALE if update.last_id == self.last_id else Fit.BREAKS
        if update.last_id < self.last_id:
            return Fit.STALE
        return Fit.CONTINUES if update.first_id <= self.last_id or update.previous_id == self.last_id else Fit.BREAKS

    def _apply(self, update: DepthUpdate, *, was_synced: bool) -> BookChange:
        self._bids.apply(update.bids)
        self._asks.apply(update.asks)
        self.last_id, self.event_time_ms = update.last_id, update.event_time_ms
        if self.is_crossed:
            self.phase = Phase.WAITING
            return BookChange.LOST if was_synced else BookChange.HELD
        return BookChange.APPLIED

    @property
    def is_synced(self) -> bool:
        """Whether the book may be used."""
        return self.phase is Phase.SYNCED

    @property
    def wants_snapshot(self) -> bool:
        """Whether updates are held that only a snapshot newer than them can turn into a book."""
        return self.phase is Phase.WAITING and bool(self._held)

    @property
    def best_bid(self) -> float | None:
        """Highest bid, None where there is none."""
        return self._bids.best

    @property
    def best_ask(self) -> float | None:
        """Lowest ask, None where there is none."""
        return self._asks.best

    @property
    def is_crossed(self) -> bool:
        """Whether a bid is at or above an ask, which no true book shows."""
        bid, ask = self.best_bid, self.best_ask
        return bid is not None and ask is not None and bid >= ask

    def depth_usd(self) -> tuple[float, float]:
        """Bid and ask notional within `BAND` of the mid, in quote currency; both 0.0 where a side is empty, since then there is no mid."""
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return 0.0, 0.0
        mid = (bid + ask) / 2.0
        return self._bids.notional_to(mid * (1.0 - BAND)), self._asks.notional_to(mid * (1.0 + BAND))

    def top(self, limit: int) -> tuple[list[Level], list[Level]]:
        """The best `limit` bids and asks, best first."""
        return self._bids.levels(limit), self._asks.levels(limit)
