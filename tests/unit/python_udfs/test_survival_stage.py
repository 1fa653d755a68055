"""The survival stage: FEATURES become the controller's readings."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from feature_rows import MS, SECOND, START, Entries, batch, row, signals

from dolphin.core.control.posture import Posture
from dolphin.core.market.rows import TICK_NS
from dolphin.errors import BadInput
from python_udfs.survival import Survival

ASSETS = tuple(f"A{n}USDT" for n in range(5))
STEP_NS = 50 * MS
Change = Callable[[str, int], dict[str, Any]]


def play(
    stage: Survival, entries: Entries, from_s: float, to_s: float, change: Change | None = None, assets: tuple[str, ...] = ASSETS
) -> None:
    for step in range(round(from_s * SECOND / STEP_NS), round(to_s * SECOND / STEP_NS)):
        at_ns = START + step * STEP_NS
        entries.take(stage.process(batch(at_ns, *[row(asset, at_ns, **(change(asset, at_ns) if change else {})) for asset in assets])))


@pytest.fixture(scope="module")
def warm() -> tuple[bytes, Entries]:
    """Snapshot of a stage and its entries after a calm 65 s."""
    stage, entries = Survival("paper"), Entries()
    play(stage, entries, 0, 65)
    return stage.snapshot(), entries


@pytest.fixture
def calm(warm: tuple[bytes, Entries]) -> tuple[Survival, Entries]:
    """A stage and its entries after a calm 65 s."""
    stage, entries = Survival("paper"), Entries()
    stage.restore(warm[0])
    entries.values, entries.postures = dict(warm[1].values), dict(warm[1].postures)
    return stage, entries


def only(asset: str, **changes: Any) -> Change:
    return lambda each, _: changes if each == asset else {}


def everywhere(**changes: Any) -> Change:
    return lambda _asset, _at_ns: changes


def test_it_hibernates_until_warm_and_then_takes_what_the_readings_earn() -> None:
    stage, entries = Survival("paper"), Entries()
    play(stage, entries, 0, 60)
    command = entries.command("paper")
    assert (command.posture, command.cap_ppm) == (Posture.HIBERNATE, 0)
    assert "depth has no usable reading" in command.reasons
    play(stage, entries, 60, 62)
    command = entries.command("paper")
    assert (command.posture, command.cap_ppm, command.factors_ppm) == (Posture.APEX, 6_000_000, (1_000_000,) * 5)


def test_a_constant_clock_offset_is_no_fault_but_jitter_and_excess_delay_are(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 67, everywhere(excess_delay_ns=0))
    assert entries.command("paper").cap_ppm == 6_000_000
    play(stage, entries, 67, 68, everywhere(excess_delay_ns=1_100 * MS))
    command = entries.command("paper")
    assert command.r_total_ppm < 650_000
    assert any(reason.startswith("latency") for reason in command.reasons)


@pytest.mark.parametrize(
    ("change", "sensor"),
    [
        ({"jitter_ns": 900 * MS}, "jitter"),
        ({"jitter_ns": None}, "jitter"),
        ({"excess_delay_ns": None}, "latency"),
        ({"depth_min_usd": 50_000.0}, "depth"),
        ({"depth_min_usd": math.nan}, "depth"),
    ],
)
def test_a_bad_reading_on_many_assets_lowers_r_and_names_a_message(
    calm: tuple[Survival, Entries], change: dict[str, Any], sensor: str
) -> None:
    stage, entries = calm
    play(stage, entries, 65, 70, everywhere(**change))
    command = entries.command("paper")
    assert command.cap_ppm <= 2_000_000
    assert any(reason.startswith(sensor) for reason in command.reasons)
    assert command.cause_ids


def test_a_fifth_of_the_assets_may_be_bad_for_the_cut_off_handles_those(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 70, only("A3USDT", jitter_ns=900 * MS, depth_min_usd=1.0, updated_at_ns=START))
    assert entries.command("paper").cap_ppm == 6_000_000
    play(stage, entries, 70, 75, lambda asset, _: {"updated_at_ns": START} if asset in ("A3USDT", "A4USDT") else {})
    assert entries.command("paper").posture is Posture.HIBERNATE


def test_with_two_assets_the_account_is_as_good_as_the_worse_one() -> None:
    stage, entries = Survival("paper"), Entries()
    play(stage, entries, 0, 65, assets=ASSETS[:2])
    assert entries.command("paper").cap_ppm == 6_000_000
    play(stage, entries, 65, 68, only(ASSETS[1], jitter_ns=900 * MS), assets=ASSETS[:2])
    assert entries.command("paper").cap_ppm <= 2_000_000


def test_a_flicker_of_the_book_is_not_a_collapse(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 66, everywhere(depth_min_usd=1.0))
    play(stage, entries, 66, 70)
    assert entries.cuts == []


def test_account_wide_selling_is_a_shock_that_names_the_trade_of_the_asset_sold_most(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 69, lambda asset, _: {"taker_buy_1m": 20_000.0, "taker_sell_1m": 2e6 if asset == "A2USDT" else 9e5})
    command = entries.command("paper")
    assert command.factors_ppm[3] == 300_000
    assert command.cause_ids[0].startswith("A2USDT@trade#")
    assert command.posture >= Posture.TURTLE


def test_selling_in_one_of_five_assets_is_no_account_shock(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 69, only("A2USDT", taker_buy_1m=20_000.0, taker_sell_1m=980_000.0))
    assert entries.command("paper").factors_ppm[3] == 1_000_000


def test_a_gap_in_market_time_is_a_lost_heartbeat_and_stays(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 69, 75)
    command = entries.command("paper")
    assert (command.cap_ppm, command.factors_ppm[0]) == (0, 0)
    assert any("heartbeat lost" in reason for reason in command.reasons)


def test_market_time_that_steps_back_is_zero(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 10, 11)
    play(stage, entries, 65, 66)
    assert entries.command("paper").cap_ppm == 0


def test_silence_of_every_asset_is_the_worst_reading_while_ticks_arrive(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 70, everywhere(updated_at_ns=START + 65 * SECOND))
    command = entries.command("paper")
    assert (command.posture, command.cap_ppm) == (Posture.HIBERNATE, 0)
    assert command.factors_ppm[0] == 1_000_000  # no latch: the feed is alive


def test_a_batch_without_assets_demands_nothing() -> None:
    stage = Survival("paper")
    assert all(stage.process(batch(START + step * STEP_NS)) is None for step in range(20))


def test_a_batch_of_several_grid_points_is_assessed_at_each(calm: tuple[Survival, Entries]) -> None:
    stage, _ = calm
    one_by_one = Survival("paper")
    one_by_one.restore(stage.snapshot())
    times = [START + 65 * SECOND + step * STEP_NS for step in range(1, 41)]
    rows = [[row(asset, at_ns, jitter_ns=step * 20 * MS) for asset in ASSETS] for step, at_ns in enumerate(times)]
    expected = [signal for at_ns, each in zip(times, rows, strict=True) for signal in signals(one_by_one.process(batch(at_ns, *each)))]
    assert signals(stage.process(batch(times[-1], *itertools.chain(*rows)))) == expected
    assert len(expected) == 8


def test_the_lease_is_renewed_at_every_grid_point_with_growing_seq(calm: tuple[Survival, Entries]) -> None:
    stage, _ = calm
    seen = []
    for step in range(1, 41):
        at_ns = START + 65 * SECOND + step * STEP_NS
        seen += signals(stage.process(batch(at_ns, *[row(asset, at_ns) for asset in ASSETS])))
    assert [signal["time_ns"] for _, signal in seen] == [START + 65 * SECOND + quarter * TICK_NS for quarter in range(1, 9)]
    assert all(key == "paper" for key, _ in seen)
    seqs = [signal["seq"] for _, signal in seen]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert {signal["epoch"] for _, signal in seen} == {START}
    assert all(signal["expires_at_ns"] == signal["time_ns"] + 2 * SECOND for _, signal in seen)


def test_a_restored_stage_goes_on_bit_for_bit_from_its_own_r(calm: tuple[Survival, Entries]) -> None:
    stage, entries = calm
    play(stage, entries, 65, 69, everywhere(taker_buy_1m=20_000.0, taker_sell_1m=980_000.0))
    again = Survival("paper")
    again.restore(stage.snapshot())
    for step in range(1, 100):
        at_ns = START + 69 * SECOND + step * STEP_NS
        rows = [row(asset, at_ns) for asset in ASSETS]
        assert signals(again.process(batch(at_ns, *rows))) == signals(stage.process(batch(at_ns, *rows)))
    assert again.snapshot() == stage.snapshot()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\x80"])
def test_what_is_not_a_snapshot_is_refused_and_changes_nothing(data: bytes, calm: tuple[Survival, Entries]) -> None:
    stage, _ = calm
    before = stage.snapshot()
    with pytest.raises(BadInput, match="snapshot"):
        stage.restore(data)
    assert stage.snapshot() == before


@pytest.mark.parametrize("made_under", ["0" * 16, ""])
def test_a_market_under_another_law_latches_and_no_demand_is_made_of_it(calm: tuple[Survival, Entries], made_under: str) -> None:
    stage, entries = calm
    at_ns = START + 65 * SECOND
    before = stage.snapshot()
    found = stage.process(batch(at_ns, *[row(asset, at_ns) for asset in ASSETS], made_under=made_under))
    assert [signal["kind"] for _, signal in signals(found)] == ["broken"]
    entries.take(found)
    command = entries.command("paper")
    assert (command.posture, command.cap_ppm) == (Posture.HIBERNATE, 0)
    assert command.reasons[0].startswith("invariant broken: survival: configuration hash ")
    assert stage.snapshot() == before, "nothing is learned from it either"
    play(stage, entries, 66, 70)
    assert entries.command("paper").cap_ppm == 0, "latched until an operator has looked"


def test_a_batch_by_hand_needs_no_law() -> None:
    by_hand = batch(START, row("A0USDT", START)).replace_schema_metadata({b"market_time_ns": str(START).encode()})
    assert [signal["kind"] for _, signal in signals(Survival("paper").process(by_hand))] == ["demand"]
