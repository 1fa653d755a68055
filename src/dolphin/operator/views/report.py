"""The report that ends a run: what came in, what was decided and why, what left, how long it took, and what the ledger says.

`build` makes the JSON object that scripts read (its keys are a contract); `render` shows the same to a person.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dolphin.core.contract.lines import Line
from dolphin.core.units import ONE
from dolphin.core.words import dollars, leverage
from dolphin.operator.views.story import Story

Report = dict[str, Any]

NOT_DECISIONS = frozenset({"ready", "status", "summary"})
"""Journal lines that carry wall-clock readings; every other line is a decision and the same in two runs in lockstep."""

_CHART_WIDTH = 72
_BARS = " ▁▂▃▄▅▆▇█"
_FULL_CAP_PPM = 6_000_000
_CUTS_SHOWN = 12


def decisions_digest(lines: Iterable[Line]) -> str:
    """SHA-256 over the decision lines of an agent's journal: equal for two runs that decided the same."""
    digest = hashlib.sha256()
    for line in lines:
        if line["type"] not in NOT_DECISIONS:
            digest.update(msgspec.json.encode(line, order="sorted") + b"\n")
    return digest.hexdigest()


def decided_digest(decided: Iterable[Line]) -> str:
    """SHA-256 over what the gates decided, cuts and postures by market time: equal for one market from one start at any speed."""
    digest = hashlib.sha256()
    for line in sorted(decided, key=lambda line: (line["event_time_ns"], line["asset"])):
        digest.update(msgspec.json.encode(line, order="sorted") + b"\n")
    return digest.hexdigest()


def build(
    *, run_id: str, market: str, story: Story, jobs: Sequence[Line], ledger: Line, digest: str, speed: float = 0.0, is_replay: bool = True
) -> Report:
    """The report as data. `ledger` is the ledger's own summary, `jobs` the name and status of each job at the end.

    `speed`: market seconds per second, 0 in lockstep.
    """
    cuts = story.cuts
    return {
        "run_id": run_id,
        "market": market,
        "events_in": story.rows,
        "frames_in": story.frames,
        "market_seconds": _market_seconds(story),
        "feed": story.feed,
        "jobs": list(jobs),
        "rankings": story.rankings,
        "last_ranking": story.ranking,
        "cuts": cuts,
        "cut_reasons": dict(Counter(cut["reason"] for cut in cuts).most_common()),
        "postures": _postures(story.decided),
        "decided_sha256": decided_digest(story.decided),
        "leases": _leases(story, is_replay=is_replay),
        "lost_messages": story.lost_messages,
        "orders_late_ms": _orders_late_ms(story.latency_us, speed),
        "posture_path": story.posture_path,
        "cap_path": [{"market_time_ns": time_ns, "cap_ppm": cap} for time_ns, cap in story.cap_history],
        "orders": {
            "submitted": story.orders["order"],
            "denied": story.orders["denied"],
            "clipped": story.orders["clipped"],
            "filled": story.orders["fill"],
            "cancelled": story.orders["cancelled"],
        },
        "latency_us": story.latency_us,
        "ledger": ledger,
        "decisions_sha256": digest,
    }


def _market_seconds(story: Story) -> float:
    """By the feed: the clock of an agent that is behind runs on beyond the market."""
    end_ns = story.feed_time_ns or story.market_time_ns
    return (end_ns - (story.first_time_ns or end_ns)) / 1e9


def _postures(decided: Iterable[Line]) -> list[Line]:
    """The postures of the account as the governor decided them, each with the cap it came with."""
    found: list[Line] = []
    for line in decided:
        if not line["asset"] and (not found or found[-1]["posture"] != line["posture"]):
            found.append({key: line[key] for key in ("event_time_ns", "posture", "to_ppm", "reason")})
    return found


def _leases(story: Story, *, is_replay: bool) -> Line:
    """How many leases ended, how many of them although the market went on and they were renewed, too late, and how many commands came when
    their own lease was over. A replay's market has no pauses of its own, so there the machine was too slow for the speed."""
    too_slow = sum(lease["is_renewed"] for lease in story.leases) if is_replay else 0
    return {"ended": len(story.leases), "too_slow": too_slow, "late_commands": story.late_commands}


def _orders_late_ms(latency_us: dict[str, Line], speed: float) -> Line:
    """By how much market time orders come later than in lockstep, where they are sent at the price they were decided at."""
    reading = latency_us.get("feed_to_agent") if speed else None
    return {} if reading is None else {name: reading[name] * speed / 1_000 for name in ("p50", "p99", "max")}


def render(report: Report, console: Console) -> None:
    """Prints the report."""
    console.rule(f"[bold]Report of run {report['run_id']}", align="left")
    console.print(f"Market: {report['market']}, {report['market_seconds']:.0f} s of market time")
    console.print(
        f"In: {report['frames_in']:,} frames, {report['events_in']:,} events -> {report['rankings']} rankings, {len(report['cuts'])} cuts"
    )
    console.print("Jobs: " + ", ".join(f"{job['name']} {job['status']}" for job in report["jobs"]))
    _render_path(report, console)
    _render_cuts(report["cuts"], console)
    orders = report["orders"]
    console.print("Orders: " + ", ".join(f"{count} {what}" for what, count in orders.items()))
    _render_latency(report["latency_us"], console)
    ledger = report["ledger"]
    verdict = "[green]verified[/]" if ledger["verified"] else "[bold red]NOT VERIFIED[/]"
    console.print(f"Ledger: {_usd(ledger['opening_balance'])} -> {_usd(ledger['closing_balance'])}, {ledger['entries']} entries, {verdict}")
    _render_speed(report, console)
    console.print(f"Cuts and postures: sha256 {report['decided_sha256'][:16]} (the same at any speed)")
    console.print(f"Decisions: sha256 {report['decisions_sha256'][:16]} (orders included; the same in lockstep)")


def cap_chart(history: Sequence[tuple[int, int]], end_ns: int, width: int = _CHART_WIDTH) -> str:
    """The lowest account cap in each of `width` equal slices of time, as block characters; full height is 6x."""
    if not history:
        return ""
    start_ns = history[0][0]
    slice_ns = max(1, -(-(end_ns - start_ns) // width))
    lowest: list[int] = []
    at, cap = 0, history[0][1]
    for index in range(width):
        low = cap
        while at < len(history) and history[at][0] < start_ns + (index + 1) * slice_ns:
            cap = history[at][1]
            low = min(low, cap) if history[at][0] > start_ns + index * slice_ns else cap
            at += 1
        lowest.append(low)
    return "".join(_BARS[-(-low * (len(_BARS) - 1) // _FULL_CAP_PPM)] for low in lowest)


def _render_path(report: Report, console: Console) -> None:
    history = [(point["market_time_ns"], point["cap_ppm"]) for point in report["cap_path"]]
    if history:
        end_ns = history[0][0] + int(report["market_seconds"] * 1e9)
        console.print(Text.assemble("Cap of the account over the run (full height 6x):\n  ", (cap_chart(history, end_ns), "cyan")))
    path = report["posture_path"]
    if path:
        console.print(
            "Posture: " + path[0]["from"] + "".join(f" -> {step['to']}" for step in path[:20]) + (" ..." if len(path) > 20 else "")
        )


def _render_cuts(cuts: Sequence[Line], console: Console) -> None:
    if not cuts:
        console.print("Cuts: none")
        return
    table = Table(title=f"Cuts (the first {min(len(cuts), _CUTS_SHOWN)} of {len(cuts)})", title_justify="left")
    for column in ("asset", "from", "to", "reason", "cause"):
        table.add_column(column)
    for cut in cuts[:_CUTS_SHOWN]:
        causes = ", ".join(cut["cause_ids"][:2]) + (" ..." if len(cut["cause_ids"]) > 2 else "")
        table.add_row(cut["asset"] or "(account)", leverage(cut["from_ppm"]), leverage(cut["to_ppm"]), cut["reason"], causes)
    console.print(table)


def _render_speed(report: Report, console: Console) -> None:
    late, leases = report["orders_late_ms"], report["leases"]
    if late:
        console.print(f"Orders: {late['p50']:,.0f} ms of market time behind the market that they look at, at most {late['max']:,.0f} ms")
    if leases["too_slow"]:
        console.print(f"[bold]Leases: {leases['too_slow']} ended because this machine is too slow for the speed[/]; they are no cuts")
    if leases["late_commands"]:
        console.print(f"[bold]Leases: {leases['late_commands']} commands came when theirs was over[/]: give a lower --speed")
    if report["lost_messages"]:
        console.print(f"[bold red]The agent missed {report['lost_messages']} messages[/]: what gates decided is not all in this report")
    if others := leases["ended"] - leases["too_slow"]:
        console.print(f"Leases: {others} ended in silence")


def _render_latency(latency_us: dict[str, Line], console: Console) -> None:
    if not latency_us:
        console.print("Latency: not measured")
        return
    table = Table(title="Latency in µs (wall clock)", title_justify="left")
    table.add_column("path")
    for column in ("p50", "p99", "p999", "max", "n"):
        table.add_column(column, justify="right")
    for path, reading in latency_us.items():
        table.add_row(path, *(f"{reading[column]:,.0f}" for column in ("p50", "p99", "p999", "max", "n")))
    console.print(table)


def _usd(amount: str) -> str:
    return dollars(round(Decimal(amount) * ONE))
