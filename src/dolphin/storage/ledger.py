"""The ledger as a trading process uses it: open, find out what there is, write every step down before it takes effect.

What is recorded is on disk when the call returns; inside `with ledger.batch():` they reach the disk together at its end, or none does.
Repeating a call that is booked already changes nothing, so a caller that does not know whether it got through may try again.
One thread, one process: `LeaseLost` means that another process has taken over and this one must stop trading at once.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dolphin.core.ledger import chain
from dolphin.core.ledger.accounts import BookedOrder, Refusal, Repeat
from dolphin.core.ledger.chain import Content, Head, Record
from dolphin.core.ledger.chart import CASH, REALISED_PNL, natural
from dolphin.core.ledger.events import Fill, LedgerEvent, OpeningDeposit, RunEnd, kind
from dolphin.core.ledger.position import Position
from dolphin.core.ledger.verification import Walk
from dolphin.errors import BadInput, DolphinError, Refused
from dolphin.storage.sqlite import SqliteStore


class EntryRefused(Refused):
    """The entry would contradict the ledger (or is malformed): the caller and the ledger disagree about what has happened."""

    def __init__(self, event: LedgerEvent, why: str) -> None:
        super().__init__(f"a {kind(event)} was refused: {why}", field="event", value=event, remedy="Reconcile with the venue.")


@dataclass(frozen=True, slots=True)
class FillResult:
    """What booking a fill did. `is_expected` is False when no intent of its order is booked: a reason to reconcile."""

    is_repeat: bool
    is_expected: bool
    pnl_micro_usd: int
    position: Position


class SqliteLedger:
    """One account's ledger, held by one writer."""

    def __init__(self, store: SqliteStore, account: str, run_id: str, epoch: int, wall_clock_ns: Callable[[], int]) -> None:
        self._store = store
        self._wall_clock_ns = wall_clock_ns
        self._is_batching = False
        self.account = account
        self.run_id = run_id
        self.epoch = epoch
        """This writer's epoch: +1 with every `open`. Order ids that contain it never collide with those of another run."""
        walk = _walk(store, account)
        self._accounts, self._head = walk.accounts, walk.head

    @classmethod
    def open(cls, path: Path, *, account: str, owner: str, wall_clock_ns: Callable[[], int] = time.time_ns) -> "SqliteLedger":
        """Takes the account's lease for `owner` (the run id) and reads what is booked. Whoever held the lease is refused from now on.

        Raises:
            BadInput: `path` cannot be used as a ledger.
            DolphinError: what is booked does not verify; nobody may trade on it.
        """
        store = SqliteStore.open(path)
        try:
            epoch = store.take_lease(account, owner)
            return cls(store, account, owner, epoch, wall_clock_ns)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        self._store.close()

    def ensure_opening(self, deposit_micro_usd: int, market_time_ns: int) -> bool:
        """Books the opening deposit if the account has none; returns whether it did. Later capital is what the ledger says."""
        if self._accounts.is_opened:
            return False
        return self.record(OpeningDeposit(deposit_micro_usd), market_time_ns)

    def record(self, event: LedgerEvent, market_time_ns: int) -> bool:
        """Books `event`; returns whether anything was to be booked. The end of a run writes the last equity down before it.

        Raises:
            EntryRefused: it contradicts what is booked.
            DolphinError: it cannot be written.
        """
        if isinstance(event, RunEnd) and self._accounts.mark() != self._accounts.recorded:
            with self.batch():
                return self._record(self._accounts.mark(), market_time_ns) and self._record(event, market_time_ns)
        return self._record(event, market_time_ns)

    def fill(self, fill: Fill, market_time_ns: int) -> FillResult:
        """Books a fill once, at average cost; the same `(order_id, fill_id)` again changes nothing. Raises as `record`."""
        order = self._accounts.orders.get(fill.order_id)
        before = self.balance(REALISED_PNL)
        is_new = self.record(fill, market_time_ns)
        is_expected = order is not None and order.intent is not None
        return FillResult(not is_new, is_expected, self.balance(REALISED_PNL) - before, self._accounts.position(fill.asset))

    def mark(self, equity_micro_usd: int, market_time_ns: int) -> None:
        """Takes a reading of the equity. It is written down when it has moved by a basis point, and at `close_run`."""
        self._accounts.observe(equity_micro_usd)
        if self._accounts.is_worth_marking():
            self._record(self._accounts.mark(), market_time_ns)

    def equity_at(self, price_e8: Mapping[str, int]) -> int:
        """Cash and open profit at these prices, micro-dollars.

        Raises:
            BadInput: an open position has no price.
        """
        try:
            return self._accounts.equity_at(price_e8)
        except KeyError as error:
            raise BadInput(
                "an open position has no price", field="asset", value=error.args[0], remedy="Wait for its market data."
            ) from error

    @property
    def equity_micro_usd(self) -> int:
        """The last equity taken by `mark` or booked by a session before; the opening deposit until then."""
        return self._accounts.equity_micro_usd

    @property
    def high_water_mark_micro_usd(self) -> int:
        """The highest equity of all sessions."""
        return self._accounts.high_water_mark_micro_usd

    @property
    def drawdown_ppm(self) -> int:
        return self._accounts.drawdown_ppm

    @property
    def positions(self) -> Mapping[str, Position]:
        """Open positions by asset."""
        return dict(self._accounts.positions)

    def balance(self, chart_account: str = CASH) -> int:
        """Balance of an account of the chart in micro-dollars, profits and capital positive (`chart.natural`)."""
        return self.balances().get(chart_account, 0)

    def balances(self) -> Mapping[str, int]:
        return natural(self._accounts.balances)

    def open_orders(self) -> tuple[BookedOrder, ...]:
        """Orders of which something is still expected, also those that a killed run left behind."""
        return self._accounts.open_orders()

    def records(self, *, run_id: str | None = None, after: int = 0) -> Iterator[Record]:
        """Stored records with an index above `after`; of one run if `run_id` is given."""
        return self._store.records(self.account, run_id=run_id, after=after)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """The entries written inside reach the disk together, or none does and the accounts stay. One inside another is part of it."""
        if self._is_batching:
            yield
            return
        self._is_batching = True
        try:
            with self._store.transaction():
                yield
        except BaseException:
            self._reload()
            raise
        finally:
            self._is_batching = False

    def _record(self, event: LedgerEvent, market_time_ns: int) -> bool:
        decision = self._accounts.plan(event)
        if isinstance(decision, Repeat):
            return False
        if isinstance(decision, Refusal):
            raise EntryRefused(event, decision.why)
        content = Content(market_time_ns, event, decision.legs)
        try:
            text = chain.encode_faithfully(content)
        except ValueError as error:
            raise EntryRefused(event, f"market_time_ns: {error}") from error
        record = chain.seal(self.account, self._head, self.epoch, self.run_id, self._wall_clock_ns(), text)
        with self.batch():
            self._store.append(record)
            self._accounts.apply(content)
            self._head = Head(record.index, record.hash)
        return True

    def _reload(self) -> None:
        """Back to what is stored, keeping the readings of the equity, which are not undone by a failed write."""
        equity, high = self._accounts.equity_micro_usd, self._accounts.high_water_mark_micro_usd
        walk = _walk(self._store, self.account)
        self._accounts, self._head = walk.accounts, walk.head
        self._accounts.observe(high)
        self._accounts.observe(equity)


def _walk(store: SqliteStore, account: str) -> Walk:
    walk = Walk(account)
    for record in store.records(account):
        if (fault := walk.step(record)) is not None:
            raise _unsound(account, record.index, fault)
    if (fault := walk.end(store.head(account))) is not None:
        raise _unsound(account, walk.head.index + 1, fault)
    return walk


def _unsound(account: str, index: int, fault: str) -> DolphinError:
    remedy = "Restore the ledger from a copy; dolphin ledger verify says more."
    return DolphinError(f"the ledger does not verify at entry {index}: {fault}", field="account", value=account, remedy=remedy)
