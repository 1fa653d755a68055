"""The report that ends a run, for a person: what was decided first, then the orders, then how fast, then what to type next.

A function of the report's JSON alone, so that a kept report shows the same as a fresh one.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dolphin.core.contract.lines import Line
from dolphin.core.units import ONE
from dolphin.core.words import clock, dollars, leverage, span, utc
from dolphin.operator.views import lease_ends
from dolphin.operator.views.cap_chart import cap_chart
from dolphin.operator.views.lease_ends import BY_TIME, LeaseEnd
from dolphin.operator.views.orders import result_of, tries, what_became, why_so_much, why_wanted
from dolphin.operator.views.plain import fall, plain, seconds, some, took
from dolphin.operator.views.report import Report
from dolphin.operator.views.slides import by_weight

_CHART_WIDTH: Final = 72
_LABEL: Final = 11
_SLIDES_SHOWN: Final = 8
_STEPS_SHOWN: Final = 12
_ORDERS_SHOWN: Final = 24
_TOGETHER_NS: Final = 15_000_000_000
"""Falls of assets that begin within this market time of each other are one line."""

_PATHS: Final = {
    "feed_to_feature": "market message to features",
    "feed_to_agent": "market message to agent",
    "topic_to_agent": "topic to agent",
    "feed_to_cap_change": "market message to changed cap",
    "order_to_fill": "order to fill",
    "lease_to_hibernate": "lease's end to HIBERNATE",
}


def render(report: Report, console: Console) -> None:
    """Prints the report, as wide as the console is."""
    console.rule(f"[bold]Report of run {report['run_id']}", align="left")
    _say(console, "Market", escape(report["market"]))
    _say(console, "Time", _when(report))
    _say(console, "In", f"{report['frames_in']:,} frames, {report['events_in']:,} events; {report['rankings']} rankings of the assets")
    _say(console, "Result", _result(report))
    _say(console, "Ended", _ended(report))
    for line in report["why_nothing_traded"]:
        _say(console, "No trade", escape(line), "yellow")
    _render_decisive(report, console)
    _render_path(report, console)
    _render_slides(report, console)
    _render_leases(report, console)
    _render_orders(report, console)
    _render_latency(report["latency_us"], console)
    _say(console, "Jobs", ", ".join(f"{job['name']} {job['status']}" for job in report["jobs"]) or "none")
    _say(console, "Decided", f"sha256 {report['decided_sha256'][:16]} of cuts and postures: the same input gives the same at any speed")
    _say(
        console,
        "Decisions",
        f"sha256 {report['decisions_sha256'][:16]}, orders included: the same input in lockstep (--speed max) gives the same",
    )
    _render_next(report["next"], console)


def _say(console: Console, label: str, text: str, style: str = "") -> None:
    """One line of the report; `text` may have markup."""
    _hang(console, Text.assemble((f"{label:<{_LABEL - 2}}  ", "bold")), Text.from_markup(text, style=style))


def _hang(console: Console, lead: Text, body: Text) -> None:
    """`body` beside `lead`, its further lines under its first, without spaces at their ends."""
    indent = " " * len(lead)
    for number, line in enumerate(body.wrap(console, max(20, console.width - len(lead)))):
        line.rstrip()
        console.print(Text.assemble(lead if number == 0 else indent, line), soft_wrap=True)


def _when(report: Report) -> str:
    if report["first_time_ns"] is None:
        return "no market data came"
    return (
        f"{utc(report['first_time_ns'])[:19]} to {clock(report['last_time_ns'])} UTC, "
        f"{span(round(report['market_seconds'] * 1e9))} of market time"
    )


def _result(report: Report) -> str:
    ledger = report["ledger"]
    verdict = "[green]verified[/]" if ledger["verified"] else "[bold red]NOT VERIFIED[/]"
    opening, closing = Decimal(ledger["opening_balance"]), Decimal(ledger["closing_balance"])
    change = f" ({(closing - opening) / opening * 100:+.2f} %)" if opening else ""
    return f"{_usd(opening)} -> {_usd(closing)}{change}; ledger {verdict}, {ledger['entries']} entries"


def _ended(report: Report) -> str:
    end = report["orderly_end"]
    if not report["feed_ended_well"]:
        return "[bold red]the feed died[/]; what followed was the system's own fall to HIBERNATE"
    if end is None:
        return "in good order, with nothing granted at the end"
    held = len([asset for asset in end["from_ppm"] if asset])
    return f"in good order at {clock(end['market_time_ns'])}: the caps of the account and {held} assets were given back, which is no cut"


def _render_decisive(report: Report, console: Console) -> None:
    slides = report["slides"]
    if not slides:
        _say(console, "Cuts", "none; leases ran out, which is no cut" if report["lease_ends"] else "none: no cap was lowered")
        return
    first = slides[0]
    lasted = first["end_ns"] - first["start_ns"]
    how = "at once" if first["cuts"] == 1 else f"in {first['cuts']} steps within {seconds(lasted)}"
    whose, how_far = first["asset"] or "the account", fall(first["from_ppm"], first["to_ppm"])
    text = f"{clock(first['start_ns'])}  {whose} {how_far} {how}: {plain(first['reason'])}{_seen_in(first)}"
    _say(console, "Decisive", escape(text), "bold red")


def _render_path(report: Report, console: Console) -> None:
    history = [(point["market_time_ns"], point["cap_ppm"]) for point in report["cap_path"]]
    if history:
        width = min(_CHART_WIDTH, console.width - 4)
        chart = cap_chart(history, max(report["last_time_ns"], history[0][0]), width)
        console.print(Text.assemble("Cap of the account, from its first change to the end (full height 6x)\n  ", (chart, "cyan")))
        console.print(f"  {clock(history[0][0])}{clock(report['last_time_ns']):>{max(9, width - 8)}}", style="dim")
    path = _path(report)
    if not path:
        _say(console, "Posture", "HIBERNATE from start to end")
        return
    _entries(console, "Posture", path[:_STEPS_SHOWN])
    _left_out(console, len(path) - _STEPS_SHOWN, "changes of posture", "report.json")


def _path(report: Report) -> list[tuple[int, str, str]]:
    """What the governor decided, and where the agent went into HIBERNATE by itself, as entries; lapses that were over again left out."""
    entries, before, fallen = list[tuple[int, str, str]](), "HIBERNATE", set[str]()
    for step in report["postures"]:
        if step["posture"] != before:
            entries.append((step["event_time_ns"], f"{before} -> {step['posture']}", plain(step["reason"]) or "the readings allow it"))
        before = step["posture"]
        fallen |= {step["reason"]} if before == "HIBERNATE" else set()
    held = report["posture_path"]
    for number, step in enumerate(held, 1):
        is_own = step["to"] == "HIBERNATE" and step["reason"] not in fallen
        if is_own and (step["reason"] not in BY_TIME or number == len(held)):
            entries.append((step["market_time_ns"], "HIBERNATE by the agent itself", plain(step["reason"])))
    return sorted(entries, key=lambda entry: entry[0])


def _render_slides(report: Report, console: Console) -> None:
    slides = report["slides"]
    if not slides:
        return
    rows = together(slides)
    title = f"Cuts, the heaviest first ({len(report['cuts'])} steps folded into {len(slides)} falls)"
    _entries(console, title, [_cut(row) for row in rows[:_SLIDES_SHOWN]])
    _left_out(console, len(rows) - _SLIDES_SHOWN, "falls", "report.json")


def _cut(row: Sequence[Line]) -> tuple[int, str, str]:
    """Falls that belong together, as an entry."""
    why = f"{plain(row[0]['reason'])}{_seen_in(row[0])}"
    return min(slide["start_ns"] for slide in row), _fallen(row), why


def _fallen(row: Sequence[Line]) -> str:
    """What fell, how far, and in how many steps."""
    first, names = row[0], [slide["asset"] or "the account" for slide in row]
    steps = max(slide["cuts"] for slide in row)
    lasted = max(slide["end_ns"] for slide in row) - min(slide["start_ns"] for slide in row)
    if len(row) == 1:
        how = "" if steps == 1 else f", {steps} steps in {seconds(lasted)}"
        return f"{names[0]} {fall(first['from_ppm'], first['to_ppm'])}{how}"
    lowest, highest = min(slide["to_ppm"] for slide in row), max(slide["to_ppm"] for slide in row)
    to = leverage(lowest) if lowest == highest else f"between {leverage(lowest)} and {leverage(highest)}"
    return f"{len(row)} assets ({some(names)}) came down to {to} within {seconds(lasted)}"


def _seen_in(slide: Line) -> str:
    """The exchange message behind a fall."""
    return f" (seen in {some(slide['cause_ids'], 1)})" if slide["cause_ids"] else ""


def together(slides: Iterable[Line]) -> list[list[Line]]:
    """Slides in rows: each of the account by itself, those of assets together that began soon after one another for one kind of reason.

    The rows come as `by_weight` orders their heaviest slides, and so do the slides in a row.
    """
    rows: list[list[Line]] = []
    for slide in sorted(slides, key=lambda slide: slide["start_ns"]):
        row = next((row for row in reversed(rows) if _goes_with(row[-1], slide)), None)
        if row is None:
            rows.append([slide])
        else:
            row.append(slide)
    ordered = [by_weight(row) for row in rows]
    heaviest = by_weight(row[0] for row in ordered)
    return sorted(ordered, key=lambda row: heaviest.index(row[0]))


def _goes_with(last: Line, slide: Line) -> bool:
    is_of_assets = bool(last["asset"]) and bool(slide["asset"])
    is_alike = last["reason"].partition(":")[0] == slide["reason"].partition(":")[0]
    return is_of_assets and is_alike and slide["start_ns"] - last["start_ns"] <= _TOGETHER_NS


def _render_leases(report: Report, console: Console) -> None:
    ends = report["lease_ends"]
    causes = [end["cause"] for end in ends]
    for line in lease_ends.told([LeaseEnd(end["asset"], end["expired_at_ns"]) for end in ends], causes):
        _say(console, "Leases", line, "yellow")
    if late := report["leases"]["late_commands"]:
        _say(console, "Leases", f"{late} commands came when theirs was over: a slower --speed helps", "yellow")
    if lost := report["lost_messages"]:
        _say(console, "Lost", f"the agent missed {lost} messages: what gates decided is not all in this report", "bold red")


def _render_orders(report: Report, console: Console) -> None:
    counts = report["orders"]
    _say(console, "Orders", ", ".join(f"{count} {what}" for what, count in counts.items()))
    orders = report["order_list"]
    if not orders:
        return
    rows = tries(orders)
    shown = _chosen(rows)
    _entries(console, "", [(row[0]["wanted_at_ns"], _ordered(row), _why(row[0])) for row in shown])
    left_out = len(orders) + report["orders_forgotten"] - sum(map(len, shown))
    _left_out(console, left_out, "orders", "report.json, or: dolphin ledger show")
    _render_timing(orders, console)
    if late := report["orders_late_ms"]:
        behind = f"half of them {late['p50']:,.0f} ms, the last {late['max']:,.0f} ms"
        _say(console, "Timing", f"orders come behind the market that they look at, in market time {behind}")


def _ordered(row: Sequence[Line]) -> str:
    first, last = row[0], row[-1]
    price = "at market" if first["price"] is None else f"at {first['price']}"
    what = f"{first['side']} {first['qty']} {first['asset']} {price}"
    gain = f", gain {dollars(sum(order['pnl_micro_usd'] for order in row))}" if any(map(result_of, row)) else ""
    if len(row) == 1:
        return f"{first['order_id']} {what}: {what_became(first)}{gain}"
    since = "" if last["ended_at_ns"] is None else f", {took(last['ended_at_ns'] - first['wanted_at_ns'])} in all"
    return f"{first['order_id']} to {last['order_id']} {what}: {len(row)} tries, the last {what_became(last)}{since}{gain}"


def _why(order: Line) -> str:
    return "; ".join(each for each in (why_wanted(order), why_so_much(order)) if each)


def _chosen(rows: Sequence[list[Line]]) -> list[list[Line]]:
    """The rows to show, in order: what the order gate denied or clipped, and the first of the others."""
    odd = [row for row in rows if row[0]["outcome"] == "denied" or row[0]["asked_qty"] is not None]
    ids = {row[0]["order_id"] for row in [*odd[: _ORDERS_SHOWN // 2], *rows][:_ORDERS_SHOWN]}
    return [row for row in rows if row[0]["order_id"] in ids]


def _render_timing(orders: Sequence[Line], console: Console) -> None:
    """How long orders took in market time, from wish to first fill: what changes from run to run that is not in lockstep."""
    for kind, is_exit in (("entries", False), ("exits", True)):
        filled = [order for order in orders if order["first_fill_ns"] is not None and order["is_exit"] is is_exit]
        times = sorted(order["first_fill_ns"] - order["wanted_at_ns"] for order in filled)
        if times:
            middle, longest = took(times[len(times) // 2]), took(times[-1])
            _say(console, "Timing", f"{kind}: {len(times)} filled, in market time half of them {middle}, the last {longest}")


def _render_latency(latency_us: dict[str, Line], console: Console) -> None:
    if not latency_us:
        _say(console, "Speed", "not measured")
        return
    title = "Speed, in milliseconds of this machine's clock"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("  from, to")
    for column in ("half within", "99 % within", "longest", "readings"):
        table.add_column(column, justify="right")
    for path, reading in latency_us.items():
        numbers = (f"{reading[column] / 1e3:,.2f}" for column in ("p50", "p99", "max"))
        table.add_row(f"  {_PATHS.get(path, path)}", *numbers, f"{reading['n']:,.0f}")
    console.print(table)


def _render_next(commands: Iterable[Line], console: Console) -> None:
    console.print("[bold]Next[/]")
    for command in commands:
        console.print(f"  {escape(command['type'])}", highlight=False, soft_wrap=True)
        console.print(f"      to {command['to']}", style="dim", highlight=False)


def _entries(console: Console, title: str, rows: Iterable[tuple[int, str, str]]) -> None:
    """A list of (market time, what, why), the reason below, so that it reads at any width."""
    if title:
        console.print(Text(title, "bold"))
    for time_ns, what, why in rows:
        _hang(console, Text(f"  {clock(time_ns)}  "), Text(what))
        if why:
            _hang(console, Text(" " * 12), Text(why, "dim"))


def _left_out(console: Console, count: int, what: str, where: str) -> None:
    if count > 0:
        console.print(f"  ... and {count} more {what} ({where})", style="dim", highlight=False)


def _usd(amount: Decimal) -> str:
    return dollars(round(amount * ONE))
