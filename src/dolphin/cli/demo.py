"""`dolphin demo`: the whole system, for about a minute, from frames to orders behind the order gate."""

import typer
from rich.console import Console

from dolphin.cli.options import DEMO_HOME, ConfigOption, HomeOption, JsonOption, RecordingOption, SpeedOption, print_json
from dolphin.config import load_config
from dolphin.errors import ExitCode
from dolphin.host.java import find_java
from dolphin.operator.views.report_text import render
from dolphin.run.demo import play
from dolphin.run.launch import Wish, plan_show

app = typer.Typer()


@app.command("demo")
def demo(
    recording: RecordingOption = None,
    speed: SpeedOption = "auto",
    config: ConfigOption = None,
    home: HomeOption = DEMO_HOME,
    as_json: JsonOption = False,
) -> None:
    """Play a market through the whole system and report what it decided. Nothing is left running."""
    settings = load_config(config)
    wish = Wish("recording" if recording else "synthetic", tuple(recording or ()), speed, loop=False)
    find_java()  # before the recording is read and the home is made
    show = plan_show(wish, settings)
    console = Console(stderr=as_json)
    report = play(show, settings, home, console)
    if as_json:
        print_json(report)
    else:
        render(report, console)
    healthy = report["feed_ended_well"] and report["ledger"]["verified"]
    raise typer.Exit(ExitCode.DONE if healthy else ExitCode.FAILED)
