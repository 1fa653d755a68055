"""`dolphin demo`: the whole system, for about a minute, from frames to gated orders."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dolphin.cli.options import DEFAULT_HOME, HomeOption, JsonOption, print_json
from dolphin.config import load_config
from dolphin.errors import ExitCode
from dolphin.operator.views.report import render
from dolphin.run.demo import play
from dolphin.run.launch import Wish, plan_show

app = typer.Typer()

RecordingOption = Annotated[
    list[Path] | None,
    typer.Option("--recording", help="Play these recorded USD-M frames (a file, a folder, or several) instead of the synthetic market."),
]
SpeedOption = Annotated[
    str,
    typer.Option(
        "--speed", help="Market seconds per second, auto (about a minute in all), or max (in lockstep: the same input, the same decisions)."
    ),
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="A TOML file with settings (docs/configuration.md).")]


@app.command("demo")
def demo(
    recording: RecordingOption = None,
    speed: SpeedOption = "auto",
    config: ConfigOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Play a market through the whole system and report what it decided. Nothing is left running."""
    settings = load_config(config)
    wish = Wish("recording" if recording else "generator", tuple(recording or ()), speed, loop=False)
    show = plan_show(wish, settings)
    console = Console(stderr=as_json)
    report = play(show, settings, home, console)
    if as_json:
        print_json(report)
    else:
        render(report, console)
    healthy = report["feed_ended_well"] and report["ledger"]["verified"]
    raise typer.Exit(ExitCode.DONE if healthy else ExitCode.FAILED)
