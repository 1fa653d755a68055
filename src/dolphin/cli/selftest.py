"""`dolphin test`."""

from typing import Annotated

import typer
from rich.console import Console

from dolphin.cli.options import JsonOption, print_json
from dolphin.errors import ExitCode
from dolphin.ops import selftest
from dolphin.ops.build import ensure_jar, warm_kernels

app = typer.Typer()


@app.command("test")
def run_checks(
    pytest_arguments: Annotated[list[str] | None, typer.Argument(help="Run only pytest, with these arguments (put them after --).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run every check: lints, types, the Java build and its tests, and all Python tests."""
    console = Console(stderr=True)
    ensure_jar(console)
    warm_kernels(console)
    outcomes = selftest.run(selftest.steps(pytest_arguments or ()), console, quiet=as_json)
    failed = [outcome for outcome in outcomes if outcome.exit_status != 0]
    console.rule("summary", align="left")
    for outcome in outcomes:
        console.print(f"{'ok' if outcome.exit_status == 0 else 'FAILED':8}{outcome.seconds:7.1f} s  {outcome.name}")
    if as_json:
        print_json({"steps": outcomes, "failed": len(failed)})
    raise typer.Exit(ExitCode.FAILED if failed else ExitCode.DONE)
