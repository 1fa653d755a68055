"""A local exchange: Binance USD-M's public protocol on loopback, playing the synthetic market or a recording.

It speaks what a market-data client uses: combined streams at `/public/stream` and `/market/stream` (each tier serves only its own
streams, and acknowledges the others in silence, as the real one does), `SUBSCRIBE`, `UNSUBSCRIBE` and `LIST_SUBSCRIPTIONS`, and REST
`depth`, `exchangeInfo`, `ping` and `time` under `/fapi/v1/`. Its order books are those of the frames it plays, so a snapshot fits the
updates around it. Exchange times are moved to the present. What can go wrong with the real one can be made to happen: see `disconnect`,
`is_muted`, `snapshot_delay_s` and `skip_depth`.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiohttp import WSMsgType, web

from dolphin.core.market.binance.frames import SNAPSHOT_STREAM, STREAM_NAME, DepthSnapshot, DepthUpdate, decode
from dolphin.core.market.book import OrderBook
from dolphin.errors import BadInput
from dolphin.feeds.clock import PacedClock
from dolphin.feeds.source import Frame
from dolphin.host.tasks import beside

TIERS: Final = {
    "public": frozenset({"bookTicker", "depth"}),
    "market": frozenset({"aggTrade", "trade", "markPrice", "forceOrder", "kline"}),
}
MAX_STREAMS: Final = 1_024
CLIENT_QUEUE: Final = 8_192
"""Frames waiting for one client; a slower client is disconnected."""
LIMITS: Final = (5, 10, 20, 50, 100, 500, 1_000)

_TIMES: Final = re.compile(rb'"([ET])":(\d{13})\b')


@dataclass(eq=False, slots=True)
class _Client:
    socket: web.WebSocketResponse
    tier: frozenset[str]
    streams: set[str] = field(default_factory=set)
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(CLIENT_QUEUE))
    is_slow: bool = False

    def hears(self, symbol: str, kind: str) -> bool:
        """Whether a frame of `symbol` and `kind` goes to this client; update speeds (`@100ms`) are not told apart."""
        return kind in self.tier and any(name == f"{symbol}@{kind}" or name.startswith(f"{symbol}@{kind}@") for name in self.streams)


class Exchange:
    """The running stand-in; an asynchronous context manager. Plays `frames()` over and over until it is left."""

    def __init__(self, frames: Callable[[], Iterator[Frame]], symbols: tuple[str, ...], *, speed: float = 1.0, port: int = 0) -> None:
        self._frames = frames
        self.symbols = symbols
        self._speed = speed
        self._port = port
        self._clients: set[_Client] = set()
        self._books: dict[str, OrderBook] = {}
        self._event_shift_ms = 0
        self._skips: dict[str, int] = {}
        self._running = AsyncExitStack()
        self._is_over = asyncio.Event()
        self.is_muted = False
        """While True nothing is sent, although connections stay open and the market goes on."""
        self.snapshot_delay_s = 0.0
        """How long a depth snapshot is under way."""
        self.port = port
        self.connections = 0
        """Websocket connections accepted so far."""
        self.snapshots_asked = 0
        """Depth snapshots asked for so far."""
        self.snapshots = 0
        """Depth snapshots answered so far."""

    @property
    def ws_url(self) -> str:
        """For `live.ws_url` of a configuration."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        """For `live.rest_url` of a configuration."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/public/stream", self._on_socket),
                web.get("/market/stream", self._on_socket),
                web.get("/fapi/v1/depth", self._on_depth),
                web.get("/fapi/v1/exchangeInfo", self._on_exchange_info),
                web.get("/fapi/v1/ping", self._on_ping),
                web.get("/fapi/v1/time", self._on_time),
            ]
        )
        async with AsyncExitStack() as starting:
            runner = web.AppRunner(app, shutdown_timeout=0.5)
            starting.push_async_callback(runner.cleanup)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", self._port).start()
            except OSError as error:
                remedy = "Name another one, or 0 for a free one."
                raise BadInput("the port is in use", field="port", value=self._port, remedy=remedy) from error
            self.port = runner.addresses[0][1]
            starting.push_async_callback(self.disconnect)
            await starting.enter_async_context(beside(self._play()))
            self._running = starting.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._running.__aexit__(kind, error, trace)

    async def serve(self) -> None:
        """Play until cancelled, or until there is nothing to play. Frames that fail end the block that the exchange is open for."""
        await self._is_over.wait()

    async def disconnect(self, *, with_notice: bool = False) -> None:
        """Close every websocket, as the 24 h limit does; `with_notice` sends the server's shutdown event first."""
        for client in list(self._clients):
            if with_notice:
                await client.socket.send_str(f'{{"e":"serverShutdown","E":{time.time_ns() // 1_000_000}}}')
            await client.socket.close()

    def skip_depth(self, symbol: str, updates: int = 1) -> None:
        """Lose the next `updates` depth updates of `symbol` on the way to the clients."""
        self._skips[symbol.lower()] = updates

    async def _play(self) -> None:
        while True:
            clock = None
            for frame in self._frames():
                if clock is None:
                    clock = PacedClock(frame.receive_ns, self._speed)
                    self._event_shift_ms = time.time_ns() // 1_000_000 - frame.receive_ns // 1_000_000
                seconds = clock.seconds_to(frame.receive_ns)
                if seconds > 0:
                    await asyncio.sleep(seconds)
                self._say(frame.raw)
            if clock is None:
                self._is_over.set()
                return

    def _say(self, raw: bytes) -> None:
        """Let one frame happen: to the order book, and to whoever has subscribed to it."""
        match = STREAM_NAME.match(raw)
        if match is None:
            return
        symbol, kind = match.group(1).decode(), match.group(2).decode()
        if kind in (SNAPSHOT_STREAM, "depth"):
            self._keep_book(raw)
        if kind == SNAPSHOT_STREAM or self.is_muted:
            return
        if kind == "depth" and self._skips.get(symbol, 0) > 0:
            self._skips[symbol] -= 1
            return
        sent = _TIMES.sub(self._moved, raw)
        for client in self._clients:
            if client.hears(symbol, kind):
                try:
                    client.queue.put_nowait(sent)
                except asyncio.QueueFull:
                    client.is_slow = True

    def _moved(self, match: re.Match[bytes]) -> bytes:
        return b'"%s":%d' % (match.group(1), int(match.group(2)) + self._event_shift_ms)

    def _keep_book(self, raw: bytes) -> None:
        event = decode(raw)
        if isinstance(event, DepthUpdate):
            self._books.setdefault(event.symbol, OrderBook()).on_update(event)
        elif isinstance(event, DepthSnapshot):
            self._books.setdefault(event.symbol, OrderBook()).on_snapshot(event)

    async def _on_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=True, compress=False, timeout=0.5)
        await socket.prepare(request)
        self.connections += 1
        client = _Client(socket, TIERS[request.path.split("/")[1]])
        client.streams.update(filter(None, request.query.get("streams", "").split("/")))
        self._clients.add(client)
        try:
            async with beside(_send(client)):
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        await socket.send_str(_answer(client, message.data))
        except ConnectionError:
            pass  # the client is gone
        finally:
            self._clients.discard(client)
        return socket

    async def _on_depth(self, request: web.Request) -> web.Response:
        self.snapshots_asked += 1
        await asyncio.sleep(self.snapshot_delay_s)
        symbol = request.query.get("symbol", "").upper()
        limit = request.query.get("limit", "500")
        if symbol not in self.symbols:
            return _refusal(-1121, "Invalid symbol.")
        if not limit.isdigit() or int(limit) not in LIMITS:
            return _refusal(-4021, f"'limit' is not in the enumerated list {list(LIMITS)}.")
        book = self._books.get(symbol)
        if book is None or not book.is_synced:
            return web.json_response({"code": -1000, "msg": "The order book is not available."}, status=503)
        bids, asks = book.top(int(limit))
        time_ms = book.event_time_ms + self._event_shift_ms
        self.snapshots += 1
        return web.json_response(
            {
                "lastUpdateId": book.last_id,
                "E": time_ms,
                "T": time_ms,
                "bids": [[_plain(price), _plain(qty)] for price, qty in bids],
                "asks": [[_plain(price), _plain(qty)] for price, qty in asks],
            }
        )

    async def _on_exchange_info(self, _: web.Request) -> web.Response:
        entries = [{"symbol": symbol, "contractType": "PERPETUAL", "status": "TRADING"} for symbol in self.symbols]
        return web.json_response({"timezone": "UTC", "serverTime": time.time_ns() // 1_000_000, "symbols": entries})

    async def _on_ping(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _on_time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": time.time_ns() // 1_000_000})


async def _send(client: _Client) -> None:
    while not client.is_slow:
        await client.socket.send_str((await client.queue.get()).decode())
    await client.socket.close()


def _answer(client: _Client, text: str) -> str:
    """What the exchange answers to one request on a websocket."""
    try:
        request: Any = msgspec.json.decode(text)
        method, number = request["method"], request["id"]
        params = request.get("params", [])
        if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
            raise TypeError
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return '{"error":{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"},"id":null}'
    result: Any = None
    match method:
        case "SUBSCRIBE":
            if len(client.streams.union(params)) > MAX_STREAMS:
                return msgspec.json.encode({"error": {"code": 2, "msg": "Invalid request: too many streams"}, "id": number}).decode()
            client.streams.update(params)
        case "UNSUBSCRIBE":
            client.streams.difference_update(params)
        case "LIST_SUBSCRIPTIONS":
            result = sorted(client.streams)
        case _:
            return msgspec.json.encode({"error": {"code": 2, "msg": "Invalid request: unknown method"}, "id": number}).decode()
    return msgspec.json.encode({"result": result, "id": number}).decode()


def _refusal(code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "msg": message}, status=400)


def _plain(number: float) -> str:
    return format(Decimal(repr(number)), "f")
