"""`dolphin breaker list|cut|release`: the adaptive cut-offs of the assets, and an operator's cut beside them."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dolphin.cli import operating
from dolphin.cli.health_text import data_of, warning
from dolphin.cli.operating import ByOption, ReasonOption
from dolphin.cli.options import DEFAULT_HOME, AccountOption, ClusterOption, DryRunOption, HomeOption, JsonOption, MemberOption, print_json
from dolphin.cli.seeing import see_gates
from dolphin.core.control import breaker
from dolphin.core.control.gate_entry import BREAKER_PARAMS
from dolphin.core.control.posture import MAX_LEVERAGE_PPM
from dolphin.core.words import leverage, share, span
from dolphin.errors import BadInput
from dolphin.operator import operations as operation
from dolphin.operator.gate_state import Gates, is_held
from dolphin.operator.site import find_site

app = typer.Typer(help="The assets' cut-offs, and an operator's cut beside them.", no_args_is_help=True)

TargetArgument = Annotated[str, typer.Argument(help="An asset (BTCUSDT), or the account's name for all of it.", metavar="ASSET|ACCOUNT")]


@app.command("list")
def list_breakers(
    show_all: Annotated[bool, typer.Option("--all", help="Also those that are not restricted.")] = False,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """List the assets, the most restricted first: level, cap, hold, sources, an operator's cut."""
    gates, seen = see_gates(home, member, cluster_name, account, as_json=as_json)
    health = seen.verdict
    rows = [_row(each, gates) for each in gates.breakers if show_all or is_restricted(each)]
    if as_json:
        print_json(
            {"account": gates.account, "account_manual": gates.leverage.manual._asdict(), "breakers": rows, "health": data_of(health)}
        )
        return
    if warning(health):
        print(warning(health))
    if gates.leverage.manual.level:
        print(f"The whole account: {gates.leverage.manual.note}, cap {leverage(gates.leverage.cap_ppm)}")
    if rows:
        Console().print(_table(rows))
    free = len(gates.breakers) - len(rows)
    if free or not rows:
        what = "not restricted" if health.is_current else "without a restriction of their own"
        print(f"{free} {what}{'' if show_all else ' (--all shows them)'}." if gates.breakers else "No asset has a breaker yet.")


@app.command("cut")
def cut(
    target: TargetArgument,
    level: Annotated[str, typer.Argument(help="1 leaves 75 %, 2 45 %, 3 20 %, 4 nothing.")],
    reason: ReasonOption,
    by: ByOption = None,
    dry_run: DryRunOption = False,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Cut an asset or the account by hand; it holds across restarts until `release`."""
    if level not in ("1", "2", "3", "4"):
        raise BadInput("no such level", field="LEVEL", value=level, remedy="Give 1 (leaves 75 %), 2 (45 %), 3 (20 %) or 4 (nothing).")
    who = operating.author(by, reason)
    where = find_site(home, member, cluster_name, account)
    operating.operate(
        where, lambda gates: operation.cut(gates, asset_of(gates, target), int(level), who), is_dry_run=dry_run, as_json=as_json
    )


@app.command("release")
def release(
    target: TargetArgument,
    reason: ReasonOption,
    by: ByOption = None,
    dry_run: DryRunOption = False,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    account: AccountOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Release a cut that an operator made. What the rule itself holds stays until it is clear."""
    who = operating.author(by, reason)
    where = find_site(home, member, cluster_name, account)
    operating.operate(where, lambda gates: operation.uncut(gates, asset_of(gates, target), who), is_dry_run=dry_run, as_json=as_json)


def asset_of(gates: Gates, target: str) -> str:
    """The asset that is meant; "" for the account.

    Raises:
        BadInput: it is neither.
    """
    if target == gates.account:
        return ""
    if target.upper() in gates.assets:
        return target.upper()
    known = ", ".join([gates.account, *sorted(gates.assets)])
    raise BadInput("neither an asset nor the account", field="TARGET", value=target, remedy=f"Known: {known}.")


def is_restricted(state: breaker.BreakerState) -> bool:
    """It leaves less than full leverage, or the rule still holds it."""
    return state.cap_ppm < MAX_LEVERAGE_PPM or is_held(state) or state.manual.level > 0


def _row(state: breaker.BreakerState, gates: Gates) -> dict[str, Any]:
    now_ns = max(gates.market_time_ns, state.time_ns)
    window_ns = BREAKER_PARAMS.episode_window_ns
    return {
        "asset": state.asset,
        "level": state.level,
        "cap_ppm": state.cap_ppm,
        "is_latched": state.is_latched,
        "hold_left_ns": max(0, state.hold_until_ns - now_ns) if state.is_latched else 0,
        "episodes": sum(now_ns - at_ns < window_ns for at_ns in state.episodes_ns),
        "lease_left_ns": state.expires_at_ns - now_ns,
        "manual": state.manual._asdict(),
        "reasons": state.reasons,
        "sources": [
            {
                "name": each.name,
                "severity_ppm": each.severity_ppm,
                "is_fresh": now_ns < each.expires_at_ns,
                "clears": each.clears,
                "reason": each.reason,
                "cause_id": each.cause_id,
            }
            for each in state.sources
        ],
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("asset", "level", "cap", "hold left", "episodes", "sources", "operator", box=None, pad_edge=False)
    for row in rows:
        hold = span(row["hold_left_ns"]) if row["hold_left_ns"] else "-"
        sources = "none yet" if not row["sources"] else ", ".join(map(_source, filter(_is_worth_saying, row["sources"]))) or "all clear"
        manual = row["manual"]["note"] or "-"
        table.add_row(row["asset"], str(row["level"]), leverage(row["cap_ppm"]), hold, str(row["episodes"]), sources, manual)
    return table


def _is_worth_saying(source: dict[str, Any]) -> bool:
    return source["severity_ppm"] != 0 or not source["is_fresh"]


def _source(source: dict[str, Any]) -> str:
    severity = "unknown" if source["severity_ppm"] < 0 else share(source["severity_ppm"])
    return f"{source['name']} {severity}{'' if source['is_fresh'] else ' (stale)'}"
