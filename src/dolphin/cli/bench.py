"""`dolphin bench`: run a benchmark of bench/, or all, and show ours beside the peer and the floor.

A benchmark is a module `bench/NAME.py` whose docstring opens with what it measures and whose `run(seconds)` returns the object described in
docs/performance.md, which `--save` regenerates. Targets that are missed are shown as missed; the exit status says only whether it could be
measured. Of `all`, one that cannot run here (no download, no Maven, a host that stalls) says why and the others go on: exit status 0 while
any could be measured, 1 if none could, and 1 too if one broke in a way that no benchmark explains, for that has to be mended.
"""

import importlib
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from dolphin.assurance import performance
from dolphin.cli.options import JsonOption, SaveOption, SecondsOption, print_json
from dolphin.errors import BadInput, DolphinError, ExitCode
from dolphin.host.build import ensure_jar, warm_kernels
from dolphin.host.home import REPOSITORY

app = typer.Typer()

ALL: Final = "all"
DEFAULT_S: Final = 10.0
"""Roughly how long each measures, besides starting."""
_LIST: Final = "list"


@app.command("bench")
def bench(
    name: Annotated[str, typer.Argument(help="Which one, or all; list names them.")],
    seconds: SecondsOption = None,
    save: SaveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a hot path against a named peer and the physical floor, in one run."""
    duration_s = seconds or DEFAULT_S
    known = performance.benchmarks()
    if name == _LIST:
        _list(known, as_json=as_json)
        return
    if name != ALL and name not in known:
        raise BadInput("no such benchmark", field="NAME", value=name, remedy=f"Known are: {', '.join(known)}, {ALL}.")
    console = Console(stderr=True)
    ensure_jar(console)
    warm_kernels(console)
    if name == ALL:
        _bench_all(list(known), duration_s, console, save=save, as_json=as_json)
        return
    with console.status(f"Measuring {name} for about {duration_s:g} s ..."):
        result = _measure(name, duration_s, save=save)
    if as_json:
        print_json(result)
    else:
        _render(result, Console())


@dataclass(slots=True)
class Outcomes:
    """What became of all benchmarks."""

    results: list[performance.Result] = field(default_factory=list)
    could_not_run: dict[str, str] = field(default_factory=dict)
    """Why, of each that says why."""
    broke: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.results and not self.broke else ExitCode.FAILED


def _bench_all(names: list[str], seconds: float, console: Console, *, save: bool, as_json: bool) -> None:
    outcomes, shown = Outcomes(), Console(stderr=as_json)
    for number, name in enumerate(names, start=1):
        doing = f"Measuring {name} ({number} of {len(names)}) ..."
        if not console.is_terminal:
            console.print(doing)
        try:
            with console.status(doing):
                result = _measure(name, seconds, save=save)
        except DolphinError as error:
            outcomes.could_not_run[name] = str(error)
        except Exception as error:  # the others are measured all the same
            outcomes.broke[name] = f"{type(error).__name__}: {error}"
        else:
            outcomes.results.append(result)
            _render(result, shown)
    for what, which in (("could not run here", outcomes.could_not_run), ("broke", outcomes.broke)):
        for name, why in which.items():
            shown.print(f"{name} {what}: {why}", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print_json(outcomes)
    raise typer.Exit(outcomes.exit_code)


def _measure(name: str, seconds: float, *, save: bool) -> performance.Result:
    measured: dict[str, Any] = importlib.import_module(f"bench.{name}").run(seconds)
    result = {"name": name, "machine": _machine(), **measured}
    if save:
        performance.save(result)
    return result


def _list(known: Mapping[str, str], *, as_json: bool) -> None:
    named = {**known, ALL: "every one of them, one after the other"}
    if as_json:
        print_json(named)
    else:
        print("\n".join(f"{name:10} {headline}" for name, headline in named.items()))


def _machine() -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "unknown")
    return {"cpu": model, "kernel": platform.release(), "python": sys.version.split()[0], "commit": commit.stdout.strip()}


def _render(result: Mapping[str, Any], console: Console) -> None:
    columns = {"ours": result["ours"], f"peer: {result['peer']}": result["peer_result"], "floor": result["floor"]}
    table = Table(title=f"{result['name']} on {result['machine']['cpu']}", title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    keys = dict.fromkeys(key for readings in columns.values() for key in readings)
    for key in keys:
        table.add_row(key, *(performance.number(readings.get(key)) for readings in columns.values()))
    console.print(table)
    for ratio, value in result["ratios"].items():
        console.print(f"{ratio}: {value:.3g}   {performance.verdict(result, ratio)}")
