"""The feature stage: what it accepts, what its windows mean, and that nothing but its rows moves it."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import FEATURES, MARKET
from dolphin.core.signals import feature_kernel, feature_output
from dolphin.errors import BadInput
from python_udfs.features import Features
from tests.unit.python_udfs.market_rows import SECOND, START, Row, batch, book, depth, is_same, row, tick, trade


def last(stage: Features, rows: list[Row]) -> Row:
    """The only asset's features after `rows`."""
    (features,) = stage.process(batch(rows)).to_pylist()
    return features


def test_a_batch_yields_one_row_per_known_asset_in_the_declared_schema() -> None:
    stage = Features()
    out = stage.process(batch([book("B", 0, 1, 9, 10), book("A", 0.1, 1, 9, 10), book("B", 0.2, 2, 9, 10)]))
    assert out.schema == FEATURES
    assert out.column("asset").to_pylist() == ["B", "A"]
    out.validate(full=True)


def test_a_tick_alone_yields_every_known_asset_at_the_new_time() -> None:
    stage = Features()
    stage.process(batch([book("A", 0, 1, 9, 10), book("B", 0.1, 1, 9, 10)]))
    out = stage.process(batch([tick(7)]))
    assert out.column("market_time_ns").to_pylist() == [START + 7 * SECOND] * 2
    assert out.column("updated_at_ns").to_pylist() == [START, START + SECOND // 10]


@pytest.mark.parametrize("rows", [[], [tick(1)]])
def test_nothing_known_yields_no_rows(rows: list[Row]) -> None:
    assert Features().process(batch(rows)).num_rows == 0


def test_an_empty_batch_repeats_what_is_known() -> None:
    stage = Features()
    before = stage.process(batch([book("A", 0, 1, 9, 10)]))
    assert is_same(stage.process(batch([])), before)


def test_spread_and_depth_are_told_at_their_worst_since_the_tick_before_with_the_message_behind_it() -> None:
    stage = Features()
    rows = [
        book("A", 0, 1, 99, 101),
        depth("A", 0.1, 1, 70.0, 90.0),
        book("A", 0.15, 2, 99.5, 100.5),
        depth("A", 0.2, 2, 80.0, 90.0),
        tick(0.25),
    ]
    worst = last(stage, rows)
    assert (worst["spread_max_bps"], worst["spread_max_exchange_id"]) == (pytest.approx(200.0), 1)
    assert (worst["depth_min_usd"], worst["depth_min_exchange_id"]) == (70.0, 1)
    assert worst["spread_bps"] == pytest.approx(100.0)
    calm = last(stage, [tick(0.5)])
    assert (calm["spread_max_bps"], calm["spread_max_exchange_id"]) == (pytest.approx(100.0), 2), "what was in force counts"
    assert (calm["depth_min_usd"], calm["depth_min_exchange_id"]) == (80.0, 2)


def test_a_batch_of_several_ticks_tells_the_moment_of_each_and_of_its_end() -> None:
    out = Features().process(
        batch([book("A", 0, 1, 9, 10), tick(0.25), book("B", 0.3, 1, 9, 10), tick(0.5), tick(0.75), book("A", 0.8, 2, 9, 11)])
    )
    times = [(row["asset"], (row["market_time_ns"] - START) / SECOND, (row["ticked_at_ns"] - START) / SECOND) for row in out.to_pylist()]
    assert times == [
        ("A", 0.25, 0.25),
        ("A", 0.5, 0.5),
        ("B", 0.5, 0.5),
        ("A", 0.75, 0.75),
        ("B", 0.75, 0.75),
        ("A", 0.8, 0.75),
        ("B", 0.8, 0.75),
    ]


def test_what_was_never_said_is_unknown_and_not_zero() -> None:
    features = last(Features(), [row(Kind.MARK, "A", 0, 1, mark_price=1.0, funding_rate=1e-4, delay_ns=0)])
    for name in ("bid", "ask", "spread_bps", "last_price", "bid_depth_usd", "ask_depth_usd", "depth_q10_usd", "sigma_5s"):
        assert math.isnan(features[name]), name
    for name in ("book_updated_at_ns", "trade_updated_at_ns", "depth_updated_at_ns", "book_exchange_id", "taker_exchange_id"):
        assert features[name] == -1, name
    assert features["jitter_ns"] is None
    assert features["is_synced"] is False


GOOD = {
    "book": book("A", 1, 7, 9.0, 10.0),
    "trade": trade("A", 1, 7, 9.0, 1.0, True),
    "depth": depth("A", 1, 7, 5.0, 6.0),
    "mark": row(Kind.MARK, "A", 1, 7, mark_price=9.0, funding_rate=0.0),
    "liquidation": row(Kind.LIQUIDATION, "A", 1, 7, price=9.0, qty=1.0, is_taker_buy=False),
}
PRICES = [("book", "bid_price"), ("book", "ask_price"), ("trade", "price"), ("mark", "mark_price"), ("liquidation", "price")]
AMOUNTS = [("book", "bid_qty"), ("book", "ask_qty"), ("trade", "qty"), ("liquidation", "qty"), ("depth", "bid_depth_usd")]
AMOUNTS += [("depth", "ask_depth_usd")]
BAD_VALUES = [
    *[(*where, bad) for where in PRICES for bad in (None, math.nan, math.inf, -1.0, 0.0)],
    *[(*where, bad) for where in AMOUNTS for bad in (None, math.nan, math.inf, -1.0)],
    *[("mark", "funding_rate", bad) for bad in (None, math.nan, -math.inf)],
    *[(kind, "exchange_id", bad) for kind in GOOD for bad in (None, -5)],
    ("trade", "is_taker_buy", None),
    ("trade", "qty", 1e308),  # the notional overflows
    ("trade", "kind", 15),
    ("book", "bid_price", 10.0),  # touches the ask
    ("book", "bid_price", 10.5),  # crosses it
]


@pytest.mark.parametrize(("kind", "column", "bad"), BAD_VALUES)
def test_a_row_that_cannot_be_believed_is_counted_and_changes_nothing_else(kind: str, column: str, bad: float | None) -> None:
    before = [book("A", 0, 1, 8.0, 9.0), depth("A", 0.1, 1, 1.0, 2.0), trade("A", 0.2, 1, 8.5, 1.0, False)]
    spoilt = GOOD[kind] | {column: bad}
    if column == "qty" and bad == 1e308:
        spoilt["price"] = 1e10
    refusing, silent = Features(), Features()
    features = last(refusing, [*before, spoilt])
    expected = last(silent, [*before, tick(1)])
    assert features.pop("refused_rows") == expected.pop("refused_rows") + 1
    assert features.pop("ticked_at_ns") < expected.pop("ticked_at_ns")
    np.testing.assert_equal(features, expected)


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("exchange_id", [7, 6, 0])
def test_an_id_that_is_not_newer_within_its_stream_is_a_duplicate(kind: str, exchange_id: int) -> None:
    once, twice = Features(), Features()
    features = last(twice, [GOOD[kind], GOOD[kind] | {"exchange_id": exchange_id}])
    expected = last(once, [GOOD[kind]])
    assert features.pop("duplicate_rows") == expected.pop("duplicate_rows") + 1
    np.testing.assert_equal(features, expected)


def test_streams_number_their_messages_independently() -> None:
    features = last(Features(), [book("A", 0, 900, 9, 10), trade("A", 0.1, 3, 9, 1, True), depth("A", 0.2, 2, 5, 6)])
    assert features["duplicate_rows"] == 0
    assert (features["book_exchange_id"], features["taker_exchange_id"], features["depth_exchange_id"]) == (900, 3, 2)


def test_a_gap_takes_the_depth_away_until_the_next_reading_and_lets_ids_start_anew() -> None:
    stage = Features()
    assert last(stage, [depth("A", 0, 50, 5.0, 6.0)])["is_synced"] is True
    features = last(stage, [row(Kind.GAP, "A", 1, None)])
    assert features["is_synced"] is False
    assert math.isnan(features["bid_depth_usd"])
    assert features["depth_exchange_id"] == 50
    features = last(stage, [depth("A", 2, 3, 7.0, 8.0)])
    assert (features["is_synced"], features["bid_depth_usd"], features["duplicate_rows"]) == (True, 7.0, 0)


def test_taker_notional_covers_the_running_second_and_the_59_before() -> None:
    stage = Features()
    rows = [trade("A", 0.9, 1, 10.0, 1.0, True), trade("A", 1.0, 2, 10.0, 2.0, False)]
    stage.process(batch([*rows, tick(59.9)]))
    features = last(stage, [])
    assert (features["taker_buy_1m"], features["taker_sell_1m"], features["trades_1m"]) == (10.0, 20.0, 2)
    features = last(stage, [tick(60.0)])
    assert (features["taker_buy_1m"], features["taker_sell_1m"], features["trades_1m"]) == (0.0, 20.0, 1)
    assert features["volume_5m_usd"] == 30.0
    assert last(stage, [tick(301.0)])["volume_5m_usd"] == 0.0


def test_a_long_silence_empties_every_window() -> None:
    stage = Features()
    stage.process(batch([trade("A", 0, 1, 10.0, 1.0, True), depth("A", 0.1, 1, 5.0, 6.0), book("A", 0.2, 1, 9, 10)]))
    features = last(stage, [tick(100_000)])
    assert features["volume_5m_usd"] == features["taker_buy_1m"] == 0.0
    assert features["depth_q10_usd"] == 0.0
    assert features["jitter_ns"] is None
    assert features["excess_delay_ns"] is None


def test_depth_that_only_flashes_is_not_rewarded() -> None:
    rows = []
    for i in range(3000):  # ten readings a second, eight of ten showing a hundredfold depth
        shown = 1_000.0 if i % 10 < 2 else 100_000.0
        rows.append(depth("A", i / 10, i + 1, shown, 1e9))
    assert last(Features(), rows)["depth_q10_usd"] == 1_000.0


def test_depth_without_a_synchronised_book_counts_as_none() -> None:
    rows = [depth("A", i / 2, i + 1, 1_000.0, 1_000.0) for i in range(500)]
    synced = last(Features(), rows)
    gapped = last(Features(), [*rows[:200], row(Kind.GAP, "A", 100, None), *rows[270:]])
    assert synced["depth_q10_usd"] == 1_000.0
    assert gapped["depth_q10_usd"] == 0.0


def test_depth_readings_that_stop_are_not_trusted_for_ever() -> None:
    stage = Features()
    stage.process(batch([depth("A", i / 2, i + 1, 1_000.0, 1_000.0) for i in range(100)]))
    assert last(stage, [tick(58)])["depth_q10_usd"] == 1_000.0
    assert last(stage, [tick(70)])["depth_q10_usd"] == 0.0


def test_volatility_of_a_known_random_walk_is_found() -> None:
    rng = np.random.default_rng(7)
    sigma = 4e-4
    mids = 100 * np.exp(np.cumsum(rng.normal(0, sigma, 2_000)))
    features = last(Features(), [book("A", 5 * i + 1, i + 1, mid - 1e-9, mid + 1e-9) for i, mid in enumerate(mids)])
    assert features["sigma_5s"] == pytest.approx(sigma, rel=0.12)  # about 173 returns in effect


def test_volatility_is_unknown_before_there_are_enough_returns() -> None:
    rows = [book("A", 5 * i, i + 1, 100 + i, 101 + i) for i in range(8)]
    assert math.isnan(last(Features(), rows[:7])["sigma_5s"])
    assert last(Features(), rows)["sigma_5s"] > 0


def test_volatility_of_a_price_at_rest_is_one_tick() -> None:
    rows = [book("A", 5 * i, i + 1, 100.0, 100.5, bid_qty=float(i)) for i in range(20)]
    assert last(Features(), rows)["sigma_5s"] == pytest.approx(0.5 / 100.25)


def test_a_book_that_falls_silent_is_not_taken_for_calm() -> None:
    rng = np.random.default_rng(3)
    rows = [book("A", 5 * i, i + 1, 100 * math.exp(r), 100.01 * math.exp(r)) for i, r in enumerate(rng.normal(0, 1e-3, 50))]
    stage = Features()
    before = last(stage, rows)["sigma_5s"]
    after = last(stage, [tick(5 * 50 + 3600)])["sigma_5s"]
    assert after == pytest.approx(before, rel=0.1)


@pytest.mark.parametrize("offset_ns", [0, 1_270_000_000, -1_270_000_000, 3_600_000_000_000])
def test_jitter_and_excess_delay_do_not_see_a_constant_clock_offset(offset_ns: int) -> None:
    rng = np.random.default_rng(11)
    delays = rng.integers(1_000_000, 9_000_000, 400)
    rows = [book("A", i / 10, i + 1, 9, 10, delay_ns=int(d)) for i, d in enumerate(delays)]
    shifted = [r | {"event_time_ns": r["event_time_ns"] - offset_ns} for r in rows]
    plain, offset = last(Features(), rows), last(Features(), shifted)
    assert offset["delay_ns"] == plain["delay_ns"] + offset_ns
    assert offset["excess_delay_ns"] == pytest.approx(plain["excess_delay_ns"], abs=1)
    assert offset["jitter_ns"] == pytest.approx(np.std(delays[-300:]), rel=0.03)


def test_excess_delay_shows_a_queue_that_builds_up() -> None:
    stage = Features()
    calm = last(stage, [book("A", i / 10, i + 1, 9, 10, delay_ns=2_000_000) for i in range(300)])
    queued = last(stage, [book("A", 30 + i / 10, 301 + i, 9, 10, delay_ns=802_000_000) for i in range(300)])
    assert calm["excess_delay_ns"] == 0
    assert queued["excess_delay_ns"] == pytest.approx(800_000_000, rel=0.02)


def test_exchange_time_that_steps_back_between_streams_is_normal() -> None:
    features = last(Features(), [book("A", 0, 1, 9, 10, delay_ns=0), trade("A", 0.001, 1, 9.5, 1, True, delay_ns=500_000_000)])
    assert features["refused_rows"] == features["duplicate_rows"] == 0
    assert features["event_time_ns"] == START + 1_000_000 - 500_000_000


def test_market_time_never_runs_back() -> None:
    stage = Features()
    stage.process(batch([book("A", 10, 1, 9, 10)]))
    features = last(stage, [book("A", 4, 2, 19, 20)])
    assert features["market_time_ns"] == features["updated_at_ns"] == START + 10 * SECOND
    assert features["bid"] == 19


def test_a_shard_has_a_bound_on_its_assets() -> None:
    stage = Features()
    stage.process(batch([book(f"A{i}", i / 1000, 1, 9, 10) for i in range(1024)]))
    with pytest.raises(BadInput, match="more shards"):
        stage.process(batch([book("ONE-TOO-MANY", 2, 1, 9, 10)]))


def test_nothing_is_compiled_for_a_number_of_assets_that_was_not_there_before() -> None:
    stage = Features()
    kernels: Any = (feature_kernel.apply_rows, feature_output.read_features)
    compiled = [kernel.signatures for kernel in kernels]
    for number in range(1, 18):
        assert stage.process(batch([book(f"A{number}", number, 1, 9, 10)])).num_rows == number
        assert [kernel.signatures for kernel in kernels] == compiled


def test_a_sliced_batch_reads_as_its_rows() -> None:
    rows = [book("A", 0, 1, 8, 9), trade("B", 1, 1, 5, 1, None), tick(2), depth("A", 3, 1, 5, 6), trade("A", 4, 2, 8, 3, True)]
    sliced, plain = Features(), Features()
    assert is_same(sliced.process(batch(rows)[1:5]), plain.process(batch(rows[1:5])))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x80", b"not msgpack at all"])
def test_a_snapshot_that_is_none_is_refused_and_changes_nothing(data: bytes) -> None:
    stage = Features()
    before = stage.process(batch([book("A", 0, 1, 8, 9)]))
    with pytest.raises(BadInput):
        stage.restore(data)
    assert is_same(stage.process(batch([])), before)


def test_another_stages_snapshot_is_refused() -> None:
    from dolphin.stage import snapshot

    with pytest.raises(BadInput, match="snapshot"):
        Features().restore(snapshot.pack("scan", 1, {}))


def test_the_input_schema_is_the_feeds() -> None:
    assert MARKET is Features.INPUT
    assert isinstance(Features.OUTPUT, pa.Schema)
