"""`dolphin up`, `down`, `status`: the same system as the demo, left running."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from dolphin.cli.options import DEFAULT_HOME, ConfigOption, HomeOption, JoinOption, JsonOption, RecordingOption, SpeedOption, print_json
from dolphin.config import Source, load_config
from dolphin.errors import BadInput
from dolphin.host.home import Home, RunFiles, new_run_id, open_home
from dolphin.host.standing import addresses

app = typer.Typer()


@app.command("up")
def up(
    feed: Annotated[str, typer.Option("--feed", help="synthetic, recording or live; a recording plays in a loop.")] = "synthetic",
    recording: RecordingOption = None,
    speed: SpeedOption = "auto",
    join: JoinOption = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, until Ctrl-C or `down`; for a service manager.")] = False,
    config: ConfigOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Start the system and leave it running; with --join on a cluster that stands. Orders are paper orders, whatever the feed."""
    from dolphin.host.build import ensure_jar, warm_kernels
    from dolphin.host.home_lock import HomeLock
    from dolphin.run.launch import Wish, plan_show
    from dolphin.run.supervisor import COMMAND, Request, become, said_up, start_detached

    settings = load_config(config)
    source = _settle_source(feed, recording)
    members = _settle_join(join, source)
    show = plan_show(Wish(source, tuple(recording or ()), speed, loop=source != "live"), settings)
    console = Console(stderr=True)
    place, run_id = open_home(home), new_run_id()
    with HomeLock.take(place, COMMAND, run_id) as lock:
        jar = None if members else ensure_jar(console)
        if not members:
            warm_kernels(console)
        request = Request(run_id, settings, show, jar, members, as_json)
        if foreground:
            become(place, lock, request)
        with console.status("Starting the system ..."):
            standing = start_detached(place, lock, request)
    if as_json:
        print_json(standing)
    else:
        print(said_up(standing))


@app.command("down")
def down(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Stop the system that `up` started. Of a cluster that it joined nothing is touched: members and jobs go on."""
    from dolphin.run.supervisor import stop

    standing = stop(Home(home))
    if as_json:
        print_json(standing)
    else:
        stays = f" The cluster at {standing.member} and its jobs go on." if standing.is_joined else ""
        print(f"Stopped run {standing.run_id}.{stays}")


@app.command("status")
def status(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show how the system stands: posture, caps, orders, jobs."""
    from dolphin.cluster.jobs import list_jobs
    from dolphin.host.standing import read_standing
    from dolphin.operator.views.screen import Screen
    from dolphin.operator.views.story import Story
    from dolphin.run.demo import Follower

    place = Home(home)
    standing = read_standing(place)
    if standing is None:
        raise BadInput("no system is up here", field="--home", value=str(home), remedy="Start one with: dolphin up.")
    follower = Follower(RunFiles(place.run(standing.run_id)), Story())
    follower.read()
    story = follower.story
    jobs = asyncio.run(list_jobs(standing.member, standing.cluster_name)) if standing.state == "up" else []
    if as_json:
        told: dict[str, Any] = msgspec.to_builtins(standing)
        told |= {"jobs": jobs, "posture": story.posture, "account_cap_ppm": story.account_cap_ppm, "caps_ppm": story.caps_ppm}
        told |= {"market_time_ns": story.market_time_ns, "orders": story.orders, "rankings": story.rankings, "cuts": len(story.cuts)}
        print_json(told | {"equity_micro_usd": story.equity_micro_usd})
        return
    console = Console()
    console.print(f"{standing.state} {standing.what}".rstrip() + f", run {standing.run_id}, member {standing.member or 'not up yet'}")
    console.print("Jobs: " + (", ".join(f"{job['name']} {job['status']}" for job in jobs) or "none"))
    Screen(console, standing.market, None).print(story)


def _settle_join(join: str | None, source: Source) -> tuple[str, ...]:
    """The members to join. A replay has a market time of its own, which would go backwards in gates that have seen a later one."""
    if join is None:
        return ()
    if source != "live":
        remedy = "Add --feed live, or leave --join out: a replay gets a member and gates of its own."
        raise BadInput("a cluster that stands has the live market's gates", field="--join", value=join, remedy=remedy)
    return addresses(join, "--join")


def _settle_source(feed: str, recording: list[Path] | None) -> Source:
    if feed not in ("synthetic", "recording", "live"):
        raise BadInput("no such feed", field="--feed", value=feed, remedy="Give synthetic, recording (with --recording PATH) or live.")
    if recording and feed == "synthetic":
        return "recording"
    if (feed == "recording") != bool(recording):
        raise BadInput(
            "--feed recording and --recording PATH go together", field="--feed", value=feed, remedy="Give both, or --recording alone."
        )
    return feed
