"""`dolphin bench`: run a benchmark of bench/ and show ours beside the peer and the floor.

A benchmark is a module `bench/NAME.py` whose docstring opens with what it measures and whose `run(seconds)` returns the object described in
docs/performance.md, which `--save` regenerates. Targets that are missed are shown as missed; the exit status says only whether the
benchmark could be run.
"""

import ast
import importlib
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dolphin.assurance import performance
from dolphin.cli.options import JsonOption, print_json
from dolphin.errors import BadInput
from dolphin.host.build import ensure_jar
from dolphin.host.home import REPOSITORY

app = typer.Typer()

_FOLDER = REPOSITORY / "bench"


@app.command("bench")
def bench(
    name: Annotated[str, typer.Argument(help="Which one; `list` names them.")],
    seconds: Annotated[float, typer.Option("--seconds", min=0.5, max=600, help="Roughly how long to measure.")] = 10.0,
    save: Annotated[bool, typer.Option("--save", help="Keep the result in bench/results and regenerate docs/performance.md.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a hot path against a named peer and the physical floor, in one run."""
    known = {path.stem: _headline(path) for path in sorted(_FOLDER.glob("*.py")) if path.stem != "__init__"}
    if name == "list":
        _list(known, as_json=as_json)
        return
    if name not in known:
        raise BadInput("no such benchmark", field="NAME", value=name, remedy=f"Known are: {', '.join(known)}.")
    console = Console(stderr=True)
    ensure_jar(console)
    with console.status(f"Measuring {name} for about {seconds:g} s ..."):
        result: dict[str, Any] = importlib.import_module(f"bench.{name}").run(seconds)
    result = {"name": name, "machine": _machine(), **result}
    if save:
        performance.save(result)
    if as_json:
        print_json(result)
    else:
        _render(result, Console())


def _list(known: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json(known)
    else:
        print("\n".join(f"{name:10} {headline}" for name, headline in known.items()))


def _headline(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]


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
