"""A live feed against a local exchange by the real protocol: what goes wrong on the way is noticed, and mended."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from dolphin.config import live_of
from dolphin.core.contract.kinds import Kind
from dolphin.core.market.binance.frames import SNAPSHOT_STREAM, STREAM_NAME
from dolphin.core.market.rows import Row, Translator
from dolphin.errors import BadInput, DolphinError
from dolphin.feeds.binance.live import LiveFeed, Timing, live_frames
from dolphin.feeds.clock import LiveClock
from dolphin.feeds.recorder import record_live
from dolphin.feeds.recording import inspect
from dolphin.feeds.source import Frame
from dolphin.feeds.synthetic import Synthetic, generate
from dolphin.simulation.exchange import Exchange

pytestmark = pytest.mark.integration

MARKET = Synthetic(assets=3, minutes=30.0, scenario=())
BOUND_S = 120.0


def quick(silence_limit_s: float = BOUND_S) -> Timing:
    """Short waits; the silence limit is out of the way of a stalling host, but for the test that is about it."""
    return Timing(silence_limit_s, backoff_first_s=0.05, backoff_max_s=0.2, snapshot_interval_s=0.02, snapshot_again_s=0.1)


@dataclass
class Watched:
    """A live feed that is read and translated as the feed process does it."""

    exchange: Exchange
    live: LiveFeed
    said: list[str]
    """What goes into `feed.log`."""
    translator: Translator = field(default_factory=Translator)
    rows: list[Row] = field(default_factory=list)
    streams: set[str] = field(default_factory=set)

    async def until(self, holds: Callable[["Watched"], bool], what: str) -> None:
        """Read until `holds`; fails the test where it never does."""
        try:
            async with asyncio.timeout(BOUND_S):
                while not holds(self):
                    item = await self.live.queue.get()
                    if isinstance(item, DolphinError):
                        raise item
                    if isinstance(item, Frame):
                        self.rows += self.translator.on_frame(item.receive_ns, item.raw)
                        match = STREAM_NAME.match(item.raw)
                        assert match is not None
                        self.streams.add(match.group(2).decode())
                    else:
                        self.rows += self.translator.on_lost(item.receive_ns)
                    self.live.want_snapshots(self.translator.assets_wanting_snapshot)
        except TimeoutError:
            raise AssertionError(f"never came true: {what}; {self.live.counters}, {self.translator.counters}") from None

    def is_synced(self) -> bool:
        return len(self.translator.books) == len(MARKET.symbols) and not self.translator.unsynced_assets

    def gaps(self) -> set[str]:
        return {row[0] for row in self.rows if row[1] == Kind.GAP}


def a_market() -> Exchange:
    return Exchange(lambda: generate(MARKET), MARKET.symbols, speed=5.0)


@asynccontextmanager
async def watched(timing: Timing | None = None) -> AsyncIterator[Watched]:
    async with a_market() as exchange:
        config = live_of(MARKET.symbols, exchange.ws_url, exchange.rest_url)
        said: list[str] = []
        async with live_frames(config, LiveClock(), said.append, timing or quick()) as live:
            yield Watched(exchange, live, said)


async def test_every_stream_arrives_and_every_order_book_synchronises_from_rest() -> None:
    async with watched() as feed:
        await feed.until(lambda it: it.is_synced() and len(it.streams) >= 5, "all books synchronised, all streams heard")
        assert feed.streams >= {"bookTicker", "depth", "aggTrade", "markPrice", SNAPSHOT_STREAM}
        assert feed.translator.counters.bad_frames == 0
        assert feed.exchange.snapshots >= len(MARKET.symbols)
        assert all(abs(row[3] - row[2]) < 60e9 for row in feed.rows if row[2] is not None), "exchange times are of the present"


@pytest.mark.parametrize("with_notice", [False, True])
async def test_a_disconnect_is_a_gap_and_is_mended_by_reconnecting(*, with_notice: bool) -> None:
    async with watched() as feed:
        await feed.until(Watched.is_synced, "synchronised")
        await feed.exchange.disconnect(with_notice=with_notice)
        await feed.until(lambda it: it.gaps() == set(MARKET.symbols), "a gap of every book")
        await feed.until(Watched.is_synced, "synchronised again")
        assert feed.live.counters.losses == 1
        assert feed.live.counters.sessions == 2
        assert feed.exchange.connections == 4, "both connections were opened again"
        first, lost, again, back = feed.said
        assert first == f"the exchange sends: {', '.join(MARKET.symbols)} from {feed.exchange.ws_url}"
        assert lost.startswith("the exchange is lost: ")
        assert not with_notice or lost.endswith("the server shuts down")
        assert again.startswith("connects again in ")
        assert re.fullmatch(r"the exchange is back after \d+\.\d s", back)


async def test_a_connection_lost_while_a_snapshot_is_under_way_costs_no_order_book() -> None:
    timing = quick()
    timing.backoff_first_s = timing.backoff_max_s = 2.0  # the answer comes before the next session begins
    async with watched(timing) as feed:
        feed.exchange.snapshot_delay_s = 0.3
        await feed.until(lambda it: it.exchange.snapshots_asked > it.exchange.snapshots, "a snapshot is under way")
        await feed.exchange.disconnect()
        await feed.until(lambda it: it.live.counters.losses == 1, "the loss is noticed")
        await feed.until(Watched.is_synced, "synchronised again")


async def test_a_lost_depth_update_is_a_gap_of_that_asset_alone_and_a_new_snapshot_mends_it() -> None:
    async with watched() as feed:
        await feed.until(Watched.is_synced, "synchronised")
        fetched = feed.live.counters.snapshots_fetched
        feed.exchange.skip_depth("ETHUSDT")
        await feed.until(lambda it: bool(it.gaps()), "a gap")
        assert feed.gaps() == {"ETHUSDT"}
        await feed.until(Watched.is_synced, "synchronised again")
        assert feed.live.counters.snapshots_fetched > fetched
        assert feed.live.counters.losses == 0


async def test_a_connection_that_is_open_but_silent_is_given_up_and_opened_again() -> None:
    async with watched(quick(silence_limit_s=1.5)) as feed:
        await feed.until(Watched.is_synced, "synchronised")
        feed.exchange.is_muted = True
        await feed.until(lambda it: it.gaps() == set(MARKET.symbols), "the silence is taken for a loss")
        assert feed.live.counters.silent_deaths >= 1
        lost = feed.live.trouble()
        assert re.fullmatch(r"the exchange has been lost for \d+ .*: connected, but silent for 2 s", lost)
        feed.exchange.is_muted = False
        await feed.until(Watched.is_synced, "synchronised again")
        assert feed.live.trouble() == ""
        assert "the exchange is lost: connected, but silent for 2 s" in feed.said


async def test_an_exchange_that_falls_silent_is_trouble_long_before_it_is_given_up() -> None:
    async with watched() as feed:
        assert feed.live.trouble() == "the exchange has not sent anything yet"
        await feed.until(Watched.is_synced, "synchronised")
        assert feed.live.trouble() == ""
        feed.exchange.is_muted = True
        async with asyncio.timeout(BOUND_S):
            while not feed.live.trouble():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        assert re.fullmatch(r"the exchange has been silent for \d+ s", feed.live.trouble())
        assert feed.live.counters.losses == 0
        feed.exchange.is_muted = False
        await feed.until(lambda it: not it.live.trouble(), "no trouble")


async def test_a_symbol_that_is_not_traded_is_refused_before_connecting() -> None:
    async with a_market() as exchange:
        config = live_of(("BTCUSDT", "NOSUCHUSDT"), exchange.ws_url, exchange.rest_url)
        with pytest.raises(BadInput, match=r"live\.symbols = 'NOSUCHUSDT'"):
            async with live_frames(config, LiveClock(), print, quick()):
                pass
        assert exchange.connections == 0


async def test_an_exchange_that_cannot_be_reached_is_one_clear_error() -> None:
    async with a_market() as exchange:
        config = live_of(("BTCUSDT",), "ws://127.0.0.1:9", exchange.rest_url)
        with pytest.raises(DolphinError, match="cannot be reached"):
            async with live_frames(config, LiveClock(), print, quick()) as live:
                await Watched(exchange, live, []).until(lambda _: False, "the attempts are bounded")
    with pytest.raises(DolphinError, match="cannot be reached"):
        async with live_frames(live_of(("BTCUSDT",), "ws://127.0.0.1:9", "http://127.0.0.1:9"), LiveClock(), print, quick()):
            pass


async def test_what_was_recorded_live_replays_with_its_order_books(tmp_path: Path) -> None:
    path = tmp_path / "recorded.gz"
    async with a_market() as exchange:
        recorded = await record_live(live_of(("BTCUSDT", "ETHUSDT"), exchange.ws_url, exchange.rest_url), path, 2.0)
    info = inspect([path])
    assert info.frames == recorded.frames > 0
    assert info.symbols == ("BTCUSDT", "ETHUSDT")
    assert SNAPSHOT_STREAM in info.streams
    with pytest.raises(BadInput, match="cannot be written"):
        async with a_market() as exchange:
            await record_live(live_of(("BTCUSDT",), exchange.ws_url, exchange.rest_url), path, 1.0)


async def test_the_exchange_answers_as_the_real_one_does() -> None:
    async with a_market() as exchange, aiohttp.ClientSession() as session:
        async with session.get(f"{exchange.rest_url}/fapi/v1/depth", params={"symbol": "NOSUCH", "limit": "1000"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, -1121)
        async with session.get(f"{exchange.rest_url}/fapi/v1/depth", params={"symbol": "BTCUSDT", "limit": "7"}) as answer:
            assert answer.status == 400
        async with session.ws_connect(f"{exchange.ws_url}/public/stream?streams=btcusdt@bookTicker/btcusdt@aggTrade") as socket:
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "params": [], "id": 3})
            await socket.send_json({"method": "UNSUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 4})
            await socket.send_json({"method": "DANCE", "id": 5})
            await socket.send_str("not JSON")
            answers = []
            heard = set()
            while len(answers) < 4 or len(heard) < 1:
                message = await socket.receive_json(timeout=BOUND_S)
                if "stream" in message:
                    heard.add(message["stream"])
                else:
                    answers.append(message)
            assert answers[0] == {"result": ["btcusdt@aggTrade", "btcusdt@bookTicker"], "id": 3}
            assert answers[1] == {"result": None, "id": 4}
            assert [answer["error"]["code"] for answer in answers[2:]] == [2, 2]
            assert heard == {"btcusdt@bookTicker"}, "a trade stream is silent on the order-book tier"


async def test_a_port_in_use_is_named() -> None:
    async with a_market() as exchange:
        with pytest.raises(BadInput, match=f"port = {exchange.port}: the port is in use"):
            async with Exchange(lambda: generate(MARKET), MARKET.symbols, port=exchange.port):
                pass
