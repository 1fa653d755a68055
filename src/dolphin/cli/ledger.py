"""`dolphin ledger show|verify|balance`: reads the ledger of a home; never writes to it."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from dolphin.cli.options import DEFAULT_HOME, DEMO_HOME, AccountOption, HomeOption, JsonOption, LastOption, print_json
from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.core.ledger import chain
from dolphin.core.ledger.accounts import Accounts
from dolphin.core.ledger.chain import Record
from dolphin.core.ledger.chart import natural
from dolphin.core.ledger.events import LedgerEvent, kind
from dolphin.core.ledger.verification import Report, verify
from dolphin.core.words import decimal_e8, usd, utc
from dolphin.errors import BadInput, ExitCode
from dolphin.host.home import Home
from dolphin.storage.sqlite import SqliteStore

app = typer.Typer(help="What the account owns and how it came to that.", no_args_is_help=True)


@app.command("show")
def show(
    run: Annotated[str | None, typer.Option("--run", help="Only entries of this run.", metavar="ID")] = None,
    last: LastOption = 20,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show the last entries."""
    account = account or DEFAULT_ACCOUNT
    with reading(home, account) as store:
        records = tuple(deque(store.records(account, run_id=run), maxlen=last))
        if run is not None and not records:
            raise BadInput(
                "the ledger has no entry of this run", field="--run", value=run, remedy="Leave --run out to see which there are."
            )
    if as_json:
        print_json({"account": account, "entries": [_entry(record) for record in records]})
    else:
        for record in records:
            print(_line(record))


@app.command("verify")
def verify_chain(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Recompute the hash chain and the accounts of every ledger; exit code 1 names the first entry that is wrong."""
    with reading(home) as store:
        reports = [verify(account, store.records(account), store.head(account)) for account in store.accounts()]
    is_verified = all(report.is_verified for report in reports)
    if as_json:
        print_json({"verified": is_verified, "accounts": reports})
    else:
        for report in reports:
            print(_verdict(report))
    if not is_verified:
        raise typer.Exit(ExitCode.FAILED)


@app.command("balance")
def balance(account: AccountOption = None, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show balances, positions, equity and orders that are still open."""
    account = account or DEFAULT_ACCOUNT
    accounts = Accounts()
    with reading(home, account) as store:
        for record in store.records(account):
            accounts.apply(chain.content_of(record))
    if as_json:
        print_json(_balance(account, accounts))
    else:
        _print_balance(account, accounts)


@contextmanager
def reading(home: Path, account: str | None = None) -> Iterator[SqliteStore]:
    """The ledger of `home`, which must know `account` if one is named. BadInput where there is none."""
    of_demo = home / DEMO_HOME.name
    if not Home(home).ledger.is_file() and Home(of_demo).ledger.is_file():
        remedy = f"Name its home: --home {of_demo}."
        raise BadInput("no system has run in this home, but a demo has", field="--home", value=str(home), remedy=remedy)
    store = SqliteStore.read(Home(home).ledger)
    try:
        known = store.accounts()
        if account is not None and account not in known:
            raise BadInput(
                "the ledger has no such account", field="--account", value=account, remedy=f"Known: {', '.join(known) or 'none'}."
            )
        yield store
    finally:
        store.close()


def _entry(record: Record) -> dict[str, Any]:
    said = msgspec.to_builtins(chain.content_of(record))
    return {
        "index": record.index,
        "epoch": record.epoch,
        "run_id": record.run_id,
        "written_wall_ns": record.written_wall_ns,
        "hash": record.hash,
        **said,
    }


def _line(record: Record) -> str:
    content = chain.content_of(record)
    what = " ".join(f"{name}={value}" for name, value in _plain_fields(content.event))
    legs = ", ".join(f"{leg.account} {usd(leg.amount_micro_usd)}" for leg in content.legs)
    line = f"{record.index:>6}  {record.run_id}  {utc(content.market_time_ns)}  {kind(content.event):<15}  {what}"
    return f"{line}  [{legs}]" if legs else line


def _plain_fields(event: LedgerEvent) -> Iterator[tuple[str, object]]:
    """The fields that fit into a line: an intent's commands are for `dolphin explain`."""
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if isinstance(value, str | int) and value != "":
            yield name, value


def _verdict(report: Report) -> str:
    if report.is_verified:
        return f"{report.account}: verified, {report.entries} entries, head {report.head_hash}"
    return f"{report.account}: FAILED at entry {report.first_bad_index}: {report.fault}; the {report.entries} before it are good"


def _balance(account: str, accounts: Accounts) -> dict[str, Any]:
    positions = {asset: {"qty_e8": held.qty_e8, "cost_micro_usd": held.cost_micro_usd} for asset, held in accounts.positions.items()}
    return {
        "account": account,
        "balances_micro_usd": natural(accounts.balances),
        "positions": positions,
        "equity_micro_usd": accounts.equity_micro_usd,
        "high_water_mark_micro_usd": accounts.high_water_mark_micro_usd,
        "drawdown_ppm": accounts.drawdown_ppm,
        "open_orders": [order.order_id for order in accounts.open_orders()],
    }


def _print_balance(account: str, accounts: Accounts) -> None:
    console = Console()
    table = Table(f"account {account}", "USD", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for name, amount in natural(accounts.balances).items():
        table.add_row(name, usd(amount))
    console.print(table)
    drawdown = f"{accounts.drawdown_ppm / 10_000:.4f} % below"
    high = usd(accounts.high_water_mark_micro_usd)
    console.print(f"Equity {usd(accounts.equity_micro_usd)} USD when last booked, {drawdown} its high of {high}")
    for asset, held in accounts.positions.items():
        console.print(f"Position {asset}: {decimal_e8(held.qty_e8)} at a cost of {usd(held.cost_micro_usd)} USD")
    for order in accounts.open_orders():
        console.print(f"Open: {order.order_id}, {decimal_e8(order.filled_qty_e8)} of {decimal_e8(order.qty_e8)} filled")
