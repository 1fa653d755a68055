"""The feed process: one source of frames, one shard of `MARKET_EVENTS`.

`python -m dolphin.feeds.worker --member HOST:PORT --run-id ID --run-dir DIR --source recording --path FILE ...` plays until the source
ends (exit 0), SIGTERM or SIGINT asks it to stop (exit 0), or something has to change outside (one line on stderr, exit 1 or 2). It writes
`feed.ndjson` into the run directory. It holds no rules: those are in `dolphin.core.market`.
"""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from dolphin.cluster.client import client
from dolphin.core.contract import names
from dolphin.core.control.params import LAW_HASH
from dolphin.core.market.batcher import Batcher, QueueFullError
from dolphin.core.market.rows import Translator
from dolphin.errors import BadInput, DolphinError, ExitCode
from dolphin.feeds import recording
from dolphin.feeds import synthetic as generator
from dolphin.feeds.binance.live import LiveConfig, live_frames
from dolphin.feeds.clock import LiveClock
from dolphin.feeds.journal import Journal
from dolphin.feeds.play import Feed, follow_lag, play_fast, play_live, play_paced, span_ns
from dolphin.feeds.progress import Progress
from dolphin.feeds.publisher import FAST_WINDOW, Pace, Publisher
from dolphin.feeds.source import Frame
from dolphin.host.tasks import beside

FAST_SPAN_NS: Final = 100_000_000
"""Market time in a batch of a fast replay."""
LOOP_PAUSE_NS: Final = 1_000_000_000
"""Market time between the end of a recording and its next pass."""
MAX_SPEED: Final = 1_000.0
JOURNAL_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the process was asked to do."""

    member: str
    cluster_name: str
    run_id: str
    run_dir: Path
    source: str
    speed: float
    is_lockstep: bool
    is_loop: bool
    paths: tuple[str, ...]
    jobs: tuple[str, ...]
    synthetic: generator.Synthetic
    live: LiveConfig

    @property
    def pace(self) -> Pace:
        """The flow control that the speed asks for."""
        if self.is_lockstep:
            return Pace(self.jobs, window=1, with_agent=True)
        return Pace(self.jobs, window=FAST_WINDOW if self.speed == 0 else None)

    @property
    def max_span_ns(self) -> int:
        """Market time in a batch, at first."""
        return FAST_SPAN_NS if self.speed == 0 else span_ns(0, self.speed)


def parse(arguments: list[str] | None = None) -> Options:
    """The command line as Options. BadInput where values contradict each other or are out of range."""
    parser = argparse.ArgumentParser(prog="dolphin.feeds.worker", description="Feed one shard of MARKET_EVENTS.")
    parser.add_argument("--member", required=True, metavar="HOST:PORT")
    parser.add_argument("--cluster-name", default=names.DEFAULT_CLUSTER)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--run-dir", required=True, type=Path)
    parser.add_argument("--source", required=True, choices=("generator", "recording", "live"))
    parser.add_argument("--speed", type=float, default=1.0, help="times market time; 0 is as fast as the jobs keep up")
    parser.add_argument("--lockstep", action="store_true", help="one batch at a time, jobs and agent in step")
    parser.add_argument("--loop", action="store_true", help="start again at the end")
    parser.add_argument("--path", action="append", default=[], help="recording: file, folder or pattern; may be repeated")
    parser.add_argument("--job", action="append", default=[], help="job whose progress is waited for; may be repeated")
    parser.add_argument("--assets", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--symbols", default="BTCUSDT,ETHUSDT")
    parser.add_argument("--ws-url", default=LiveConfig.ws_url)
    parser.add_argument("--rest-url", default=LiveConfig.rest_url)
    given = parser.parse_args(arguments)
    speed = 0.0 if given.lockstep else given.speed
    if not 0.0 <= speed <= MAX_SPEED:
        raise BadInput("no such speed", field="--speed", value=given.speed, remedy=f"Give 0 (as fast as possible) to {MAX_SPEED:.0f}.")
    if given.source == "live" and speed != 1.0:
        raise BadInput("a live market has one speed", field="--speed", value=given.speed, remedy="Leave --speed and --lockstep out.")
    return Options(
        member=given.member,
        cluster_name=given.cluster_name,
        run_id=given.run_id,
        run_dir=given.run_dir,
        source=given.source,
        speed=speed,
        is_lockstep=given.lockstep,
        is_loop=given.loop,
        paths=tuple(given.path),
        jobs=tuple(given.job),
        synthetic=generator.Synthetic(given.assets, given.seed, given.minutes),
        live=LiveConfig(symbols=tuple(given.symbols.split(",")), ws_url=given.ws_url, rest_url=given.rest_url),
    )


async def run(options: Options) -> None:
    """Play the source into the cluster. DolphinError where something outside has to change."""
    first_pass = _frame_source(options)  # before the cluster is asked for anything: a bad recording is said at once
    async with client(options.member, options.cluster_name, name=names.FEED) as hazelcast:
        progress = Progress(await hazelcast.get_map(names.DOLPHIN_PROGRESS))
        publisher = Publisher(await hazelcast.get_map(names.MARKET_EVENTS), progress, shard=names.FIRST_SHARD, pace=options.pace)
        await publisher.open()
        batcher = Batcher(shard=names.FIRST_SHARD, max_span_ns=options.max_span_ns, run_id=options.run_id, law=LAW_HASH)
        feed = Feed(Translator(), batcher, publisher)
        _stop_on_signals(feed.stop)
        gc.freeze()  # what has been imported stays: collections need not look at it again
        async with _journalled(feed, options), _following(feed, progress, options):
            if first_pass is None:
                clock = LiveClock()
                async with live_frames(options.live, clock) as live:
                    await play_live(feed, live.queue, clock, live.want_snapshots)
            elif options.speed == 0:
                await play_fast(feed, first_pass)
            else:
                await play_paced(feed, first_pass, options.speed)


def _frame_source(options: Options) -> Iterable[Frame] | None:
    """The frames of a replay; None for a live feed."""
    if options.source == "live":
        return None
    if options.source == "generator":
        make: Callable[[], Iterator[Frame]] = lambda: generator.generate(options.synthetic)  # noqa: E731
    else:
        recording.find_files(options.paths)
        make = lambda: recording.read(options.paths)  # noqa: E731
    return passes(make) if options.is_loop else make()


def passes(make: Callable[[], Iterator[Frame]]) -> Iterator[Frame]:
    """A source over and over: each pass goes on in time where the one before ended, by the receiver's clock and the exchange's."""
    shift_ns = 0
    while True:
        first_ns = last_ns = None
        for frame in make():
            first_ns = frame.receive_ns if first_ns is None else first_ns
            last_ns = max(last_ns or 0, frame.receive_ns)
            yield Frame(frame.receive_ns + shift_ns, frame.raw, shift_ns)
        if first_ns is None or last_ns is None:
            return
        shift_ns += last_ns - first_ns + LOOP_PAUSE_NS


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


@asynccontextmanager
async def _following(feed: Feed, progress: Progress, options: Options) -> AsyncIterator[None]:
    """Where the wall clock paces the feed: fit the batches to how fast the jobs are, while the block runs."""
    if options.speed == 0 or not options.jobs:
        yield
        return
    async with beside(follow_lag(feed, progress, options.jobs, options.speed)):
        yield


@asynccontextmanager
async def _journalled(feed: Feed, options: Options) -> AsyncIterator[None]:
    """Write the journal while the block runs, and how it ended."""
    journal = Journal(options.run_dir / "feed.ndjson", source=options.source, run_id=options.run_id)
    ended, error = "failed", None
    try:
        async with beside(_tell(journal, feed)):
            yield
        ended = "stopped" if feed.stop.is_set() else "end"
    except QueueFullError as full:
        error = DolphinError(
            "the cluster takes batches more slowly than the market makes them",
            field="waiting rows",
            value=feed.batcher.waiting_rows,
            remedy="Follow fewer symbols, or give the member more processor time.",
        )
        raise error from full
    except BaseException as caught:
        error = caught
        raise
    finally:
        journal.write_summary(feed, ended=ended, error=None if error is None else str(error) or type(error).__name__)
        journal.close()


async def _tell(journal: Journal, feed: Feed) -> None:
    while True:
        journal.write_progress(feed)
        await asyncio.sleep(JOURNAL_EVERY_S)


def main() -> int:
    """Run, and turn an operating error into one line and an exit code."""
    try:
        uvloop.run(run(parse()))
    except DolphinError as error:
        print(f"feed: {error}", file=sys.stderr)
        return error.exit_code
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
