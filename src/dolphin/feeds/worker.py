"""The feed process: one source of frames, one shard of `MARKET_EVENTS`.

`python -m dolphin.feeds.worker FILE`, with `FeedOptions` in FILE, plays until the source ends (exit 0), SIGTERM or SIGINT asks it to stop
(exit 0), or something has to change outside (one line on stderr, exit 1 or 2). It writes `feed.ndjson` into the run directory. It holds no
rules: those are in `dolphin.core.market`.
"""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import uvloop

from dolphin.cluster.client import client
from dolphin.cluster.heartbeats import Condition, beat
from dolphin.cluster.outages import tell_outages
from dolphin.core.contract import names
from dolphin.core.control.params import LAW_HASH
from dolphin.core.market.batcher import Batcher, QueueFullError
from dolphin.core.market.rows import TICK_NS, Translator
from dolphin.core.units import SECOND_NS
from dolphin.errors import DolphinError, ExitCode
from dolphin.feeds import recording, synthetic
from dolphin.feeds.binance.live import live_frames
from dolphin.feeds.claim import Claim
from dolphin.feeds.clock import LiveClock
from dolphin.feeds.journal import Journal
from dolphin.feeds.options import FeedOptions
from dolphin.feeds.play import Feed, follow_lag, play_fast, play_live, play_paced, span_ns
from dolphin.feeds.progress import Progress
from dolphin.feeds.publisher import FAST_WINDOW, Pace, Publisher
from dolphin.feeds.source import Frame
from dolphin.host.home import RunFiles
from dolphin.host.home_lock import under_way
from dolphin.host.notify import Service
from dolphin.host.options import options_file, read_options
from dolphin.host.private import be_private
from dolphin.host.saying import Outage, Say, timed
from dolphin.host.stderr import say
from dolphin.host.tasks import beside

FAST_SPAN_NS: Final = TICK_NS // 2
"""Market time in a batch of a fast replay: two batches a TICK."""
LOOP_PAUSE_NS: Final = SECOND_NS
"""Market time between the end of a recording and its next pass."""
JOURNAL_EVERY_S: Final = 1.0
FEED_PART: Final = names.feed_part(names.FIRST_SHARD)
"""Its key in `SYSTEM_HEALTH`."""


@dataclass(slots=True)
class Source:
    """Where the frames come from, as far as a heartbeat tells of it."""

    trouble: Callable[[], str] = str
    """What is wrong with it, for a person; "" if nothing is, as always with a replay."""


def pace_of(options: FeedOptions) -> Pace:
    """The flow control that the speed asks for."""
    if options.is_lockstep:
        return Pace(options.jobs, window=1, with_agent=True)
    if options.source == "live":
        return Pace()
    return Pace(options.jobs, window=FAST_WINDOW if options.speed == 0 else None)


def first_span_ns(speed: float) -> int:
    """Market time in a batch, at first."""
    return FAST_SPAN_NS if speed == 0 else span_ns(0, speed)


async def run(options: FeedOptions) -> None:
    """Play the source into the cluster. DolphinError where something outside has to change."""
    first_pass = _frame_source(options)  # before the cluster is asked for anything: a bad recording is said at once
    say, service = timed("feed"), Service.of_environment()
    async with client(options.member, options.cluster_name, name=names.FEED) as hazelcast:
        outage = Outage("the cluster", say)
        tell_outages(hazelcast, outage.began, outage.ended, say)
        progress = Progress(await hazelcast.get_map(names.DOLPHIN_PROGRESS))
        feeds = await hazelcast.get_map(names.DOLPHIN_FEEDS)
        claim = Claim(feeds, shard=names.FIRST_SHARD, run_id=options.run_id, source=options.source)
        events = await hazelcast.get_map(names.MARKET_EVENTS)
        on_batch = _heartbeat(service, f"{options.source} market")
        publisher = Publisher(events, progress, claim, shard=names.FIRST_SHARD, pace=pace_of(options), on_batch=on_batch)
        batcher = Batcher(
            shard=names.FIRST_SHARD,
            max_span_ns=first_span_ns(options.speed),
            run_id=options.run_id,
            law=LAW_HASH,
            may_coalesce=options.source == "live",
        )
        feed = Feed(Translator(), batcher, publisher)
        _stop_on_signals(feed.stop)
        gc.freeze()  # what has been imported stays: collections need not look at it again
        source = Source()
        beating = beat(hazelcast, FEED_PART, lambda: condition(publisher.market_time_ns, publisher.batches, source))
        async with beside(beating), _journalled(feed, options), claim.held(), _following(feed, progress, options):
            await publisher.open()
            if first_pass is None:
                clock = LiveClock()
                async with live_frames(options.live, clock, _trying(service, say)) as live:
                    source.trouble = live.trouble
                    await play_live(feed, live.queue, clock, live.want_snapshots)
            elif options.speed == 0:
                await play_fast(feed, first_pass)
            else:
                await play_paced(feed, first_pass, options.speed)
        service.stopping("the source has ended" if not feed.stop.is_set() else "asked to stop")


def _trying(service: Service, say: Say) -> Say:
    """Says what becomes of the connection. That is progress too: while the exchange is away no batch is due, and a new start is no help."""

    def tell(text: str) -> None:
        say(text)
        service.alive(text)

    return tell


def condition(market_time_ns: int, batches: int, source: Source) -> Condition:
    """What a feed's heartbeat says. Batches go on without an exchange, for time does: so that it is there has to be said besides."""
    trouble = source.trouble()
    waits = "" if batches else "the market has not sent anything yet"
    return Condition(market_time_ns, trouble or waits, is_nominal=not trouble)


def _heartbeat(service: Service, what: str) -> Callable[[], None]:
    """What a batch that the cluster has taken tells systemd: the first, that the feed is up; each, that it goes on."""
    is_up = False

    def beat() -> None:
        nonlocal is_up
        if not is_up:
            is_up = True
            service.ready(f"plays the {what}")
        service.alive()

    return beat


def _frame_source(options: FeedOptions) -> Iterable[Frame] | None:
    """The frames of a replay; None for a live feed."""
    if options.source == "live":
        return None
    if options.source == "synthetic":
        asked = options.synthetic
        market = synthetic.Synthetic(asked.assets, asked.seed, asked.minutes)
        frames = synthetic.generate_without_end(market) if options.is_loop else synthetic.generate(market)
    else:
        recording.find_files(options.paths)
        frames = passes(lambda: recording.read(options.paths)) if options.is_loop else recording.read(options.paths)
    return going_on(frames, lambda: begins_ns(options, time.time_ns()))


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


def begins_ns(options: FeedOptions, wall_ns: int) -> int:
    """Where a replay that goes on begins at `wall_ns`. Who heard the market before has carried its time on in the meantime, all of it."""
    return options.from_ns + round(max(0, wall_ns - options.from_wall_ns) * options.speed) if options.from_ns else 0


def going_on(frames: Iterable[Frame], begin_ns: Callable[[], int]) -> Iterator[Frame]:
    """The same, later: from `begin_ns` on, asked when the first frame is wanted, unless that one is later by itself."""
    shift_ns: int | None = None
    for frame in frames:
        shift_ns = max(0, begin_ns() - frame.receive_ns) if shift_ns is None else shift_ns
        yield Frame(frame.receive_ns + shift_ns, frame.raw, frame.event_shift_ns + shift_ns)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


@asynccontextmanager
async def _following(feed: Feed, progress: Progress, options: FeedOptions) -> AsyncIterator[None]:
    """Where the wall clock paces the feed: fit the batches to how fast the jobs are, while the block runs."""
    if options.speed == 0 or not options.jobs:
        yield
        return
    async with beside(follow_lag(feed, progress, options.jobs, options.speed)):
        yield


@asynccontextmanager
async def _journalled(feed: Feed, options: FeedOptions) -> AsyncIterator[None]:
    """Write the journal while the block runs, and how it ended."""
    journal = Journal(RunFiles(options.run_dir).feed_journal, source=options.source, run_id=options.run_id)
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
    be_private()
    try:
        options = read_options(options_file(sys.argv[1:], "dolphin.feeds.worker"), FeedOptions)
        with under_way(options.run_dir):
            uvloop.run(run(options))
    except DolphinError as error:
        say(f"feed: {error}")
        return error.exit_code
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
