"""Options that more than one command has: each is spelled here, and only here."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

HomeOption = Annotated[Path, typer.Option("--home", help="Where state is kept.", metavar="DIR", file_okay=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
MemberOption = Annotated[str | None, typer.Option("--member", help="A running member to talk to (or several).", metavar="HOST:PORT")]
ClusterOption = Annotated[str | None, typer.Option("--cluster-name", help="Its cluster, if not `dolphin`.", metavar="NAME")]
PortOption = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="To listen on; 0 takes a free one.")]
JoinOption = Annotated[
    str | None, typer.Option("--join", help="Members of the cluster, separated by commas.", metavar="HOST:PORT,...", show_default=False)
]
AccountOption = Annotated[str | None, typer.Option("--account", help="Trading account; the system's own if left out.", metavar="NAME")]
LastOption = Annotated[int, typer.Option("--last", help="How many, counted from the end.", min=1)]
RecordingOption = Annotated[
    list[Path] | None,
    typer.Option("--recording", help="Play these recorded USD-M frames (a file, a folder, or several) instead of the synthetic market."),
]
SpeedOption = Annotated[
    str,
    typer.Option(
        "--speed",
        help="Market seconds per second, or max (in lockstep: the same input, the same decisions); demo and up: auto, a minute in all.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
SecondsOption = Annotated[float | None, typer.Option("--seconds", help="How long to record or to measure.", min=0.5)]
SaveOption = Annotated[bool, typer.Option("--save", help="Keep the results in the repository, for the docs.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="A TOML file with settings (docs/configuration.md).")]

WatchOption = Annotated[bool, typer.Option("--watch", help="Show it again and again until Ctrl-C.")]

DEFAULT_HOME = Path(".dolphin")
"""Of the system that `up` leaves running."""
DEMO_HOME = DEFAULT_HOME / "demo"
REPLAY_HOME = DEFAULT_HOME / "replay"
"""Homes of their own: what is only played leaves no trace in the running system's ledger."""


def print_json(result: Any) -> None:
    """One JSON object on one line of standard output."""
    print(msgspec.json.encode(result).decode(), flush=True)
