"""A verdict on a running system as lines of plain text and as data: the same words on every screen."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dolphin.cli.posture_text import posture_lines
from dolphin.core.control.breaker import BreakerState
from dolphin.core.health.verdict import Health, PartVerdict, State, Verdict
from dolphin.core.units import SECOND_NS
from dolphin.core.words import clock
from dolphin.operator.health import Assessment
from dolphin.operator.views.account import AccountView

_COLOUR = {Health.HEALTHY: "green", Health.DEGRADED: "yellow", Health.HELD: "dark_orange", Health.DOWN: "bold red"}
_REASONS_SHOWN = 8


def warning(verdict: Verdict) -> str:
    """The line with which another screen begins; "" if all is well."""
    return "" if verdict.health is Health.HEALTHY else verdict.headline


def data_of(verdict: Verdict) -> dict[str, Any]:
    """For `--json`."""
    return {
        "health": verdict.health.name.lower(),
        "headline": verdict.headline,
        "not_trading": list(verdict.not_trading),
        "market_age_ns": verdict.market_age_ns,
        "parts": [part._asdict() | {"state": part.state.value} for part in verdict.parts],
    }


def picture(seen: Assessment) -> RenderableType:
    """What `dolphin status` shows above the market."""
    verdict = seen.verdict
    lines: list[RenderableType] = [Text(verdict.headline, _COLOUR[verdict.health])]
    if seen.standing is not None:
        member = seen.standing.member or "no member yet"
        lines.append(Text(f"{seen.standing.market}, run {seen.standing.run_id}, {member}; {_market_age(verdict)}"))
    if verdict.parts:
        lines.append(_table(verdict.parts))
    if seen.account is not None:
        lines += [Text(line) for line in _account_lines(seen.account, verdict)]
    if seen.gates is not None:
        lines.append(Text(f"cuts     {_cuts(seen.gates.breakers)}"))
    if verdict.not_trading:
        lines.append(Text("Why nothing is traded:"))
        lines += [Text(f"  * {reason}") for reason in verdict.not_trading[:_REASONS_SHOWN]]
    return Group(*lines)


def _account_lines(account: AccountView, verdict: Verdict) -> list[str]:
    lines = posture_lines(account, verdict)
    return [lines[0], *lines[4:7]]


def _cuts(breakers: Sequence[BreakerState]) -> str:
    """An asset that no source has spoken of yet has no entitlement, but it has not been cut."""
    cut = [f"{each.asset} to level {max(each.level, each.manual.level)}" for each in breakers if _is_cut(each)]
    unknown = sum(1 for each in breakers if each.level and not _is_cut(each))
    waiting = f"; {unknown} of which not every source has spoken yet" if unknown else ""
    return f"{', '.join(cut) or 'none'} (of single assets){waiting}"


def _is_cut(state: BreakerState) -> bool:
    return state.manual.level > 0 or (state.level > 0 and any(source.severity_ppm > 0 for source in state.sources))


def _table(parts: tuple[PartVerdict, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("part", "state", "heartbeat", "market time", "restarts", ""):
        table.add_column(title, overflow="fold")
    for part in parts:
        style = "" if part.state is State.ALIVE else "yellow" if part.state in (State.STILL, State.STARTING) else "bold red"
        time = clock(part.market_time_ns) if part.market_time_ns else "-"
        table.add_row(part.name, Text(part.state.value, style), _age(part.age_ns), time, str(part.restarts), part.why)
    return table


def _market_age(verdict: Verdict) -> str:
    return "no market is heard" if verdict.market_age_ns is None else f"the market moved {_age(verdict.market_age_ns)} ago"


def _age(age_ns: int | None) -> str:
    return "none" if age_ns is None else f"{age_ns / SECOND_NS:.1f} s"
