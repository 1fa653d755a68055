"""Live market data: two websocket connections and REST snapshots, public endpoints only, no key.

Since 2026-04-23 the exchange serves USD-M streams by tier: order-book streams under `/public`, trades, mark prices and liquidations under
`/market`; a subscription at the wrong one is acknowledged and then silent. One feed needs both, so they live and die together: whatever
happens to one (closed, 24 hours old, shut down by the server, silent although connected) ends the session, a `Lost` goes down the queue,
and both are opened again after a jittered back-off. Market data says nothing in between, and that silence is what the rest of the system
acts upon.

Snapshots are fetched for the order books that ask for one (`want_snapshots`), one at a time and within the exchange's request weight. The
fetching belongs to the session as its connections do: it ends with them, and a new session asks anew.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from dolphin.config import Live
from dolphin.core.market.binance.frames import STREAM_NAME
from dolphin.errors import BadInput, DolphinError
from dolphin.feeds.clock import LiveClock
from dolphin.feeds.recording import snapshot_frame
from dolphin.feeds.source import Frame, Lost
from dolphin.host.saying import Outage, Say
from dolphin.host.tasks import beside, first

PUBLIC_STREAMS: Final = ("bookTicker", "depth@100ms")
MARKET_STREAMS: Final = ("aggTrade", "markPrice@1s", "forceOrder")

QUEUE_FRAMES: Final = 16_384
"""Frames received and not yet translated; a full queue stops the reading, and the exchange drops a reader that stays slow."""

STREAMS_PER_MESSAGE: Final = 100
MESSAGE_INTERVAL_S: Final = 0.2
"""The exchange takes 10 messages a second and 1,024 streams on a connection."""

SILENCE_LIMIT_S: Final = 10.0
"""Without any frame for so long, a connection counts as dead although it is open (a mark price comes every second)."""

OPEN_TIMEOUT_S: Final = 10.0
PING_S: Final = 20.0
BACKOFF_FIRST_S: Final = 0.5
BACKOFF_MAX_S: Final = 30.0
GOOD_SESSION_S: Final = 60.0
SILENT_S: Final = 3.0
"""Without any frame after which the exchange is called silent: mark prices come once a second, whatever is traded."""
"""A session of this length starts the back-off anew."""
NEAR_NAMES: Final = 3
"""Symbols that are offered for one that is not traded."""
FIRST_ATTEMPTS: Final = 4
"""Attempts to connect for the first time; afterwards it is tried for as long as the feed runs."""

SNAPSHOT_LEVELS: Final = 1_000
SNAPSHOT_INTERVAL_S: Final = 0.5
"""A snapshot of 1,000 levels weighs 20 of 2,400 a minute."""
SNAPSHOT_AGAIN_S: Final = 2.0
"""Until the same symbol's next request."""
REST_TIMEOUT_S: Final = 5.0
BAN_WAIT_S: Final = 30.0
BAN_WAIT_MAX_S: Final = 300.0

type Item = Frame | Lost


@dataclass(slots=True)
class Timing:
    """The waits of a live feed; tests shorten them."""

    silence_limit_s: float = SILENCE_LIMIT_S
    backoff_first_s: float = BACKOFF_FIRST_S
    backoff_max_s: float = BACKOFF_MAX_S
    snapshot_interval_s: float = SNAPSHOT_INTERVAL_S
    snapshot_again_s: float = SNAPSHOT_AGAIN_S


@dataclass(slots=True)
class LiveCounters:
    """What the connection has been through, for reports."""

    sessions: int = 0
    losses: int = 0
    silent_deaths: int = 0
    snapshots_fetched: int = 0
    snapshots_failed: int = 0


class _Broken(Exception):
    """The session cannot go on."""


@dataclass(slots=True)
class LiveFeed:
    """The running connection; its frames are in `queue`."""

    config: Live
    clock: LiveClock
    timing: Timing
    say: Say
    queue: asyncio.Queue[Item] = field(default_factory=lambda: asyncio.Queue(QUEUE_FRAMES))
    counters: LiveCounters = field(default_factory=LiveCounters)
    _is_connected: bool = False
    _heard_at_s: float | None = None
    """When the last frame came, by the loop's clock; None before the first."""
    _wanted: dict[str, None] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _has_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _rest_free_at_s: float = 0.0
    """When the exchange may be asked again; a ban outlives a session."""
    _outage: Outage = field(init=False)

    def __post_init__(self) -> None:
        self._outage = Outage("the exchange", self.say)

    def trouble(self) -> str:
        """What is wrong with the exchange, for a person; "" if nothing is."""
        if lost := self._outage.text:
            return lost
        if self._heard_at_s is None:
            return "the exchange has not sent anything yet"
        silent_s = asyncio.get_running_loop().time() - self._heard_at_s
        return f"the exchange has been silent for {silent_s:.0f} s" if silent_s > SILENT_S else ""

    def want_snapshots(self, symbols: Iterable[str]) -> None:
        """Ask for the order books of `symbols`; each is fetched once in `snapshot_again_s`, while connected."""
        if not self._is_connected:
            return
        now_s = asyncio.get_running_loop().time()
        for symbol in symbols:
            if symbol not in self._wanted and now_s >= self._not_before.get(symbol, 0.0):
                self._wanted[symbol] = None
                self._has_wanted.set()

    async def run(self) -> None:
        """Connect, read and reconnect until cancelled.

        Raises:
            DolphinError: the exchange refuses the subscription, or was never reached.
        """
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            opened_at = loop.time()
            reason, refusal = "ended", None
            try:
                await self._session()
            except* (_Broken, WebSocketException, OSError, TimeoutError) as caught:
                reason = str(first(caught)) or type(first(caught)).__name__
            except* DolphinError as caught:
                refusal = first(caught)
            if refusal is not None:
                raise refusal
            await self._lose(reason)
            failures = 0 if loop.time() - opened_at > GOOD_SESSION_S else failures + 1
            if self.counters.sessions == 0 and failures >= FIRST_ATTEMPTS:
                raise _no_connection(self.config.ws_url, reason)
            ceiling_s = min(self.timing.backoff_max_s, self.timing.backoff_first_s * 2 ** min(failures, 16))
            wait_s = ceiling_s * random.uniform(0.5, 1.0)
            self.say(f"connects again in {wait_s:.1f} s; the last attempt ended with: {reason}")
            await asyncio.sleep(wait_s)

    async def _session(self) -> None:
        public, market = f"{self.config.ws_url}/public/stream", f"{self.config.ws_url}/market/stream"
        async with _open(public) as public_socket, _open(market) as market_socket, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(public_socket, PUBLIC_STREAMS))
            tasks.create_task(self._read(market_socket, MARKET_STREAMS))
            tasks.create_task(self._fetch_snapshots())

    async def _read(self, socket: ClientConnection, kinds: tuple[str, ...]) -> None:
        streams = [f"{symbol.lower()}@{kind}" for symbol in self.config.symbols for kind in kinds]
        for number, start in enumerate(range(0, len(streams), STREAMS_PER_MESSAGE), start=1):
            request = {"method": "SUBSCRIBE", "params": streams[start : start + STREAMS_PER_MESSAGE], "id": number}
            await socket.send(msgspec.json.encode(request).decode())
            await asyncio.sleep(MESSAGE_INTERVAL_S if start else 0)
        is_first = True
        while True:
            try:
                async with asyncio.timeout(self.timing.silence_limit_s):
                    raw = await socket.recv(decode=False)
            except TimeoutError:
                self.counters.silent_deaths += 1
                raise _Broken(f"connected, but silent for {self.timing.silence_limit_s:.0f} s") from None
            if STREAM_NAME.match(raw) is None:
                _check_answer(raw)
                continue
            self._heard_at_s = asyncio.get_running_loop().time()
            if is_first:
                is_first = False
                self._find()
                self.counters.sessions += kinds is PUBLIC_STREAMS
            await self.queue.put(Frame(self.clock.now_ns(), raw))

    def _find(self) -> None:
        if not self._is_connected and self.counters.losses == 0:
            self.say(f"the exchange sends: {', '.join(self.config.symbols)} from {self.config.ws_url}")
        self._is_connected = True
        self._outage.ended()

    async def _lose(self, reason: str) -> None:
        if self._is_connected:
            self._is_connected = False
            self.counters.losses += 1
            self._outage.began(reason)
            await self.queue.put(Lost(self.clock.now_ns(), reason))
        self._wanted.clear()
        self._has_wanted.clear()

    async def _fetch_snapshots(self) -> None:
        """Fetch what is wanted, one at a time, for as long as the session lasts."""
        loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REST_TIMEOUT_S)) as session:
            while True:
                await self._has_wanted.wait()
                while self._wanted:
                    await asyncio.sleep(self._rest_free_at_s - loop.time())
                    symbol = next(iter(self._wanted))
                    wait_s = await self._fetch_snapshot(session, symbol)
                    self._rest_free_at_s = loop.time() + max(wait_s, self.timing.snapshot_interval_s)
                    self._not_before[symbol] = loop.time() + self.timing.snapshot_again_s
                    del self._wanted[symbol]
                self._has_wanted.clear()

    async def _fetch_snapshot(self, session: aiohttp.ClientSession, symbol: str) -> float:
        """Queue one snapshot; the seconds to wait before the next request."""
        url = f"{self.config.rest_url}/fapi/v1/depth"
        try:
            async with session.get(url, params={"symbol": symbol, "limit": str(SNAPSHOT_LEVELS)}) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.counters.snapshots_failed += 1
            return 0.0
        if answer.status in (418, 429):
            self.counters.snapshots_failed += 1
            wait_s = _retry_after_s(answer.headers.get("Retry-After"))
            self.say(f"the exchange gives no order book for {wait_s:.0f} s (status {answer.status}: too many requests)")
            return wait_s
        if answer.status != 200:
            self.counters.snapshots_failed += 1
            return 0.0
        self.counters.snapshots_fetched += 1
        await self.queue.put(Frame(self.clock.now_ns(), snapshot_frame(symbol.lower().encode(), body)))
        return 0.0


@asynccontextmanager
async def live_frames(config: Live, clock: LiveClock, say: Say, timing: Timing | None = None) -> AsyncIterator[LiveFeed]:
    """A live feed that runs for the length of the block; what ends it for good ends the block. What comes and goes is told to `say`.

    Raises:
        BadInput: a symbol that the exchange does not trade.
        DolphinError: the exchange does not answer, or refuses.
    """
    feed = LiveFeed(config, clock, timing or Timing(), say)
    await check_symbols(config)
    async with beside(feed.run()):
        yield feed


async def check_symbols(config: Live) -> None:
    """BadInput where a symbol is no perpetual in trade; DolphinError where the exchange does not answer."""
    url = f"{config.rest_url}/fapi/v1/exchangeInfo"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=4 * REST_TIMEOUT_S)) as session,
            session.get(url) as answer,
        ):
            answer.raise_for_status()
            listing = msgspec.json.decode(await answer.read())
    except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError) as error:
        raise _no_connection(url, str(error) or type(error).__name__) from error
    require_listed(config.symbols, listing, url)


def require_listed(symbols: Iterable[str], listing: Any, url: str) -> None:
    """BadInput, with the names it may have been meant for, where one of `symbols` is no perpetual in trade in `listing` (exchangeInfo)."""
    try:
        entries = [(entry["symbol"], entry.get("contractType"), entry.get("status")) for entry in listing["symbols"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_connection(url, "what it answers is no listing") from error
    known = [symbol for symbol, kind, status in entries if kind == "PERPETUAL" and status == "TRADING"]
    if not (unknown := [symbol for symbol in symbols if symbol not in known]):
        return
    near = {match: None for symbol in unknown for match in get_close_matches(symbol.upper(), known, NEAR_NAMES)}
    remedy = f"Did you mean {', '.join(near)}?" if near else "Name perpetuals such as BTCUSDT."
    raise BadInput("no USD-M perpetual in trade", field="live.symbols", value=", ".join(unknown), remedy=remedy)


def _open(url: str) -> connect:
    return connect(url, open_timeout=OPEN_TIMEOUT_S, ping_interval=PING_S, ping_timeout=PING_S, close_timeout=1.0, compression=None)


def _check_answer(raw: bytes) -> None:
    """Read what is not a frame: an answer to SUBSCRIBE, or the server's farewell."""
    try:
        answer: Any = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return
    if not isinstance(answer, dict):
        return
    if answer.get("e") == "serverShutdown":
        raise _Broken("the server shuts down")
    if "error" in answer or "code" in answer:
        raise DolphinError(
            f"the exchange refuses the subscription: {answer.get('error', answer)}",
            remedy="Check the symbols and the number of streams.",
        )


def _retry_after_s(header: str | None) -> float:
    seconds = float(header) if header and header.isdigit() else BAN_WAIT_S
    return min(seconds, BAN_WAIT_MAX_S)


def _no_connection(url: str, reason: str) -> DolphinError:
    return DolphinError(
        f"the exchange cannot be reached ({reason})", field="url", value=url, remedy="Check the network, or the [live] URLs."
    )
