"""What the operator's commands have in common: their options, and how they tell what became of a word."""

import asyncio
import getpass
import os
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer

from dolphin.cli.options import print_json
from dolphin.core.ledger.events import GateReading
from dolphin.core.words import leverage, share
from dolphin.operator.gate_state import Gates
from dolphin.operator.operations import Author, Operation
from dolphin.operator.site import Done, Site, act
from dolphin.operator.views.plain import plain

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.", metavar="TEXT")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who; the user of the operating system if left out.", metavar="NAME")]


def author(by: str | None, reason: str) -> Author:
    """Who acts, checked."""
    return Author(_user() if by is None else by, reason)


def operate(where: Site, plan: Callable[[Gates], Operation], *, is_dry_run: bool, as_json: bool) -> None:
    """Plans and does an operation, and prints what became of it."""
    done = asyncio.run(act(where, plan, is_dry_run=is_dry_run))
    if as_json:
        print_json(_as_json(done))
    else:
        print("\n".join(_lines(done)))


def _as_json(done: Done) -> dict[str, Any]:
    told = msgspec.to_builtins(done.consequence)
    return {**told, "dry_run": done.is_dry_run, "logged": done.is_logged, "carried": done.is_carried}


def _lines(done: Done) -> list[str]:
    result = done.consequence
    found = ["Would change (dry run, nothing was sent):" if done.is_dry_run else "Done:"]
    changes = list(_changes(result.before, result.after))
    found += [f"  {line}" for line in changes] or ["  nothing that is in force now"]
    found += ["Still held by:", *(f"  {each}" for each in result.still_held)] if result.still_held else ["Nothing holds it any more."]
    if not done.is_dry_run and not done.is_logged:
        found.append("WARNING: this could not be written into the ledger's log.")
    if not done.is_dry_run and not done.is_carried:
        found.append("The governor has it; the account's cap follows with the controller's next word.")
    return found


def _changes(before: GateReading, after: GateReading) -> list[str]:
    named = {
        "posture": (before.posture, after.posture),
        "cap": (leverage(before.cap_ppm), leverage(after.cap_ppm)),
        "R" if before.posture else "left by the cut": (share(before.r_ppm), share(after.r_ppm)),
        "latch": (plain(before.latch) or "none", plain(after.latch) or "none"),
        "ceiling": (before.ceiling, after.ceiling),
        "level": (str(before.level), str(after.level)),
        "operator's cut": (str(before.manual_level), str(after.manual_level)),
    }
    return [f"{name}: {old} -> {new}" for name, (old, new) in named.items() if old != new]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this number; what is raised depends on the Python
        return f"uid {os.getuid()}"
