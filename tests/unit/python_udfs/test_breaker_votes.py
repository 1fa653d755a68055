"""The cut-off's votes: quiet on a calm market, there when it matters, nothing from what is not known."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from feature_rows import MS, SECOND, START, Entries, batch, row, signals

from dolphin.core.contract.kinds import Kind
from dolphin.core.market.rows import TICK_NS
from dolphin.errors import BadInput
from python_udfs.breaker_votes import BreakerVotes
from tests.makers import cause_of

ASSETS = ("BTCUSDT", "ETHUSDT")
STEP_NS = 50 * MS
Change = Callable[[str, int], dict[str, Any]]


def wobble(asset: str, at_ns: int) -> dict[str, Any]:
    """A calm market: shares from 0.43 to 0.57, depth and spread within a third of their usual values."""
    phase = at_ns / SECOND + (0.0 if asset == "BTCUSDT" else 7.0)
    buy = 500_000.0 + 70_000.0 * math.sin(phase / 9)
    return {
        "taker_buy_1m": buy,
        "taker_sell_1m": 1_000_000.0 - buy,
        "depth_min_usd": 1_000_000.0 + 300_000.0 * math.sin(phase / 3),
        "spread_max_bps": 0.5 + 0.3 * abs(math.sin(phase)),
    }


def play(stage: BreakerVotes, entries: Entries, from_s: float, to_s: float, change: Change | None = None) -> None:
    for step in range(round(from_s * SECOND / STEP_NS), round(to_s * SECOND / STEP_NS)):
        at_ns = START + step * STEP_NS
        rows = [row(asset, at_ns, **{**wobble(asset, at_ns), **(change(asset, at_ns) if change else {})}) for asset in ASSETS]
        entries.take(stage.process(batch(at_ns, *rows)))


@pytest.fixture(scope="module")
def warm() -> tuple[bytes, dict[str, bytes]]:
    """Snapshot of a stage and its entries after a calm 70 s."""
    stage, entries = BreakerVotes("paper"), Entries()
    play(stage, entries, 0, 70)
    return stage.snapshot(), entries.values


@pytest.fixture
def calm(warm: tuple[bytes, dict[str, bytes]]) -> tuple[BreakerVotes, Entries]:
    """A stage and its entries after a calm 70 s."""
    stage, entries = BreakerVotes("paper"), Entries()
    stage.restore(warm[0])
    entries.values = dict(warm[1])
    return stage, entries


def test_nothing_is_granted_before_the_warm_up_and_everything_soon_after() -> None:
    stage, entries = BreakerVotes("paper"), Entries()
    play(stage, entries, 0, 60)
    assert entries.command("paper/BTCUSDT").cap_ppm == 0
    play(stage, entries, 60, 64)
    assert entries.command("paper/BTCUSDT").cap_ppm == 6_000_000


def test_a_calm_market_is_not_cut(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 70, 250)
    assert entries.cuts == []


@pytest.mark.parametrize(
    ("change", "source", "most_ppm", "stream"),
    [
        ({"taker_buy_1m": 50_000.0, "taker_sell_1m": 950_000.0}, "taker", 2_700_000, Kind.TRADE),
        ({"taker_buy_1m": 0.0, "taker_sell_1m": 900_000.0}, "taker", 1_200_000, Kind.TRADE),
        ({"taker_buy_1m": 950_000.0, "taker_sell_1m": 50_000.0}, "taker", 2_700_000, Kind.TRADE),
        ({"depth_min_usd": 95_000.0}, "depth", 1_200_000, Kind.DEPTH),
        ({"spread_max_bps": 12.0}, "spread", 0, Kind.BOOK),
        ({"is_synced": False}, "stale", 2_700_000, Kind.DEPTH),
    ],
)
def test_a_shock_cuts_its_asset_within_a_second_and_names_its_cause(
    calm: tuple[BreakerVotes, Entries], change: dict[str, Any], source: str, most_ppm: int, stream: Kind
) -> None:
    stage, entries = calm
    play(stage, entries, 70, 71, lambda asset, _: change if asset == "ETHUSDT" else {})
    assert entries.command("paper/BTCUSDT").cap_ppm == 6_000_000
    cut = entries.command("paper/ETHUSDT")
    assert cut.cap_ppm <= most_ppm
    assert any(reason.startswith(f"{source}: ") for reason in cut.reasons)
    causes = [cause_of(cause) for cause in cut.cause_ids]
    assert (causes[0].asset, causes[0].kind) == ("ETHUSDT", stream)
    assert START // (100 * MS) < causes[0].exchange_id <= (START + 71 * SECOND) // (100 * MS) + 2


def test_silence_of_one_asset_cuts_it_while_ticks_arrive_and_the_cause_is_its_last_message(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, entries = calm
    last_ns = START + 70 * SECOND
    number = last_ns // (100 * MS)
    silent = {"updated_at_ns": last_ns, "last_exchange_id": number, "taker_exchange_id": number, "spread_max_exchange_id": number}
    play(stage, entries, 70, 71.9, lambda asset, _: silent if asset == "ETHUSDT" else {})
    assert entries.cuts == []
    play(stage, entries, 71.9, 77, lambda asset, _: silent if asset == "ETHUSDT" else {})
    cut = entries.command("paper/ETHUSDT")
    assert cut.cap_ppm <= 1_200_000
    assert entries.cuts[0].cause_ids == (f"ETHUSDT@bookTicker#{number}",)
    assert "last message" in entries.cuts[0].reasons[0]


def test_one_bad_interval_moves_nothing(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, entries = calm
    bad_ns = START + 70 * SECOND
    play(
        stage,
        entries,
        70,
        75,
        lambda _, at_ns: {"spread_max_bps": 60.0, "depth_min_usd": 1.0} if at_ns // TICK_NS == bad_ns // TICK_NS else {},
    )
    assert entries.cuts == []


@pytest.mark.parametrize(
    "unknown",
    [
        {"spread_max_bps": math.nan},
        {"spread_max_bps": -1.0},
        {"depth_min_usd": None},
        {"depth_min_usd": math.inf},
        {"taker_buy_1m": math.nan},
        {"taker_buy_1m": 0.0, "taker_sell_1m": 0.0},
        {"trades_1m": 4},
        {"updated_at_ns": -1},
    ],
    ids=str,
)
def test_what_is_not_known_grants_nothing_and_never_loosens(unknown: dict[str, Any]) -> None:
    stage, entries = BreakerVotes("paper"), Entries()
    play(stage, entries, 0, 75, lambda asset, _: unknown if asset == "ETHUSDT" else {})
    assert entries.command("paper/ETHUSDT").cap_ppm == 0
    assert entries.command("paper/BTCUSDT").cap_ppm == 6_000_000


def test_books_that_are_not_there_yet_at_the_start_are_unknown_and_hold_nothing() -> None:
    stage, entries = BreakerVotes("paper"), Entries()
    play(stage, entries, 0, 3, lambda _asset, _at_ns: {"is_synced": False})
    play(stage, entries, 3, 65)
    assert entries.command("paper/BTCUSDT").cap_ppm == 6_000_000


def test_votes_leave_at_grid_points_only_and_a_trip_with_the_second_of_three_readings(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, _ = calm
    left = []
    for step in range(1, 26):
        at_ns = START + 70 * SECOND + step * STEP_NS
        shock = {"spread_max_bps": 40.0} if step >= 12 else {}
        for _key, signal in signals(stage.process(batch(at_ns, row("BTCUSDT", at_ns, **{**wobble("BTCUSDT", at_ns), **shock})))):
            left.append((step, max(vote["severity_ppm"] for vote in signal["votes"])))
            assert {vote["source"] for vote in signal["votes"]} == {"depth", "spread", "stale", "taker"}
            assert all(vote["expires_at_ns"] == at_ns + 2 * SECOND and vote["seq"] == at_ns for vote in signal["votes"])
    assert [step for step, _ in left] == [5, 10, 15, 20, 25]
    assert next(step for step, worst in left if worst == 1_000_000) == 20


def test_a_batch_of_several_grid_points_is_voted_on_at_each(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, _ = calm
    one_by_one = BreakerVotes("paper")
    one_by_one.restore(stage.snapshot())
    times = [START + 70 * SECOND + step * STEP_NS for step in range(1, 26)]
    rows = [[row(asset, at_ns, **wobble(asset, at_ns)) for asset in ASSETS] for at_ns in times]
    expected = [signal for at_ns, each in zip(times, rows, strict=True) for signal in signals(one_by_one.process(batch(at_ns, *each)))]
    assert signals(stage.process(batch(times[-1], *itertools.chain(*rows)))) == expected
    assert len(expected) == 5 * len(ASSETS)


def test_a_batch_from_the_past_or_without_time_is_not_voted_on(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, _ = calm
    before = stage.snapshot()
    assert stage.process(batch(START, row("BTCUSDT", START))) is None
    assert stage.process(batch(0).replace_schema_metadata({})) is None
    assert stage.snapshot() == before


def test_a_restored_stage_goes_on_bit_for_bit(calm: tuple[BreakerVotes, Entries]) -> None:
    stage, _ = calm
    again = BreakerVotes("paper")
    again.restore(stage.snapshot())
    for step in range(1, 100):
        at_ns = START + 70 * SECOND + step * STEP_NS
        rows = [row(asset, at_ns, **{**wobble(asset, at_ns), "spread_max_bps": 0.1 * step}) for asset in ASSETS]
        assert signals(again.process(batch(at_ns, *rows))) == signals(stage.process(batch(at_ns, *rows)))
    assert again.snapshot() == stage.snapshot()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\x80"])
def test_what_is_not_a_snapshot_is_refused_and_changes_nothing(data: bytes, calm: tuple[BreakerVotes, Entries]) -> None:
    stage, _ = calm
    before = stage.snapshot()
    with pytest.raises(BadInput, match="snapshot"):
        stage.restore(data)
    assert stage.snapshot() == before


@pytest.mark.parametrize("name", ["lease_ms", "warm_up_s"])
def test_a_parameter_out_of_range_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        BreakerVotes("paper", **{name: 0})
