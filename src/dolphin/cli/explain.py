"""`dolphin explain ORDER`: from an order back to the commands, factors and sensor readings behind it."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from dolphin.cli.ledger import reading
from dolphin.cli.options import DEFAULT_HOME, AccountOption, HomeOption, JsonOption, print_json
from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.core.ledger.events import BookedCommand, Fill, OrderIntent, OrderOutcome
from dolphin.core.ledger.explanation import Explanation, Step, factors
from dolphin.core.ledger.explanation import explain as explain_order
from dolphin.core.words import decimal_e8, leverage, share, usd, utc
from dolphin.errors import BadInput
from dolphin.operator.views.plain import plain

app = typer.Typer()


@app.command("explain")
def explain(
    order: Annotated[str, typer.Argument(help="Id of an order, as `dolphin ledger show` prints it.", metavar="ORDER")],
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Explain an order: the cap it was decided under, who set that cap, and the readings that made them."""
    account = account or DEFAULT_ACCOUNT
    with reading(home, account) as store:
        explanation = explain_order(order, store.records_of_order(account, order))
    if not explanation.steps:
        raise BadInput("the ledger has no such order", field="ORDER", value=order, remedy="List orders with: dolphin ledger show")
    if as_json:
        print_json(explanation.to_json())
    else:
        Console().print(_tree(explanation))


def _tree(explanation: Explanation) -> Tree:
    first = explanation.steps[0]
    tree = Tree(escape(f"{explanation.order_id}  run {first.run_id}, writer epoch {first.epoch}"))
    for step in explanation.steps:
        tree.add(f"{utc(step.market_time_ns)}  {escape(_said(step))}  [dim](entry {step.index})[/]")
    intent = explanation.intent
    if intent is None:
        tree.add("no intent is booked: this order was not decided here")
        return tree
    why = tree.add(f"decided under {escape(intent.posture) or 'no posture'}, cap {leverage(intent.cap_ppm)}")
    for command in explanation.commands:
        _add_command(why, command)
    if not explanation.commands:
        why.add("no leverage command was in force")
    return tree


def _said(step: Step) -> str:
    match step.event:
        case OrderIntent() as intent:
            price = "at market" if intent.price_e8 is None else f"at {decimal_e8(intent.price_e8)}"
            reduce_only = ", reduce-only" if intent.is_reduce_only else ""
            return f"intent: {intent.side} {decimal_e8(intent.qty_e8)} {intent.asset} {price}{reduce_only}"
        case OrderOutcome() as event:
            size = "" if event.qty_e8 is None else f" to {decimal_e8(event.qty_e8)}"
            return f"{event.outcome}{size}: {event.detail}"
        case Fill() as fill:
            return f"fill {fill.fill_id}: {decimal_e8(fill.qty_e8)} at {decimal_e8(fill.price_e8)}, fee {usd(fill.fee_micro_usd)} USD"


def _add_command(why: Tree, command: BookedCommand) -> None:
    whose = command.asset or "whole account"
    passive = ", passive only" if command.passive_only else ""
    cap = f"cap {leverage(command.cap_ppm)}, {command.posture}{passive}"
    node = why.add(escape(f"{whose}: {cap}, command ({command.epoch}, {command.seq})"))
    node.add(f"issued {utc(command.issued_at_ns)}, valid until {utc(command.expires_at_ns)}")
    if command.reasons:
        node.add(escape("because " + ", ".join(map(plain, command.reasons))))
    if command.factors_ppm:
        shares = node.add(f"factors, together {share(command.r_total_ppm)}")
        for name, factor in factors(command).items():
            shares.add(f"{name} {share(factor)}")
    if command.cause_ids:
        causes = node.add("caused by")
        for cause in command.cause_ids:
            causes.add(escape(cause))
