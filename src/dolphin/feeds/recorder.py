"""Live market data to a file: what was received, as it was received, so that a replay sees what the feed saw.

One line a frame, `<receive ns> <frame>`, gzip. Order-book snapshots are fetched as in a live feed and stand among the frames as
`SYMBOL@depthSnapshot`; after a lost connection the ids do not fit, and a replay resynchronises where the live feed did.
"""

import asyncio
import gzip
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from dolphin.config import Live
from dolphin.core.market.rows import Translator
from dolphin.errors import BadInput
from dolphin.feeds.binance.live import LiveFeed, live_frames
from dolphin.feeds.clock import LiveClock
from dolphin.feeds.source import Frame
from dolphin.host.saying import timed

POLL_S: Final = 0.25
COMPRESSION: Final = 6


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording run has written."""

    path: str
    frames: int
    bytes: int
    losses: int
    unsynced: tuple[str, ...]
    """Symbols whose order book was not known at the end."""


async def record_live(config: Live, path: Path, seconds: float | None) -> Recorded:
    """Record until `seconds` have passed, or until SIGINT or SIGTERM where they are None.

    Raises:
        BadInput: the file exists or cannot be written; a symbol is not traded.
        DolphinError: the exchange cannot be reached.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    clock = LiveClock()
    async with live_frames(config, clock, timed("record")) as live:
        with _create(path) as file, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=COMPRESSION) as out:
            frames, translator = await _write(live, out, stop)
            out.close()
            size = file.tell()
        return Recorded(str(path), frames, size, live.counters.losses, tuple(translator.unsynced_assets))


async def _write(live: LiveFeed, out: gzip.GzipFile, stop: asyncio.Event) -> tuple[int, Translator]:
    translator = Translator()  # only for its order books, which say when a snapshot is wanted
    frames = 0
    while not stop.is_set():
        try:
            async with asyncio.timeout(POLL_S):
                item = await live.queue.get()
        except TimeoutError:
            continue
        if isinstance(item, Frame):
            out.write(b"%d %s\n" % (item.receive_ns, item.raw))
            translator.on_frame(item.receive_ns, item.raw)
            frames += 1
        else:
            translator.on_lost(item.receive_ns)
        live.want_snapshots(translator.assets_wanting_snapshot)
    return frames, translator


def _create(path: Path) -> BinaryIO:
    try:
        return path.open("xb")
    except OSError as error:
        raise BadInput(
            f"cannot be written ({error.strerror})", field="PATH", value=str(path), remedy="Name a new file in a writable folder."
        ) from error
