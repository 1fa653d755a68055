"""The ledger's rules: append-only, double-entry, hash-chained. What the system owns is what this says, never a constant.

Reading order: `chart` (accounts of the chart, and legs), `events` (what can be said), `position` (average cost), `accounts` (what the
entries add up to), `chain` (how an entry is sealed), `verification`, `explanation` (back from an order to its causes). The database is
around them, in `dolphin.storage`.
"""

from dolphin.core.ledger.accounts import Accounts, BookedOrder
from dolphin.core.ledger.chain import Record
from dolphin.core.ledger.events import BookedCommand, Outcome, Side
from dolphin.core.ledger.position import Position
from dolphin.core.ledger.verification import Report, verify

__all__ = ["Accounts", "BookedCommand", "BookedOrder", "Outcome", "Position", "Record", "Report", "Side", "verify"]
