"""`dolphin job`: draw a pipeline, submit it as a Jet job, and look after the job."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dolphin.cli.health_text import data_of, warning
from dolphin.cli.job_text import headline, raw_lines, stage_lines, vertex_table
from dolphin.cli.options import DEFAULT_HOME, ClusterOption, HomeOption, JsonOption, MemberOption, print_json
from dolphin.cli.seeing import see
from dolphin.cluster.client import client
from dolphin.cluster.jobs import Jobs, JobState, Verb
from dolphin.errors import BadInput
from dolphin.host.home import Home
from dolphin.host.standing import member_of
from dolphin.pipeline.description import Pipeline
from dolphin.pipeline.drawing import draw_svg, draw_text
from dolphin.pipeline.files import load_pipeline, settings_of

app = typer.Typer(help="Submit pipelines as Jet jobs and look after them.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The job's name, which is its pipeline's.", show_default=False)]


@app.command()
def submit(
    name: NameArgument,
    settings: Annotated[list[str] | None, typer.Option("--set", help="A setting of the pipeline.", metavar="NAME=VALUE")] = None,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Start the pipeline NAME as a job."""
    pipeline = load_pipeline(name, _parse_settings(name, settings or []))
    pipeline.describe()
    _tell(_with_jobs(lambda jobs: jobs.submit(pipeline), member, cluster_name, home), as_json)


@app.command("list")
def list_(
    member: MemberOption = None, cluster_name: ClusterOption = None, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """List the jobs, the ended ones too."""
    sighting, seen = see(home, member, cluster_name, as_json=as_json)
    states, health = list(sighting.jobs.values()), seen.verdict
    if as_json:
        print_json({"jobs": states, "health": data_of(health)})
        return
    if warning(health):
        print(warning(health))
    for state in states:
        print(_line(state))
    if not states:
        print("There are no jobs. Start one with: dolphin job submit NAME")


@app.command()
def show(
    name: NameArgument,
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="Every metric of every vertex, under Jet's names.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show one job: its state, what went wrong, and what each of its vertices has done."""
    state = _with_jobs(lambda jobs: jobs.show(name), member, cluster_name, home)
    if as_json:
        print_json(state)
        return
    print(headline(state, time.time_ns() // 1_000_000))
    if "failure" in state:
        print(state["failure"])
    vertices = state["vertices"]
    if raw:
        print("\n".join(raw_lines(vertices)))
    elif vertices:
        Console().print(vertex_table(vertices))
        print("\n".join(stage_lines(vertices)))
    else:
        print("Nothing is measured yet: the metrics are collected every 5 s.")


def _add_verb(verb: Verb, explanation: str) -> None:
    def act(
        name: NameArgument,
        member: MemberOption = None,
        cluster_name: ClusterOption = None,
        home: HomeOption = DEFAULT_HOME,
        as_json: JsonOption = False,
    ) -> None:
        _tell(_with_jobs(lambda jobs: jobs.act(verb, name), member, cluster_name, home), as_json)

    app.command(verb, help=explanation)(act)


_add_verb("suspend", "Stop a running job and keep its state.")
_add_verb("resume", "Let a suspended job go on from where it stopped.")
_add_verb("restart", "Stop a running job and start it again with its state.")
_add_verb("cancel", "End a job and forget its state.")


@app.command()
def draw(
    name: Annotated[str, typer.Argument(help="The pipeline's name.", show_default=False)],
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a picture to this file.", dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw the pipeline NAME; needs no cluster."""
    pipeline = load_pipeline(name)
    description = pipeline.describe()
    if svg is not None:
        _write_svg(pipeline, svg)
    if as_json:
        print_json(description)
    elif svg is None:
        print(draw_text(pipeline))


def _parse_settings(name: str, settings: list[str]) -> dict[str, str]:
    known = settings_of(name)
    given = {key: value for key, _, value in (setting.partition("=") for setting in settings)}
    for key in given:
        if key not in known:
            remedy = f"Pipeline {name} has: {', '.join(sorted(known)) or 'none'}."
            raise BadInput("no such setting", field="--set", value=key, remedy=remedy)
    return given


def _write_svg(pipeline: Pipeline, path: Path) -> None:
    try:
        path.write_text(draw_svg(pipeline), encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"the picture cannot be written ({error.strerror})",
            field="--svg",
            value=str(path),
            remedy="Name a file in a writable directory.",
        ) from error


def _with_jobs(request: Callable[[Jobs], Awaitable[Any]], member: str | None, cluster_name: str | None, home: Path) -> Any:
    address, cluster = member_of(Home(home), member, cluster_name)

    async def connect_and_ask() -> Any:
        async with client(address, cluster, name="dolphin-job") as hazelcast:
            return await request(Jobs(hazelcast))

    return asyncio.run(connect_and_ask())


def _tell(state: JobState, as_json: bool) -> None:
    if as_json:
        print_json(state)
    else:
        print(_line(state))
        if "failure" in state:
            print(state["failure"])


def _line(state: JobState) -> str:
    return f"{state['name']:<16} {state['status']:<12} {state['id']}"
