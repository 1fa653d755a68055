"""`dolphin prune`, `backup`, `restore`: keeping a home small and whole."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from dolphin.cli.options import DEFAULT_HOME, DryRunOption, HomeOption, JsonOption, print_json
from dolphin.core.upkeep.room import MIB
from dolphin.core.upkeep.runs import RunFolder, to_prune
from dolphin.errors import BadInput
from dolphin.host.home import Home, open_home

app = typer.Typer()

DEFAULT_KEEP: Final = 20
QUIET_S: Final = 2.0
"""After which a command says how far it is."""
_UNITS_S: Final = {"m": 60, "h": 3600, "d": 86400}


KeepOption = Annotated[
    int | None, typer.Option("--keep", help=f"Keep the newest so many runs; {DEFAULT_KEEP} if nothing is said.", min=0, metavar="N")
]
OlderOption = Annotated[
    str | None, typer.Option("--older-than", help="Remove only runs that ended longer ago: 30d, 12h, 90m.", metavar="TIME")
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Also where there are a ledger or gates: they are moved aside, with the runs.")
]


@app.command("prune")
def prune(
    keep: KeepOption = None,
    older_than: OlderOption = None,
    is_dry_run: DryRunOption = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Remove the folders of old runs, never the running one's; ledger and gates stay."""
    from dolphin.upkeep.prune import folders, looked_at, remove, settled

    place = _known(home)
    limit_s = None if older_than is None else duration_s(older_than)
    with looked_at(place) if is_dry_run else settled(open_home(home)) as running:
        runs = folders(place, running)
        going = to_prune(runs, time.time(), keep=DEFAULT_KEEP if keep is None and limit_s is None else keep, older_than_s=limit_s)
        if not is_dry_run:
            with _progress("removing", len(going)) as step:
                remove(place, going, lambda run: step(run.run_id))
    freed = sum(run.size for run in going)
    if as_json:
        print_json({"is_dry_run": is_dry_run, "freed_bytes": freed, "runs": [run.run_id for run in going], "kept": len(runs) - len(going)})
    else:
        _say_pruned(going, len(runs) - len(going), freed, is_dry_run=is_dry_run)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make.", metavar="FILE")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Copy ledger, gates and runs into one file, also while a system runs."""
    from dolphin.upkeep.backup import back_up

    with _progress("copying", None) as step:
        manifest = back_up(_known(home), file, step)
    size = file.stat().st_size
    if as_json:
        told = {"file": str(file), "bytes": size, "runs": manifest.run_ids, "heads": manifest.heads}
        print_json(told | {"gates_elsewhere": manifest.gates_elsewhere})
        return
    print(f"{file}: {_mib(size)}, {len(manifest.run_ids)} runs, ledger verified:")
    for account, head in manifest.heads.items():
        print(f"  {account}: {head.index} entries, head {head.hash}")
    _say_gates(manifest.gates_elsewhere)


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="What `dolphin backup` made.", metavar="FILE", exists=True, dir_okay=False)],
    replace: ReplaceOption = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Bring ledger, gates and runs back from a backup, verified; not while a system runs."""
    from dolphin.upkeep.restore import restore as bring_back

    with _progress("restoring", None) as step:
        manifest = bring_back(file, Home(home), step, replace=replace)
    if as_json:
        print_json({"home": str(home), "runs": manifest.run_ids, "heads": manifest.heads, "made_wall_ns": manifest.made_wall_ns})
    else:
        print(f"Restored into {home}: {len(manifest.run_ids)} runs, ledger verified. Cuts and latches that came later are not in it.")
        _say_gates(manifest.gates_elsewhere)
        print("Next: dolphin posture log, dolphin ledger balance, dolphin up.")


def duration_s(text: str) -> float:
    """Seconds. BadInput where it is not a number and one of d, h, m."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([mhd])", text.strip())
    if match is None:
        raise BadInput("not a length of time", field="--older-than", value=text, remedy="Give a number and d, h or m: 30d, 12h, 90m.")
    return float(match[1]) * _UNITS_S[match[2]]


def _known(home: Path) -> Home:
    """The home at `home`, which must be one: looking after one makes none, and nothing of a stranger's folder is touched."""
    if not Home(home).is_used:
        raise BadInput("there is no such home", field="--home", value=str(home), remedy="Name the --home of a system that has run.")
    return Home(home)


@contextmanager
def _progress(doing: str, total: int | None) -> Iterator[Callable[[str], None]]:
    """Gives a function that is told the name of each part; from `QUIET_S` on a person sees how far it is."""
    start_s = time.monotonic()
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=total)

    def step(name: str) -> None:
        bar.update(task, advance=1, description=name)
        if time.monotonic() - start_s > QUIET_S and not bar.live.is_started:
            bar.start()

    try:
        yield step
    finally:
        if bar.live.is_started:
            bar.stop()


def _say_gates(elsewhere: str) -> None:
    from dolphin.upkeep.archive import UNKNOWN_PLACE

    if elsewhere == UNKNOWN_PLACE:
        print("The last live run was on a cluster that it joined: its gates are in the backup only if its member keeps them in this home.")
    elif elsewhere:
        print(f"The gates are in {elsewhere}, and not in the backup: docs/space.md says how to copy them.")


def _say_pruned(going: list[RunFolder], kept: int, freed: int, *, is_dry_run: bool) -> None:
    for run in going:
        print(f"{run.run_id}  {_mib(run.size):>12}")
    verb = "would be removed" if is_dry_run else "removed"
    print(f"{len(going)} runs {verb}, {_mib(freed)} {'would be freed' if is_dry_run else 'freed'}; {kept} stay.")


def _mib(size: int) -> str:
    return f"{size / MIB:,.1f} MiB"
