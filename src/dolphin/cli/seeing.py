"""Looking at a running system for a screen, once: the verdict and the gates that it shows are of the same moment."""

from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from dolphin.cli.health_text import data_of, picture
from dolphin.cli.options import print_json
from dolphin.cluster.client import unanswered
from dolphin.cluster.watch import Sighting
from dolphin.errors import ExitCode
from dolphin.host.home import Home
from dolphin.host.standing import last_standing, member_of
from dolphin.operator.gate_state import Gates
from dolphin.operator.health import Assessment, assess


def see(
    home: Path, member: str | None, cluster_name: str | None, account: str | None = None, *, as_json: bool
) -> tuple[Sighting, Assessment]:
    """What its cluster says, and the whole: of the system of `home`, or that of `member`.

    Where no member of the home's system answers, it shows what can be said without one, and ends the command as `status` would.

    Raises:
        BadInput: no system was left here, or `member` is no address; or the cluster knows other accounts than `account`.
        DolphinError: `member` does not answer.
    """
    place = Home(home)
    standing = None if member is not None else last_standing(place)
    if standing is None or standing.state == "failed":
        address, cluster = member_of(place, member, cluster_name)
    else:
        address, cluster = None, cluster_name or ""
    seen = assess(place, address, cluster, account)
    if seen.sighting is None and address is not None:
        raise unanswered(address, cluster)
    if seen.sighting is None:
        end(seen, as_json=as_json)
    return seen.sighting, seen


def see_gates(home: Path, member: str | None, cluster_name: str | None, account: str | None, *, as_json: bool) -> tuple[Gates, Assessment]:
    """The same, with the gates, without which it ends too; raises as `see`."""
    _, seen = see(home, member, cluster_name, account, as_json=as_json)
    if seen.gates is None:
        end(seen, as_json=as_json)
    return seen.gates, seen


def end(seen: Assessment, *, as_json: bool) -> NoReturn:
    """Shows the verdict, and ends the command with its exit code."""
    if as_json:
        print_json({"health": data_of(seen.verdict)})
    else:
        Console().print(picture(seen))
    raise typer.Exit(int(seen.verdict.health) or ExitCode.FAILED)
