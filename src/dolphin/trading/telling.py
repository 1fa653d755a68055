"""Where every step of the account goes, once: into the ledger, then into the journal and the trace.

What each of them holds of a step is `dolphin.core.audit`; this shell brings it there. Steps that are booked together reach the disk
together, and only then are they told: what could not be booked has not happened, but for what the venue did, which is told in any case.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dolphin.core.audit.journal import OF_THE_VENUE, journal_lines
from dolphin.core.audit.ledger_rows import ledger_rows
from dolphin.core.audit.steps import AccountValued, Entry
from dolphin.core.audit.trace import TraceEvent, trace_events
from dolphin.core.contract.lines import Line
from dolphin.core.ledger.events import Fill
from dolphin.errors import DolphinError
from dolphin.storage.ledger import FillResult, SqliteLedger


class Telling:
    """The one way for steps to be told."""

    def __init__(self, ledger: SqliteLedger, write: Callable[[Line], None], trace: Callable[[TraceEvent], None]) -> None:
        """`write` takes the journal's lines and `trace` the trace's events, in order."""
        self._ledger = ledger
        self._write = write
        self._trace = trace
        self._together: list[tuple[Entry, FillResult | None]] | None = None

    def tell(self, entry: Entry) -> FillResult | None:
        """Books one step if it has rows, then tells it; inside `together` it is told when all are on disk.

        Raises:
            DolphinError: it cannot be booked.
        """
        waiting = self._together
        if waiting is not None:
            waiting.append((entry, None))
            booked = self._book(entry)
            waiting[-1] = (entry, booked)
            return booked
        with self.together():
            return self.tell(entry)

    def say(self, *entries: Entry) -> None:
        """Tells steps that have no rows."""
        for entry in entries:
            self._say(entry, None)

    def say_unbooked(self, entry: Entry) -> None:
        """Tells a step that has rows and could not be booked: to people, and not to the model checker, who hears what is on disk only."""
        self._say(entry, None, is_booked=False)

    @contextmanager
    def together(self) -> Iterator[None]:
        """The steps told inside reach the disk together, or none does.

        Raises:
            DolphinError: they cannot be booked; what the venue did among them has been told nevertheless.
        """
        told = self._together = []
        try:
            with self._ledger.batch():
                yield
        except DolphinError:
            told[:] = [(entry, None) for entry, _ in told if isinstance(entry.step, OF_THE_VENUE)]
            for entry, _ in told:
                self.say_unbooked(entry)
            told.clear()
            raise
        finally:
            self._together = None
        for entry, booked in told:
            if booked is None or not booked.is_repeat:
                self._say(entry, booked)

    def _book(self, entry: Entry) -> FillResult | None:
        if isinstance(entry.step, AccountValued):
            self._ledger.mark(entry.step.equity_micro_usd, entry.market_time_ns)
        result = None
        for row in ledger_rows(entry.step):
            if isinstance(row, Fill):
                result = self._ledger.fill(row, entry.market_time_ns)
            else:
                self._ledger.record(row, entry.market_time_ns)
        return result

    def _say(self, entry: Entry, booked: FillResult | None, *, is_booked: bool = True) -> None:
        for line in journal_lines(entry, None if booked is None else booked.pnl_micro_usd):
            self._write(line)
        if is_booked:
            for event in trace_events(entry):
                self._trace(event)
