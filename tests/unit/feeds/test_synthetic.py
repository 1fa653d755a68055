"""The synthetic market: the same frames for the same arguments, an orderly exchange, and the disturbances of its script."""

import itertools
import statistics
from collections import defaultdict
from itertools import pairwise

import pytest

from dolphin.core.contract.kinds import Kind
from dolphin.core.control.params import GovernorParams
from dolphin.core.control.posture import LADDER
from dolphin.core.law import LAW
from dolphin.core.market.binance.frames import AggTrade, BookTicker, DepthUpdate, ForceOrder, MarkPrice, decode
from dolphin.core.market.instruments import INSTRUMENTS
from dolphin.core.market.rows import Row, Translator
from dolphin.errors import BadInput
from dolphin.feeds.synthetic import (
    CALM_NS,
    REBOUND_NS,
    SCENARIO,
    START_NS,
    Disturbance,
    Episode,
    Synthetic,
    generate,
    generate_without_end,
    symbols_of,
)

CALM = Synthetic(assets=3, seed=3, minutes=1.5, scenario=())


def rows_of(market: Synthetic) -> tuple[list[Row], Translator]:
    translator = Translator()
    rows = [row for frame in generate(market) for row in translator.on_frame(frame.receive_ns, frame.raw)]
    return rows, translator


def within(market: Synthetic, episode: Episode, row: Row) -> bool:
    start_ns, end_ns = market.span_ns(episode)
    return start_ns + 2_000_000_000 <= row[3] < end_ns


def test_the_same_arguments_give_the_same_frames_and_another_seed_gives_others() -> None:
    market = Synthetic(assets=2, minutes=0.2)
    assert list(generate(market)) == list(generate(market))
    assert list(generate(market)) != list(generate(Synthetic(assets=2, minutes=0.2, seed=8)))


@pytest.fixture(scope="module")
def calm() -> tuple[list[Row], Translator]:
    return rows_of(CALM)


def test_a_calm_market_is_orderly(calm: tuple[list[Row], Translator]) -> None:
    rows, translator = calm
    counters = translator.counters
    assert (counters.bad_frames, counters.ignored_frames, counters.gaps, counters.dropped_updates) == (0, 0, 0, 0)
    assert translator.unsynced_assets == []
    assert {row[0] for row in rows if row[1] != Kind.TICK} == set(CALM.symbols)
    for asset, book in translator.books.items():
        assert not book.is_crossed, asset


def test_frames_are_received_in_order_three_to_fifteen_milliseconds_after_the_exchange_said_them() -> None:
    delays_ms: list[float] = []
    times = []
    for frame in generate(CALM):
        times.append(frame.receive_ns)
        event = decode(frame.raw)
        if isinstance(event, BookTicker | AggTrade | DepthUpdate | MarkPrice | ForceOrder):
            delays_ms.append(frame.receive_ns / 1e6 - event.event_time_ms)
    assert all(before < after for before, after in pairwise(times))
    assert min(delays_ms) >= 3.0
    assert statistics.median(delays_ms) < 15.0
    assert max(delays_ms) < 30.0


def test_in_the_calm_spreads_are_a_tick_or_two_takers_are_balanced_and_depth_reverts(calm: tuple[list[Row], Translator]) -> None:
    rows, _ = calm
    ticks = defaultdict(list)
    buys = []
    depths = defaultdict(list)
    decimals = {instrument.symbol: instrument.price_decimals for instrument in INSTRUMENTS.values()}
    for row in rows:
        if row[1] == Kind.BOOK:
            assert row[5] is not None
            assert row[7] is not None
            ticks[row[0]].append(round((row[7] - row[5]) * 10 ** decimals[row[0]]))
        if row[1] == Kind.AGG_TRADE:
            buys.append(row[11])
        if row[1] == Kind.DEPTH:
            depths[row[0]].append(row[12])
    for asset, spreads in ticks.items():
        assert sum(spread <= 2 for spread in spreads) > 0.9 * len(spreads), asset
    assert 0.4 < statistics.mean(map(float, buys)) < 0.6
    for asset, values in depths.items():
        assert max(values[5:]) < 3 * min(values[5:]), asset


def test_assets_move_together() -> None:
    mids: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows_of(Synthetic(assets=3, seed=5, minutes=4.0, scenario=()))[0]:
        if row[1] == Kind.BOOK:
            assert row[5] is not None
            assert row[7] is not None
            mids[row[0]][row[3] // 5_000_000_000] = (row[5] + row[7]) / 2
    btc, eth, _ = mids
    shared = sorted(mids[btc].keys() & mids[eth].keys())
    returns = [[mids[asset][b] / mids[asset][a] - 1 for a, b in pairwise(shared)] for asset in (btc, eth)]
    assert statistics.correlation(*returns) > 0.3


@pytest.fixture(scope="module")
def disturbed() -> tuple[Synthetic, list[Row], Translator]:
    market = Synthetic(assets=3, seed=7, minutes=4.0)
    return market, *rows_of(market)


def test_a_taker_shock_is_one_sided_and_liquidates(disturbed: tuple[Synthetic, list[Row], Translator]) -> None:
    market, rows, _ = disturbed
    shock = next(episode for episode in SCENARIO if episode.what is Disturbance.TAKER_SHOCK)
    inside = [row for row in rows if within(market, shock, row)]
    buys = [row[11] for row in inside if row[1] == Kind.AGG_TRADE]
    assert sum(map(bool, buys)) < 0.15 * len(buys)
    assert any(row[1] == Kind.LIQUIDATION for row in inside)
    start_ns, _ = market.span_ns(shock)
    assert not any(row[1] == Kind.LIQUIDATION for row in rows if row[3] < start_ns)


def test_depth_collapses_and_spreads_widen(disturbed: tuple[Synthetic, list[Row], Translator]) -> None:
    market, rows, _ = disturbed
    collapse = next(episode for episode in SCENARIO if episode.what is Disturbance.DEPTH_COLLAPSE)
    start_ns, _ = market.span_ns(collapse)

    def of(rows: list[Row], column: int) -> float:
        return statistics.median(row[column] for row in rows if row[0] == "BTCUSDT" and row[column] is not None)  # type: ignore[type-var]

    calm = [row for row in rows if row[3] < START_NS + 60_000_000_000]
    inside = [row for row in rows if within(market, collapse, row)]
    assert of(inside, 12) < 0.3 * of(calm, 12)
    assert of(inside, 7) - of(inside, 5) > 20 * (of(calm, 7) - of(calm, 5))
    assert start_ns > START_NS + 60_000_000_000


def test_a_silence_says_nothing_then_resynchronises(disturbed: tuple[Synthetic, list[Row], Translator]) -> None:
    market, rows, translator = disturbed
    for episode in SCENARIO:
        if episode.what is not Disturbance.SILENCE:
            continue
        inside = [row for row in rows if within(market, episode, row)]
        silent = set(market.symbols) if episode.only is None else {market.symbols[episode.only]}
        assert not {row[0] for row in inside} & silent
        assert any(row[1] == Kind.TICK for row in inside), "connected, and nothing said"
    assert translator.counters.gaps >= 3
    assert translator.unsynced_assets == []


def test_what_cannot_be_generated_is_refused() -> None:
    for wrong in ({"assets": 0}, {"assets": len(INSTRUMENTS) + 1}, {"minutes": 0.0}, {"minutes": 1e9}):
        with pytest.raises(BadInput):
            Synthetic(**wrong)  # type: ignore[arg-type]


def test_symbols_are_known_before_the_market_opens_and_are_all_different() -> None:
    assert Synthetic(assets=5).symbols == symbols_of(5)
    assert len(set(symbols_of(len(INSTRUMENTS)))) == len(INSTRUMENTS) == 50


SHORT = Synthetic(assets=1, seed=5, minutes=1.0, scenario=(Episode(Disturbance.TAKER_SHOCK, 0.5, 20.0),))


def mids_by_second(market: Synthetic, seconds: int) -> dict[int, float]:
    """The last mid of each second of a market without end."""
    mids: dict[int, float] = {}
    for frame in generate_without_end(market):
        second = (frame.receive_ns - START_NS) // 1_000_000_000
        if second >= seconds:
            break
        if b"@bookTicker" in frame.raw:
            event = decode(frame.raw)
            assert isinstance(event, BookTicker)
            mids[second] = (float(event.bid_price) + float(event.ask_price)) / 2
    return mids


def test_a_market_without_end_begins_as_the_one_with_an_end() -> None:
    ended = list(generate(SHORT))
    assert list(itertools.islice(generate_without_end(SHORT), len(ended))) == ended


def test_after_the_script_the_price_regains_what_the_shock_took_without_a_jump() -> None:
    seconds = 60 + REBOUND_NS // 1_000_000_000
    mids = mids_by_second(SHORT, seconds + 60)
    before, after, regained = mids[28], mids[58], mids[seconds + 30]
    assert after / before < 0.985
    assert regained / after > 1.005
    assert all(abs(now / then - 1) < 0.004 for then, now in pairwise(mids.values()))


def test_the_calm_is_long_enough_for_the_governor_to_come_back_to_apex() -> None:
    rise_ns = GovernorParams().recovery_ns_per_ppm * LADDER[1].leave_above_ppm
    assert rise_ns + 60 * 60 * 1_000_000_000 < CALM_NS, "an hour of trading is left"
    two_scripts_ns = 2 * (int(Synthetic().minutes * 60) * 1_000_000_000 + CALM_NS)
    assert two_scripts_ns >= LAW.number("breaker", "episode_window_ns"), "a third episode within the window would double the hold again"
