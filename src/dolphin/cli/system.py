"""`dolphin up`, `down`, `status`: the same system as the demo, left running."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer
from rich.console import Console

from dolphin.cli.options import (
    DEFAULT_HOME,
    ConfigOption,
    HomeOption,
    JoinOption,
    JsonOption,
    RecordingOption,
    SpeedOption,
    WatchOption,
    print_json,
)
from dolphin.config import Source, load_config
from dolphin.errors import BadInput
from dolphin.host.home import Home, RunFiles, new_run_id, open_home
from dolphin.host.standing import addresses

if TYPE_CHECKING:
    from dolphin.operator.health import Assessment
    from dolphin.operator.views.story import Story

app = typer.Typer()

WATCH_EVERY_S: Final = 1.0


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
    from dolphin.host.java import find_java
    from dolphin.host.space import require_room
    from dolphin.run.launch import Wish, plan_show
    from dolphin.run.supervisor import COMMAND, Request, become, clear, said_up, start_detached

    settings = load_config(config)
    source = _settle_source(feed, recording)
    members = _settle_join(join, source)
    if not members:
        find_java()  # before the exchange is asked and the home is made
    show = plan_show(Wish(source, tuple(recording or ()), speed, loop=source != "live"), settings)
    console = Console(stderr=True)
    place, run_id = open_home(home), new_run_id()
    with HomeLock.take(place, COMMAND, run_id) as lock:
        for line in clear(place):
            console.print(f"A system that ended badly was found: {line}.")
        require_room(place)
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

    standing, done = stop(Home(home))
    if as_json:
        print_json(msgspec.to_builtins(standing) | {"leftovers": done})
    else:
        stays = f" The cluster at {standing.member} and its jobs go on." if standing.is_joined else ""
        print(f"Stopped run {standing.run_id}.{stays}")
        print("\n".join(done), end="\n" if done else "")


@app.command("status")
def status(
    watch: WatchOption = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> int:
    """Show how the system is, why nothing is traded, and the market.

    Ends with 0 if it is healthy, 1 degraded, 3 latched or held down by a person, 4 not running or a part of it dead.
    """
    from dolphin.operator.health import assess

    place, console = Home(home), Console()
    while True:
        seen = assess(place)
        if as_json:
            print_json(_told(seen, place))
        else:
            if watch and console.is_terminal:
                console.clear()
            console.print(*_shown(seen, place, console), sep="\n")
        if not watch:
            return int(seen.verdict.health)
        time.sleep(WATCH_EVERY_S)


def _story(seen: "Assessment", home: Home) -> "Story":
    """What its journals tell, up to now."""
    from dolphin.operator.views.story import Story
    from dolphin.run.demo import Follower

    story = Story()
    if seen.standing is not None:
        Follower(RunFiles(home.run(seen.standing.run_id)), story).read()
    return story


def _told(seen: "Assessment", home: Home) -> dict[str, Any]:
    from dolphin.cli.health_text import data_of

    story = _story(seen, home)
    told: dict[str, Any] = {} if seen.standing is None else msgspec.to_builtins(seen.standing)
    told |= data_of(seen.verdict) | {"account": seen.account, "jobs": [] if seen.sighting is None else list(seen.sighting.jobs.values())}
    told |= {"posture": story.posture, "account_cap_ppm": story.account_cap_ppm, "caps_ppm": story.caps_ppm}
    told |= {"market_time_ns": story.market_time_ns, "orders": story.orders, "rankings": story.rankings, "cuts": len(story.cuts)}
    return told | {"equity_micro_usd": story.equity_micro_usd}


def _shown(seen: "Assessment", home: Home, console: Console) -> list[Any]:
    from dolphin.cli.health_text import picture
    from dolphin.operator.views.screen import Screen

    if seen.standing is None or seen.standing.state == "failed":
        return [picture(seen), "Start one with: dolphin up."]
    return [picture(seen), Screen(console, seen.standing.market, None).draw(_story(seen, home))]


def _settle_join(join: str | None, source: Source) -> tuple[str, ...]:
    """The members to join. A replay has a market time of its own, which would go backwards in gates that have seen a later one."""
    if join is None:
        return ()
    members = addresses(join, "--join")
    if source != "live":
        remedy = "Add --feed live, or leave --join out: a replay gets a member and gates of its own."
        raise BadInput("a cluster that stands has the live market's gates", field="--join", value=join, remedy=remedy)
    return members


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
