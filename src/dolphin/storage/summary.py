"""What one run did to its account, for the report that ends it."""

from pathlib import Path
from typing import Any

from dolphin.core.ledger import chain
from dolphin.core.ledger.accounts import Accounts
from dolphin.core.ledger.chart import CASH, FEES, FUNDING, REALISED_PNL, natural
from dolphin.core.ledger.events import OpeningDeposit
from dolphin.core.ledger.verification import verify
from dolphin.core.words import usd
from dolphin.errors import BadInput
from dolphin.storage.sqlite import SqliteStore


def summarise(path: Path, *, run_id: str) -> dict[str, Any]:
    """Verifies the ledger at `path` and sums up `run_id`, ready for JSON.

    Money is text, in dollars with six decimals. The opening balance is the cash the run began with, its opening deposit included.
    `entries` and `content_sha256` (equal for two runs that booked the same) are the run's, `verified` and `fault` the whole chain's.

    Raises:
        BadInput: there is no ledger, or it has no entry of this run.
    """
    store = SqliteStore.read(path)
    try:
        account = store.account_of_run(run_id)
        if account is None:
            raise BadInput("the ledger has no entry of this run", field="run", value=run_id, remedy="Look for it with: dolphin ledger show")
        records = tuple(store.records(account))
        report = verify(account, records, store.head(account))
    finally:
        store.close()
    trusted = records[: report.entries]
    of_run = [record for record in trusted if record.run_id == run_id]
    accounts, opening = Accounts(), {}
    for record in trusted[: of_run[-1].index if of_run else 0]:
        if record is of_run[0]:
            opening = natural(accounts.balances)
        content = chain.content_of(record)
        accounts.apply(content)
        if record.run_id == run_id and isinstance(content.event, OpeningDeposit):
            opening[CASH] += content.event.amount_micro_usd
    closing = natural(accounts.balances)
    change = {name: usd(closing[name] - opening.get(name, 0)) for name in (REALISED_PNL, FEES, FUNDING)}
    return {
        "account": account,
        "opening_balance": usd(opening.get(CASH, 0)),
        "closing_balance": usd(closing[CASH]),
        "realised_pnl": change[REALISED_PNL],
        "fees": change[FEES],
        "funding": change[FUNDING],
        "equity": usd(accounts.equity_micro_usd),
        "high_water_mark": usd(accounts.high_water_mark_micro_usd),
        "entries": len(of_run),
        "open_orders": len(accounts.open_orders()),
        "verified": report.is_verified,
        "fault": report.fault,
        "content_sha256": chain.content_digest(of_run),
        "head_sha256": report.head_hash,
    }
