"""`dolphin trace check|show`: what a run's agent did, against the specification."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from dolphin.assurance.trace.read import read_trace
from dolphin.assurance.trace.verdict import Rejection, TraceVerdict, judge
from dolphin.cli.options import DEFAULT_HOME, DEMO_HOME, HomeOption, JsonOption, print_json
from dolphin.core.audit import trace as of
from dolphin.core.audit.trace import TraceEvent
from dolphin.errors import BadInput, ExitCode
from dolphin.host.home import Home, RunFiles
from dolphin.host.segments import is_there

app = typer.Typer(help="What a run's agent did, checked against the TLA+ specification.", no_args_is_help=True)

TraceArgument = Annotated[str, typer.Argument(metavar="FILE|RUN_ID", help="A trace.ndjson, or the id of a run in --home.")]


@app.command("check")
def check(trace: TraceArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Have the model checker follow a trace; exit code 1 names the first event that the specification does not allow."""
    path = find(trace, home)
    events = read_trace(path)
    verdict = judge(events)
    if as_json:
        print_json(_as_data(path, verdict))
    else:
        print(_said(path, verdict))
    if not verdict.is_accepted:
        raise typer.Exit(ExitCode.FAILED)


@app.command("show")
def show(trace: TraceArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show the events of a trace, numbered as `check` counts them."""
    events = read_trace(find(trace, home))
    if as_json:
        print_json({"events": events})
        return
    for number, event in enumerate(events, 1):
        print(f"{number:6}  {_line(event)}")


def find(trace: str, home: Path) -> Path:
    """The file that was meant.

    Raises:
        BadInput: there is no such file and no such run.
    """
    path = Path(trace)
    if path.is_file():
        return path
    of_run = RunFiles(Home(home).run(trace)).trace
    if is_there(of_run):
        return of_run
    raise BadInput(
        "there is no such file, and no run of this name with a trace",
        field="FILE|RUN_ID",
        value=trace,
        remedy=f"Runs are in {home / 'runs'}, those of the demo in {home / DEMO_HOME.name / 'runs'}.",
    )


def _as_data(path: Path, verdict: TraceVerdict) -> dict[str, object]:
    return {
        "trace": str(path),
        "accepted": verdict.is_accepted,
        "events": verdict.events,
        "cut": verdict.cut,
        "rejected_at": verdict.rejection,
    }


def _said(path: Path, verdict: TraceVerdict) -> str:
    cut = "" if verdict.cut is None else f" (the trace ends before the run: {verdict.cut})"
    if verdict.rejection is None:
        return f"accepted: {verdict.events} events of {path}{cut}"
    return f"rejected: {path}{cut}\n{_where(verdict.rejection)}"


def _where(rejection: Rejection) -> str:
    return f"event {rejection.number}: {_line(rejection.event)}\nneeds {rejection.needs}"


def _line(event: TraceEvent) -> str:
    fields = msgspec.to_builtins(event)
    rest = "  ".join(f"{name}={value}" for name, value in fields.items() if name not in ("type", "market_time_ns"))
    return f"{event.market_time_ns}  {of.kind(event):9}  {rest}"
