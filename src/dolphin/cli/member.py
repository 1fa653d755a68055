"""`dolphin member`: one Hazelcast member in the foreground, of a cluster of one or of several."""

import asyncio
import signal
from typing import Annotated

import typer
from rich.console import Console

from dolphin.cli.options import DEFAULT_HOME, ConfigOption, HomeOption, JoinOption, JsonOption, PortOption, print_json
from dolphin.config import Config, load_config
from dolphin.errors import BadInput
from dolphin.host.home import Home, open_home
from dolphin.host.home_lock import require_whole
from dolphin.host.java import find_java
from dolphin.host.member import DEFAULT_PORT, LEAVE_S, LOOPBACK, ONE_MEMBER, Gates, MemberProcess, find_config
from dolphin.host.notify import Service
from dolphin.host.standing import addresses

app = typer.Typer()


@app.command("member")
def member(
    name: Annotated[str, typer.Argument(metavar="[CONFIG]", help="one-member, three-members, production, or a file.")] = ONE_MEMBER.stem,
    port: PortOption = None,
    interface: Annotated[str | None, typer.Option("--interface", metavar="ADDRESS", help="Bind to this private address.")] = None,
    join: JoinOption = None,
    heap: Annotated[str | None, typer.Option("--heap", metavar="SIZE", help="Largest heap, such as 8g.")] = None,
    config: ConfigOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Run a member in the foreground until Ctrl-C, for `up --join`: port 5701, gates in the home, unless --config says otherwise."""
    from dolphin.host.build import ensure_jar, warm_kernels
    from dolphin.run.member import attend

    chosen, settings = find_config(name), load_config(config)
    if chosen == ONE_MEMBER and (interface or join):
        remedy = "Name the configuration of a cluster: three-members or production."
        raise BadInput("one-member is alone, and on loopback", field="CONFIG", value=name, remedy=remedy)
    members, flags = addresses(join, "--join") if join else (), _heap(heap)
    service, console = Service.of_environment(), Console(stderr=True)
    java = find_java()
    place = open_home(home)
    require_whole(place)
    jar = ensure_jar(console)
    warm_kernels(console)
    with console.status("Starting the member ..."):
        started = MemberProcess.start(
            log=place.member_log,
            jar=jar,
            port=settings.member.port or DEFAULT_PORT if port is None else port,
            cluster_name=settings.member.cluster_name,
            config=chosen,
            interface=interface or LOOPBACK,
            join=members,
            java=java,
            gates=_gates(settings, place),
            jvm_flags=flags,
        )
    try:
        asked = asyncio.run(attend(started, service, lambda: _tell(started, as_json=as_json)))
    finally:
        started.stop(LEAVE_S)
    if asked is signal.SIGINT:
        raise KeyboardInterrupt


def _tell(started: MemberProcess, *, as_json: bool) -> None:
    told = {"address": started.address, "cluster_name": started.cluster_name, "pid": started.pid, "log": str(started.log)}
    if as_json:
        print_json({"ready": True, **told})
    else:
        print(f"Ready: member {started.address} of cluster {started.cluster_name}, until Ctrl-C. Its log: {started.log}", flush=True)


def _gates(settings: Config, place: Home) -> Gates:
    return Gates(settings.gates.url, settings.gates.user) if settings.gates.url else Gates.in_file(place.gates)


def _heap(size: str | None) -> tuple[str, ...]:
    if size is None:
        return ()
    number, unit = size[:-1], size[-1:].lower()
    if not (number.isdecimal() and unit in ("m", "g") and int(number) > 0):
        raise BadInput("not a size of a heap", field="--heap", value=size, remedy="Give megabytes or gigabytes, such as 800m or 8g.")
    return (f"-Xmx{number}{unit}",)
