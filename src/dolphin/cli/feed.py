"""`dolphin record`, `replay`, `exchange`: market data outside the demo."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from dolphin.cli.options import (
    REPLAY_HOME,
    ClusterOption,
    HomeOption,
    JsonOption,
    MemberOption,
    PortOption,
    RecordingOption,
    SecondsOption,
    SpeedOption,
    print_json,
)
from dolphin.core.contract import names
from dolphin.errors import BadInput
from dolphin.host.home import Home
from dolphin.host.standing import member_of

if TYPE_CHECKING:
    from dolphin.feeds.rehearsal import Rehearsal
    from dolphin.simulation.exchange import Exchange

app = typer.Typer()


@app.command("record")
def record(
    path: Annotated[Path, typer.Argument(help="File to write (gzip); it must not exist.")],
    symbols: Annotated[str, typer.Option("--symbols", help="Perpetuals, separated by commas.")] = "BTCUSDT,ETHUSDT",
    seconds: SecondsOption = None,
    ws_url: Annotated[str, typer.Option("--ws-url")] = names.EXCHANGE_WS_URL,
    rest_url: Annotated[str, typer.Option("--rest-url")] = names.EXCHANGE_REST_URL,
    as_json: JsonOption = False,
) -> None:
    """Write live USD-M market data to a file that `replay` and `demo --recording` read; without --seconds until Ctrl-C."""
    from dolphin.config import live_of
    from dolphin.feeds.recorder import record_live

    config = live_of(symbols.upper().split(","), ws_url, rest_url)
    done = asyncio.run(record_live(config, path, seconds))
    if as_json:
        print_json(done)
    else:
        print(f"{done.frames:,} frames of {', '.join(config.symbols)} in {path} ({done.bytes:,} bytes), {done.losses} lost connections")


@app.command("replay")
def replay(
    paths: Annotated[list[str], typer.Argument(help="Recordings: files, folders or patterns.")],
    member: MemberOption = None,
    cluster_name: ClusterOption = None,
    speed: SpeedOption = "1",
    home: HomeOption = REPLAY_HOME,
    as_json: JsonOption = False,
) -> None:
    """Check a recording and say what is in it and how fast it decodes; with --member, play it into a running system that nobody feeds."""
    from dolphin.feeds.rehearsal import rehearse

    if member is not None:
        address, cluster = member_of(Home(home), member, cluster_name)
        _play_into(address, cluster, paths, speed, home, as_json=as_json)
        return
    done = rehearse(paths)
    if as_json:
        print_json(msgspec.to_builtins({**asdict(done), "frames_per_second": done.frames_per_second}, enc_hook=str))
    else:
        _show(done)


@app.command("exchange")
def exchange(
    recording: RecordingOption = None,
    port: PortOption = None,
    speed: SpeedOption = "1",
    assets: Annotated[int, typer.Option("--assets", help="Assets of the synthetic market.")] = 8,
    seed: Annotated[int, typer.Option("--seed")] = 7,
    minutes: Annotated[float, typer.Option("--minutes", help="Length of the synthetic market; it starts again at its end.")] = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Serve a market on loopback by the exchange's own protocol, for `--feed live` and `record` without the network; until Ctrl-C."""
    from dolphin.feeds import recording as recordings
    from dolphin.feeds import synthetic
    from dolphin.run.launch import AS_FAST_AS_POSSIBLE, read_speed
    from dolphin.simulation.exchange import Exchange

    pace = read_speed(speed)
    if pace == AS_FAST_AS_POSSIBLE:
        raise BadInput("an exchange has a pace", field="--speed", value=speed, remedy="Give a number.")
    if recording:
        info = recordings.inspect(recording)
        stand_in = Exchange(lambda: recordings.read(info.paths), info.symbols, speed=pace, port=port or 0)
    else:
        market = synthetic.Synthetic(assets, seed, minutes)
        stand_in = Exchange(lambda: synthetic.generate(market), market.symbols, speed=pace, port=port or 0)
    asyncio.run(_serve(stand_in, as_json=as_json))


async def _serve(stand_in: "Exchange", *, as_json: bool) -> None:
    async with stand_in:
        if as_json:
            print_json({"ws_url": stand_in.ws_url, "rest_url": stand_in.rest_url, "symbols": stand_in.symbols})
        else:
            print(f"Serving {', '.join(stand_in.symbols)} until Ctrl-C. In a configuration file:\n")
            print(f'[live]\nws_url = "{stand_in.ws_url}"\nrest_url = "{stand_in.rest_url}"', flush=True)
        await stand_in.serve()


def _play_into(member: str, cluster_name: str, paths: list[str], speed: str, home: Path, *, as_json: bool) -> None:
    import uvloop

    from dolphin.feeds import worker
    from dolphin.feeds.options import FeedOptions
    from dolphin.feeds.recording import inspect
    from dolphin.host.home import RunFiles, new_run_id, open_home
    from dolphin.host.home_lock import under_way
    from dolphin.host.options import write_options
    from dolphin.run.launch import read_speed

    pace = read_speed(speed)
    info = inspect(paths)
    run_id = new_run_id()
    files = RunFiles(open_home(home).run(run_id))
    options = FeedOptions(
        member=member, cluster_name=cluster_name, run_id=run_id, run_dir=files.directory, source="recording", speed=pace, paths=info.paths
    )
    write_options(options, files.options("feed"))
    with under_way(files.directory):
        uvloop.run(worker.run(options))
    if as_json:
        print_json({"run_id": run_id, "journal": str(files.feed_journal), "frames": info.frames})
    else:
        print(f"{info.frames:,} frames played into {member}; journal: {files.feed_journal}")


def _show(done: "Rehearsal") -> None:
    info, counters = done.recording, done.counters
    print(f"{', '.join(info.symbols)}: {info.frames:,} frames in {info.length_ns / 1e9:.1f} s ({', '.join(info.streams)})")
    print(f"{done.rows:,} rows in {done.batches:,} batches; {done.frames_per_second:,.0f} frames/s on this machine")
    print(f"{counters.bad_frames} bad frames, {counters.gaps} gaps, {counters.off_market_trades} off-market trades")
    for line in (*done.notices, *(f"{path} was left out: no USD-M recording" for path in info.left_out)):
        print(f"- {line}")
