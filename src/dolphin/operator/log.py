"""What operators did, in the ledger of the home: a hash chain of its own beside the account's.

It is the ledger account `operator:<account>`, so that `dolphin ledger verify` covers it, and so that an operator who writes never takes the
trading process's lease. An action is two entries, one before anything is sent and one when it is known what came of it; a process that dies
between them leaves the first.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from dolphin.core.audit.ledger_rows import ledger_rows
from dolphin.core.audit.steps import Operated
from dolphin.core.ledger import chain
from dolphin.core.ledger.events import Operation, OperationStage
from dolphin.core.ledger.verification import verify
from dolphin.errors import DolphinError
from dolphin.host.home import Home
from dolphin.host.home_lock import require_whole
from dolphin.storage.ledger import SqliteLedger
from dolphin.storage.sqlite import LeaseLost, SqliteStore

MAX_ATTEMPTS = 5
"""Two operators who write at the same moment take each other's lease; then one writes again."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One action as the log shows it: its last entry, with the time of its first."""

    index: int
    asked_wall_ns: int
    market_time_ns: int
    operation: Operation


def chain_of(account: str) -> str:
    """The ledger account that holds the operators' chain of `account`."""
    return f"operator:{account}"


def note(path: Path, account: str, operation: Operation, market_time_ns: int) -> None:
    """Writes one entry; on disk when it returns.

    Raises:
        DolphinError: the ledger cannot be written, its chain does not verify, or it is being restored.
    """
    require_whole(Home(path.parent))
    path.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(MAX_ATTEMPTS):
        ledger = SqliteLedger.open(path, account=chain_of(account), owner=operation.operation_id, wall_clock_ns=time.time_ns)
        try:
            for row in ledger_rows(Operated(operation)):
                ledger.record(row, market_time_ns)
            return
        except LeaseLost:
            if attempt == MAX_ATTEMPTS - 1:
                raise
        finally:
            ledger.close()


def read(path: Path, account: str) -> tuple[Logged, ...]:
    """Every action, oldest first.

    Raises:
        BadInput: there is no ledger.
        DolphinError: an entry cannot be read.
    """
    found: dict[str, Logged] = {}
    store = SqliteStore.read(path)
    try:
        for record in store.records(chain_of(account)):
            content = chain.content_of(record)
            if not isinstance(content.event, Operation):
                continue
            logged = Logged(record.index, record.written_wall_ns, content.market_time_ns, content.event)
            first = found.get(content.event.operation_id)
            found[content.event.operation_id] = logged if first is None else replace(logged, asked_wall_ns=first.asked_wall_ns)
    finally:
        store.close()
    return tuple(found.values())


def fault_of_ledger(path: Path, account: str) -> str | None:
    """Why the ledger cannot be trusted for `account`, as `dolphin ledger verify` finds it; None if it can."""
    try:
        store = SqliteStore.read(path)
    except DolphinError as error:
        return str(error)
    try:
        accounts = store.accounts()
        if account not in accounts:
            return f"the ledger {path.name} has no account {account}: nothing was reconciled"
        for each in accounts:
            report = verify(each, store.records(each), store.head(each))
            if not report.is_verified:
                return f"the ledger does not verify: {each} at entry {report.first_bad_index}: {report.fault}"
    except DolphinError as error:
        return str(error)
    finally:
        store.close()
    return None


def is_open(logged: Logged) -> bool:
    """Whoever acted did not live to say what came of it."""
    return logged.operation.stage is OperationStage.ASKED
