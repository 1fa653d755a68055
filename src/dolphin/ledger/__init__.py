"""The ledger: append-only, double-entry, hash-chained. What the system owns is what this says, never a constant.

Reading order: `chart` (accounts and legs), `events` (what can be said), `position` (average cost), `book` (what the entries add up to),
`chain` (how an entry is sealed), `audit` (verification): all pure. `explanation` walks
back from an order. Around them, `sqlite` holds every line of SQL, `writer` is what a trading process calls, `summary` ends a run's report.
"""

from dolphin.ledger.audit import Report, verify
from dolphin.ledger.book import Book, Order
from dolphin.ledger.chain import Record
from dolphin.ledger.events import Command, Outcome, Side
from dolphin.ledger.position import Position
from dolphin.ledger.sqlite import LeaseLost, SqliteStore
from dolphin.ledger.summary import summarise
from dolphin.ledger.writer import EntryRefused, FillResult, SqliteLedger

__all__ = [
    "Book",
    "Command",
    "EntryRefused",
    "FillResult",
    "LeaseLost",
    "Order",
    "Outcome",
    "Position",
    "Record",
    "Report",
    "Side",
    "SqliteLedger",
    "SqliteStore",
    "summarise",
    "verify",
]
