"""A synthetic market of correlated perpetuals, in the exchange's own frames. It is no recording of anything and is labelled SYNTHETIC.

One-factor model: each asset's log price moves by `beta` times the market's return plus its own, every `STEP_NS`. Around that price a grid
of levels makes an order book, whose changes go out as depth updates with right U/u/pu ids; takers buy or sell with a share that wanders
around a half. Frames are received 3 to 15 ms after the exchange's time, in order, as from one connection. A script of episodes disturbs
the calm: a taker shock with liquidations, a depth collapse, and silences in which the exchange goes on and the connection says nothing
(afterwards ids do not fit, so order books have to be resynchronised, and a snapshot follows as the answer to the request). The same
arguments give the same frames, byte for byte.

A market without end (`generate_without_end`, for a system that is left running) begins as the same market. After the script comes a calm
long enough for everything that was cut to be given back and traded on, in which the price regains what the shocks took; then the script
again, and so on.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

from dolphin.core.units import MS_NS, SECOND_NS
from dolphin.errors import BadInput
from dolphin.feeds.recording import snapshot_frame
from dolphin.feeds.source import Frame
from dolphin.feeds.synthetic_assets import ASSETS, SyntheticAsset

START_NS: Final = 1_736_121_600_000_000_000
"""2025-01-06 00:00 UTC, when every synthetic market opens."""

STEP_NS: Final = 100_000_000

MARKET_VOLATILITY: Final = 1.1e-4
"""Standard deviation of the market factor's return, per square root of a second (60 % a year)."""
OWN_VOLATILITY: Final = 0.8e-4

BOOK_RATE_HZ: Final = 4.0
TRADE_RATE_HZ: Final = 2.5
DEPTH_RATE_HZ: Final = 2.0
"""Frames of each kind an asset has in a calm second; markPrice comes once."""

BOOK_RANGE_BPS: Final = 15.0
BOOK_GRID_BPS: Final = 0.5
SNAPSHOT_DELAY_NS: Final = 400_000_000
"""From the need for a snapshot to its arrival."""

MAX_MINUTES: Final = 600.0


class Disturbance(StrEnum):
    """What an episode does."""

    TAKER_SHOCK = "taker shock"
    DEPTH_COLLAPSE = "depth collapse"
    SILENCE = "feed silence"


@dataclass(frozen=True, slots=True)
class Episode:
    """One disturbance. `only` is the index of the one asset it is about; None is all."""

    what: Disturbance
    start_fraction: float
    """Of the market's length."""
    length_s: float
    only: int | None = None


SCENARIO: Final[tuple[Episode, ...]] = (
    Episode(Disturbance.TAKER_SHOCK, 0.55, 20.0),
    Episode(Disturbance.DEPTH_COLLAPSE, 0.70, 20.0),
    Episode(Disturbance.SILENCE, 0.82, 12.0, only=1),
    Episode(Disturbance.SILENCE, 0.91, 8.0),
)
"""Half of the length is calm, so that windows fill; then one disturbance after another."""

CALM_NS: Final = 172 * 60 * SECOND_NS
"""Calm after each script of a market without end: R gains 1 % a minute, so APEX takes 92 minutes, and a breaker holds twice as long for
each earlier episode within 6 h, of which there are so at most two."""
REBOUND_NS: Final = 30 * 60 * SECOND_NS
"""Of that calm, the time in which the price regains what the shocks took."""

SHOCK_RETURN: Final = -0.02
"""Return of the market factor over a taker shock of `SHOCK_LENGTH_S`."""
SHOCK_LENGTH_S: Final = 20
SHOCK_BUY_SHARE: Final = 0.04
SHOCK_RATE_FACTOR: Final = 6.0
COLLAPSE_DEPTH: Final = 0.08
COLLAPSE_SPREAD_BPS: Final = 6.0


@dataclass(frozen=True, slots=True)
class Synthetic:
    """What to generate."""

    assets: int = 8
    seed: int = 7
    minutes: float = 8.0
    scenario: tuple[Episode, ...] = SCENARIO

    def __post_init__(self) -> None:
        if not 1 <= self.assets <= len(ASSETS):
            raise BadInput("no such number of assets", field="assets", value=self.assets, remedy=f"Give 1 to {len(ASSETS)}.")
        if not 0.0 < self.minutes <= MAX_MINUTES:
            raise BadInput("no such length", field="minutes", value=self.minutes, remedy=f"Give more than 0 and at most {MAX_MINUTES:.0f}.")

    @property
    def symbols(self) -> tuple[str, ...]:
        """The assets, the most liquid first."""
        return symbols_of(self.assets)

    @property
    def length_ns(self) -> int:
        """Market time from the first step to the last."""
        return int(self.minutes * 60) * SECOND_NS

    def span_ns(self, episode: Episode) -> tuple[int, int]:
        """Exchange time at which `episode` starts and ends."""
        start_ns = START_NS + int(self.length_ns * episode.start_fraction) // STEP_NS * STEP_NS
        return start_ns, start_ns + int(episode.length_s * SECOND_NS)


def symbols_of(assets: int) -> tuple[str, ...]:
    """The symbols of a synthetic market of so many assets."""
    return tuple(asset.instrument.symbol for asset in ASSETS[:assets])


@dataclass(slots=True)
class _Mood:
    """What the episodes make of one asset's present step."""

    is_shock: bool = False
    is_collapse: bool = False
    is_silent: bool = False


@dataclass(slots=True)
class _Asset:
    """One asset's state: price, order book (quantities by tick) and ids."""

    index: int
    of: SyntheticAsset
    log_price: float
    bids: dict[int, float] = field(default_factory=dict)
    asks: dict[int, float] = field(default_factory=dict)
    best_bid: int = 0
    best_ask: int = 0
    depth_level: float = 1.0
    loaded_depth: float = 1.0
    taker_lean: float = 0.0
    funding_rate: float = 1e-4
    last_depth_id: int = 0
    trade_id: int = 0
    is_unheard: bool = True
    """Depth updates went unheard, so the next one heard makes the receiver ask for a snapshot."""
    snapshot_due_ns: int | None = None

    @property
    def stream(self) -> str:
        return self.of.instrument.symbol.lower()

    def price_text(self, tick: int) -> str:
        decimals = self.of.instrument.price_decimals
        return f"{tick / 10**decimals:.{decimals}f}"

    def qty_text(self, qty: float) -> str:
        return f"{qty:.{self.of.instrument.qty_decimals}f}"

    def level_qty(self, random: Random) -> float:
        qty = self.of.level_usd * self.depth_level * math.exp(random.gauss(0.0, 0.4)) / math.exp(self.log_price)
        return max(qty, 10.0**-self.of.instrument.qty_decimals)


def generate(market: Synthetic) -> Iterator[Frame]:
    """The frames of `market` in order of receive time."""
    return _Exchange(market).frames()


def generate_without_end(market: Synthetic) -> Iterator[Frame]:
    """The frames of `market`, and then on: calm, the script again, calm, and so on for ever."""
    return _Exchange(market, is_endless=True).frames()


class _Exchange:
    """The exchange and the one connection to it."""

    def __init__(self, market: Synthetic, *, is_endless: bool = False) -> None:
        self._market = market
        self._is_endless = is_endless
        self._random = Random(market.seed)
        self._episodes = [(*market.span_ns(episode), episode) for episode in market.scenario]
        self._update_id = 5_000_000_000_000
        self._received_ns = START_NS
        self._assets = [
            _Asset(index, of, math.log(of.price), trade_id=1_000_000 * (index + 1)) for index, of in enumerate(ASSETS[: market.assets])
        ]

    def frames(self) -> Iterator[Frame]:
        for step in itertools.count() if self._is_endless else range(self._market.length_ns // STEP_NS):
            now_ns = START_NS + step * STEP_NS
            in_script_ns = now_ns if not self._is_endless else START_NS + (step * STEP_NS) % (self._market.length_ns + CALM_NS)
            moods = self._moods(in_script_ns)
            factor = self._random.gauss(0.0, MARKET_VOLATILITY * math.sqrt(STEP_NS / SECOND_NS)) + self._rebound(in_script_ns)
            said: list[tuple[int, int, str]] = []
            for asset, mood in zip(self._assets, moods, strict=True):
                self._move(asset, mood, factor)
                frames = self._step(asset, mood, now_ns)
                if not mood.is_silent:
                    said += [(offset_ns, asset.index, text) for offset_ns, text in frames]
            said.sort(key=lambda item: item[0])
            for offset_ns, _, text in said:
                yield self._receive(now_ns + offset_ns, text.encode())
            for asset in self._assets:
                if asset.snapshot_due_ns is not None and now_ns >= asset.snapshot_due_ns and not moods[asset.index].is_silent:
                    asset.snapshot_due_ns = None
                    yield self._receive(now_ns + STEP_NS, self._snapshot(asset, now_ns))

    def _rebound(self, in_script_ns: int) -> float:
        """Return of the market factor in a step of the calm after the script."""
        since_ns = in_script_ns - START_NS - self._market.length_ns
        if not 0 <= since_ns < REBOUND_NS:
            return 0.0
        shocks = sum(episode.length_s for _, _, episode in self._episodes if episode.what is Disturbance.TAKER_SHOCK) / SHOCK_LENGTH_S
        return -SHOCK_RETURN * shocks * STEP_NS / REBOUND_NS

    def _moods(self, now_ns: int) -> list[_Mood]:
        moods = [_Mood() for _ in self._assets]
        for start_ns, end_ns, episode in self._episodes:
            if not start_ns <= now_ns < end_ns:
                continue
            for asset, mood in zip(self._assets, moods, strict=True):
                if episode.only is None or episode.only == asset.index:
                    mood.is_shock |= episode.what is Disturbance.TAKER_SHOCK
                    mood.is_collapse |= episode.what is Disturbance.DEPTH_COLLAPSE
                    mood.is_silent |= episode.what is Disturbance.SILENCE
        for asset, mood in zip(self._assets, moods, strict=True):
            asset.is_unheard |= mood.is_silent
        return moods

    def _move(self, asset: _Asset, mood: _Mood, factor: float) -> None:
        random = self._random
        own = random.gauss(0.0, OWN_VOLATILITY * math.sqrt(STEP_NS / SECOND_NS))
        shock = SHOCK_RETURN * STEP_NS / (SHOCK_LENGTH_S * SECOND_NS) if mood.is_shock else 0.0
        asset.log_price += asset.of.beta * (factor + shock) + own
        asset.taker_lean = 0.98 * asset.taker_lean + random.gauss(0.0, 0.012)
        rest = COLLAPSE_DEPTH if mood.is_collapse else 0.5 if mood.is_shock else 1.0
        speed = 0.3 if mood.is_collapse else 0.02
        asset.depth_level += speed * (rest - asset.depth_level) + 0.01 * asset.depth_level * random.gauss(0.0, 1.0)
        asset.depth_level = min(2.0, max(0.02, asset.depth_level))
        self._quote(asset, mood)

    def _quote(self, asset: _Asset, mood: _Mood) -> None:
        ticks = math.exp(asset.log_price) * 10**asset.of.instrument.price_decimals
        draw = self._random.random()
        spread = 1 if draw < 0.80 else 2 if draw < 0.97 else 3
        if mood.is_collapse:
            spread = max(spread, math.ceil(ticks * COLLAPSE_SPREAD_BPS * 1e-4 * (0.5 + self._random.random())))
        asset.best_bid = math.floor(ticks - (spread - 1) / 2)
        asset.best_ask = asset.best_bid + spread

    def _step(self, asset: _Asset, mood: _Mood, now_ns: int) -> list[tuple[int, str]]:
        """The frames of one asset in one step, each with its offset in the step. They are made even where nobody hears them."""
        random = self._random
        rate = SHOCK_RATE_FACTOR if mood.is_shock else 1.0
        frames: list[tuple[int, str]] = []
        frames += [self._trade(asset, mood, now_ns) for _ in range(self._count(TRADE_RATE_HZ * rate))]
        frames += [self._book_ticker(asset, now_ns) for _ in range(self._count(BOOK_RATE_HZ * min(rate, 3.0)))]
        if random.random() < DEPTH_RATE_HZ * min(rate, 3.0) * STEP_NS / SECOND_NS:
            frames.append(self._depth_update(asset, now_ns))
            if asset.is_unheard and not mood.is_silent:
                asset.is_unheard, asset.snapshot_due_ns = False, now_ns + SNAPSHOT_DELAY_NS
        if mood.is_shock and random.random() < 0.10:
            frames.append(self._force_order(asset, now_ns))
        if now_ns % SECOND_NS == 0:
            frames.append(self._mark_price(asset, now_ns))
        return frames

    def _count(self, rate_hz: float) -> int:
        """A Poisson number of events in a step (Knuth's product of uniforms)."""
        limit, product, count = math.exp(-rate_hz * STEP_NS / SECOND_NS), self._random.random(), 0
        while product > limit:
            product *= self._random.random()
            count += 1
        return count

    def _offset(self) -> int:
        return int(self._random.random() * STEP_NS)

    def _next_id(self) -> int:
        self._update_id += self._random.randrange(1, 400)
        return self._update_id

    def _receive(self, exchange_ns: int, raw: bytes) -> Frame:
        delay_ns = int((3.0 + min(12.0, self._random.expovariate(0.5))) * MS_NS)
        self._received_ns = max(self._received_ns + 1_000, exchange_ns + delay_ns)
        return Frame(self._received_ns, raw)

    def _book_ticker(self, asset: _Asset, now_ns: int) -> tuple[int, str]:
        offset_ns = self._offset()
        time_ms = (now_ns + offset_ns) // MS_NS
        return offset_ns, (
            f'{{"stream":"{asset.stream}@bookTicker","data":{{"e":"bookTicker","u":{self._next_id()},"s":"{asset.of.instrument.symbol}",'
            f'"b":"{asset.price_text(asset.best_bid)}","B":"{asset.qty_text(asset.level_qty(self._random))}",'
            f'"a":"{asset.price_text(asset.best_ask)}","A":"{asset.qty_text(asset.level_qty(self._random))}","T":{time_ms},"E":{time_ms}}}}}'
        )

    def _trade(self, asset: _Asset, mood: _Mood, now_ns: int) -> tuple[int, str]:
        random = self._random
        offset_ns = self._offset()
        time_ms = (now_ns + offset_ns) // MS_NS
        share = SHOCK_BUY_SHARE if mood.is_shock else min(0.8, max(0.2, 0.5 + asset.taker_lean))
        is_buy = random.random() < share
        usd = asset.of.level_usd * 0.02 * math.exp(random.gauss(0.0, 1.0)) * (2.0 if mood.is_shock else 1.0)
        qty = max(usd / math.exp(asset.log_price), 10.0**-asset.of.instrument.qty_decimals)
        asset.trade_id += 1
        return offset_ns, (
            f'{{"stream":"{asset.stream}@aggTrade","data":{{"e":"aggTrade","E":{time_ms},"a":{asset.trade_id},"s":"{asset.of.instrument.symbol}",'
            f'"p":"{asset.price_text(asset.best_ask if is_buy else asset.best_bid)}","q":"{asset.qty_text(qty)}",'
            f'"f":{asset.trade_id},"l":{asset.trade_id},"T":{time_ms},"m":{"false" if is_buy else "true"}}}}}'
        )

    def _force_order(self, asset: _Asset, now_ns: int) -> tuple[int, str]:
        offset_ns = self._offset()
        time_ms = (now_ns + offset_ns) // MS_NS
        usd = asset.of.level_usd * 0.1 * math.exp(self._random.gauss(0.0, 1.0))
        qty = asset.qty_text(max(usd / math.exp(asset.log_price), 10.0**-asset.of.instrument.qty_decimals))
        price = asset.price_text(asset.best_bid)
        return offset_ns, (
            f'{{"stream":"{asset.stream}@forceOrder","data":{{"e":"forceOrder","E":{time_ms},"o":{{"s":"{asset.of.instrument.symbol}","S":"SELL",'
            f'"o":"LIMIT","f":"IOC","q":"{qty}","p":"{price}","ap":"{price}","X":"FILLED","l":"{qty}","z":"{qty}","T":{time_ms}}}}}}}'
        )

    def _mark_price(self, asset: _Asset, now_ns: int) -> tuple[int, str]:
        asset.funding_rate += 0.02 * (1e-4 - asset.funding_rate) + self._random.gauss(0.0, 1e-6)
        price = f"{math.exp(asset.log_price):.8f}"
        next_funding_ms = (now_ns // (28_800 * SECOND_NS) + 1) * 28_800_000
        return 0, (
            f'{{"stream":"{asset.stream}@markPrice@1s","data":{{"e":"markPriceUpdate","E":{now_ns // MS_NS},'
            f'"s":"{asset.of.instrument.symbol}",'
            f'"p":"{price}","P":"{price}","i":"{price}","r":"{asset.funding_rate:.8f}","T":{next_funding_ms}}}}}'
        )

    def _depth_update(self, asset: _Asset, now_ns: int) -> tuple[int, str]:
        offset_ns = self._offset()
        time_ms = (now_ns + offset_ns) // MS_NS
        refresh = 1.0 if abs(asset.depth_level / asset.loaded_depth - 1.0) > 0.1 else 0.1
        if refresh == 1.0:
            asset.loaded_depth = asset.depth_level
        bids = self._side_changes(asset, asset.bids, asset.best_bid, -1, refresh)
        asks = self._side_changes(asset, asset.asks, asset.best_ask, +1, refresh)
        first_id, last_id, previous_id = self._next_id(), self._next_id(), asset.last_depth_id
        asset.last_depth_id = last_id
        return offset_ns, (
            f'{{"stream":"{asset.stream}@depth@100ms","data":{{"e":"depthUpdate","E":{time_ms},"T":{time_ms},"s":"{asset.of.instrument.symbol}",'
            f'"U":{first_id},"u":{last_id},"pu":{previous_id},"b":[{self._levels(asset, bids)}],"a":[{self._levels(asset, asks)}]}}}}'
        )

    def _side_changes(self, asset: _Asset, side: dict[int, float], best: int, away: int, refresh: float) -> dict[int, float]:
        """Bring one side of the book to its present best price; the changed levels, 0 for a removed one. `away` points from the market."""
        random = self._random
        bps = best * 1e-4
        grid = max(1, round(BOOK_GRID_BPS * bps))
        last = best + away * math.ceil(BOOK_RANGE_BPS * bps)
        wanted = {best, *range((best + away * grid) // grid * grid + (grid if away < 0 else 0), last, away * grid)}
        wanted = {tick for tick in wanted if (tick - best) * away >= 0}
        changes = dict.fromkeys((tick for tick in side if tick not in wanted), 0.0)
        for tick in sorted(wanted):
            if tick not in side or random.random() < refresh:
                changes[tick] = asset.level_qty(random)
        for tick, qty in changes.items():
            if qty > 0.0:
                side[tick] = qty
            else:
                del side[tick]
        return changes

    def _levels(self, asset: _Asset, levels: dict[int, float]) -> str:
        return ",".join(f'["{asset.price_text(tick)}","{asset.qty_text(qty)}"]' for tick, qty in levels.items())

    def _snapshot(self, asset: _Asset, now_ns: int) -> bytes:
        time_ms = (now_ns + STEP_NS) // MS_NS
        bids = dict(sorted(asset.bids.items(), reverse=True))
        asks = dict(sorted(asset.asks.items()))
        body = (
            f'{{"lastUpdateId":{asset.last_depth_id},"E":{time_ms},"T":{time_ms},'
            f'"bids":[{self._levels(asset, bids)}],"asks":[{self._levels(asset, asks)}]}}'
        )
        return snapshot_frame(asset.stream.encode(), body.encode())
