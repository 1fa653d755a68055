"""`dolphin test`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dolphin.assurance import proofs
from dolphin.assurance import test_run as selftest
from dolphin.assurance.level_a import checks as level_a
from dolphin.assurance.level_a import record
from dolphin.cli.options import JsonOption, SaveOption, print_json
from dolphin.errors import BadInput, ExitCode
from dolphin.host.build import ensure_jar, warm_kernels

app = typer.Typer()


@app.command("test")
def run_checks(
    pytest_arguments: Annotated[list[str] | None, typer.Argument(help="Run only pytest, with these arguments (put them after --).")] = None,
    is_level_a: Annotated[
        bool, typer.Option("--level-a", help="Run the checks of level A instead: MC/DC, mutation, deep formal tests. Takes half an hour.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help="With --level-a: only this check (mcdc, mutmut, pit, formal); repeatable.")] = None,
    module: Annotated[list[str] | None, typer.Option(help="With --level-a: only Python modules that begin so; repeatable.")] = None,
    is_saved: SaveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run every check: lints, types, the Java build and its tests, and all Python tests."""
    if is_level_a:
        _check_level_a(only or [], module or [], is_saved=is_saved, as_json=as_json)
        return
    if only or module or is_saved:
        raise BadInput("belongs to --level-a", field="option", value="--only, --module, --save", remedy="Add --level-a.")
    console = Console(stderr=True)
    ensure_jar(console)
    warm_kernels(console)
    _install_proof_tools(console)
    outcomes = selftest.run(selftest.steps(pytest_arguments or ()), console, quiet=as_json)
    failed = [outcome for outcome in outcomes if outcome.exit_status != 0]
    console.rule("summary", align="left")
    for outcome in outcomes:
        console.print(f"{'ok' if outcome.exit_status == 0 else 'FAILED':8}{outcome.seconds:7.1f} s  {outcome.name}")
    if as_json:
        print_json({"steps": outcomes, "failed": len(failed)})
    raise typer.Exit(ExitCode.FAILED if failed else ExitCode.DONE)


def _install_proof_tools(console: Console) -> None:
    with console.status("Installing the proof tools (first run only) ..."):
        proofs.install_tools()


def _check_level_a(only: list[str], prefixes: list[str], *, is_saved: bool, as_json: bool) -> None:
    console = Console(stderr=True)
    names, chosen = level_a.chosen_checks(only), level_a.chosen_modules(prefixes)
    _install_proof_tools(console)
    results = [_run(name, chosen, console) for name in names]
    if is_saved:
        record.save(results, is_whole=not prefixes)
    is_complete = all(result.is_complete for result in results)
    if as_json:
        print_json({"checks": results, "complete": is_complete})
    raise typer.Exit(ExitCode.DONE if is_complete else ExitCode.FAILED)


def _run(name: str, chosen: Mapping[str, Path], console: Console) -> level_a.Result:
    """One check with its progress, then its table."""
    console.rule(f"level A: {name}", align="left")
    with console.status(name) as status:
        result = level_a.CHECKS[name](chosen, lambda what, done, total: status.update(f"{name}, {what}: {done} of {total}"))
    for row in result.rows:
        mark = "ok" if row.is_complete else "OPEN"
        console.print(f"{mark:6}{row.shown:5} of {row.total:5} {result.unit}, {row.justified:3} justified  {row.module}", highlight=False)
        for each in row.open:
            console.print(f"        {each}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{'ok' if result.is_complete else 'OPEN':6}{name}, {result.seconds:.0f} s", highlight=False)
    return result
