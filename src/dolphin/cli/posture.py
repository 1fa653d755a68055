"""`dolphin posture show|explain|force|release|log`: how an account stands, why, and the operator's word on it."""

import time
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from dolphin.cli import operating
from dolphin.cli.health_text import data_of, warning
from dolphin.cli.operating import ByOption, ReasonOption
from dolphin.cli.options import (
    DEFAULT_HOME,
    AccountOption,
    ClusterOption,
    DryRunOption,
    HomeOption,
    JsonOption,
    LastOption,
    MemberOption,
    WatchOption,
    print_json,
)
from dolphin.cli.posture_text import posture_lines
from dolphin.cli.seeing import see_gates
from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.core.control.posture import Posture
from dolphin.core.health.verdict import Verdict
from dolphin.core.words import leverage, share, span, utc
from dolphin.errors import BadInput
from dolphin.host.home import Home
from dolphin.operator import operations as operation
from dolphin.operator.log import Logged, is_open, read
from dolphin.operator.site import find_site
from dolphin.operator.views.account import AccountView, view
from dolphin.operator.views.plain import plain

app = typer.Typer(help="How much the account is entitled to, why, and an operator's word on it.", no_args_is_help=True)

WATCH_EVERY_S = 0.5


@app.command("show")
def show(
    watch: WatchOption = False,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show posture, cap, R between its thresholds, factors, latch, ceiling and lease."""
    while True:
        gates, whole = see_gates(home, member, cluster_name, account, as_json=as_json)
        seen, health = view(gates), whole.verdict
        if as_json:
            print_json(msgspec.to_builtins(seen) | {"health": data_of(health)})
        else:
            print("\n".join([*filter(None, [warning(health)]), *posture_lines(seen, health)]))
        if not watch:
            return
        time.sleep(WATCH_EVERY_S)


@app.command("explain")
def explain(
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Explain the cap: from it back to factors, readings and exchange messages; and what the next milder posture needs."""
    gates, whole = see_gates(home, member, cluster_name, account, as_json=as_json)
    seen, health = view(gates), whole.verdict
    if as_json:
        print_json(msgspec.to_builtins(seen) | {"health": data_of(health)})
    else:
        Console().print(_tree(seen, health))


@app.command("force")
def force(
    posture: Annotated[str, typer.Argument(help="STALKER, TURTLE or HIBERNATE: no milder one until it is released.")],
    reason: ReasonOption,
    by: ByOption = None,
    dry_run: DryRunOption = False,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Bound the posture from now on; it holds across restarts until `release --force`."""
    if posture.upper() not in Posture.__members__:
        raise BadInput("no such posture", field="POSTURE", value=posture, remedy="Give STALKER, TURTLE or HIBERNATE.")
    who = operating.author(by, reason)
    where = find_site(home, member, cluster_name, account)
    bound = Posture[posture.upper()]
    operating.operate(where, lambda gates: operation.force(gates, bound, who), is_dry_run=dry_run, as_json=as_json)


@app.command("release")
def release(
    reason: ReasonOption,
    latch: Annotated[bool, typer.Option("--latch", help="Release the latch of a broken invariant.")] = False,
    forced: Annotated[bool, typer.Option("--force", help="Lift the bound that `force` set.")] = False,
    by: ByOption = None,
    dry_run: DryRunOption = False,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Release a latch (the ledger must verify and the controller must speak and find nothing broken), or lift a forced posture."""
    if latch == forced:
        raise BadInput("say which one to release", field="release", value=None, remedy="Give either --latch or --force.")
    who = operating.author(by, reason)
    where = find_site(home, member, cluster_name, account)
    plan = operation.unlatch if latch else operation.unforce
    operating.operate(where, lambda gates: plan(gates, who), is_dry_run=dry_run, as_json=as_json)


@app.command("log")
def log(
    last: LastOption = 20,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show what operators did to postures and breakers: who, when, what, why; the refused ones too."""
    actions = read(Home(home).ledger, account or DEFAULT_ACCOUNT)[-last:]
    if as_json:
        print_json({"actions": [msgspec.to_builtins(each) for each in actions]})
    else:
        print("\n".join(map(_logged, actions)) or "No operator has acted.")


def _logged(logged: Logged) -> str:
    said = logged.operation
    stage = "UNKNOWN (the command died)" if is_open(logged) else said.stage.upper()
    cap = f"cap {leverage(said.before.cap_ppm)} -> {leverage(said.after.cap_ppm)}"
    detail = f": {said.detail}" if said.detail else ""
    return f"{utc(logged.asked_wall_ns)}  {said.by}  {said.verb} {said.target}  {stage}{detail}  {cap}  because {said.reason}"


def _tree(seen: AccountView, health: Verdict) -> Tree:
    tree = Tree(escape("\n".join([*filter(None, [warning(health)]), *posture_lines(seen, health)[:1]])))
    in_force = "in force" if health.is_current and seen.is_governed and seen.lease_left_ns > 0 else "in the gate"
    cap = tree.add(f"cap {leverage(seen.cap_ppm)} {in_force}: the smallest of")
    for bound in seen.bounds:
        cap.add(escape(f"{bound.name}: {leverage(bound.cap_ppm)}"))
    if in_force != "in force":
        cap.add("only while the controller renews the lease: see above")
    r = tree.add(f"R {share(seen.r_ppm)}; the factors together give {share(seen.readings_allow_ppm)}")
    for name, factor_ppm in seen.factors_ppm.items():
        r.add(f"{name} {share(factor_ppm)}")
    for title, texts in (
        ("because", [plain(each) for each in seen.reasons]),
        ("caused by", seen.cause_ids),
        ("held down by", seen.held_by),
    ):
        if texts:
            branch = tree.add(title)
            for text in texts:
                branch.add(escape(text))
    if seen.manual_cuts:
        cuts = tree.add("operators' cuts of assets")
        for asset, note in seen.manual_cuts.items():
            cuts.add(escape(f"{asset}: {note}"))
    tree.add(f"not sensed in this release: {', '.join(seen.not_sensed)}")
    if not health.is_current:
        tree.add(escape(f"to the next milder posture: first this has to be mended: {health.not_trading[0]}"))
    else:
        _add_outlook(tree, seen)
    return tree


def _add_outlook(tree: Tree, seen: AccountView) -> None:
    way = seen.outlook
    if not way.target and not way.conditions:
        tree.add("APEX: there is no milder posture")
        return
    takes = "not a matter of time alone" if way.takes_ns is None else f"in {span(way.takes_ns)} at the earliest"
    branch = tree.add(f"before {way.target or 'more is granted'}: {takes}")
    for condition in way.conditions:
        length = "" if condition.takes_ns is None else f": {span(condition.takes_ns)}"
        branch.add(escape(f"{condition.what}{length}"))
