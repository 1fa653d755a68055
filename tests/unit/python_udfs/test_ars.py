"""The ranking stage: complete with any number of assets, honest about what is missing, the same everywhere."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from makers import values_of

from dolphin.core.contract.schemas import RANKING, SCAN
from dolphin.errors import BadInput
from python_udfs.ars import Ars
from python_udfs.features import Features
from python_udfs.scan import Scan
from tests.unit.python_udfs.market_play import SECOND, START, market
from tests.unit.python_udfs.market_rows import is_same


def scan(at_s: int, rows: dict[str, dict[str, Any]]) -> pa.RecordBatch:
    """A SCAN batch; columns not given are unknown."""
    unknown = {name: np.nan for name in SCAN.names if str(SCAN.field(name).type) == "double"}
    common = {"market_time_ns": START + at_s * SECOND, "eligible": True, "n_assets": len(rows), "fill_50": 0, "fill_750": 0}
    return pa.RecordBatch.from_pylist([unknown | common | {"asset": a, "is_plunge": False} | r for a, r in rows.items()], schema=SCAN)


def random_rows(assets: int, seed: int) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return {
        f"A{i:03d}": {
            "mid": 100 * np.exp(rng.normal() / 100),
            "loading": rng.uniform(-1, 1),
            "idio_vel_div": rng.normal() / 100,
            "sigma_5s": np.exp(rng.normal()) * 1e-4,
            "volume_5m_usd": np.exp(rng.normal() + 14),
            "spread_bps": np.exp(rng.normal()),
            "depth_q10_usd": np.exp(rng.normal() + 12),
        }
        for i in range(assets)
    }


def played(assets: int, seconds: int) -> list[pa.RecordBatch]:
    """The scans of a seeded market."""
    features, scans = Features(), Scan(SECOND)
    batches = market([f"A{i:03d}USDT" for i in range(assets)], seconds)
    return [scan for batch in batches for scan in scans.process(features.process(batch))]


def ranked(stage: Ars, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The ranking of a batch of one scan."""
    (ranking,) = stage.process(batch)
    return ranking


@pytest.mark.parametrize("assets", [1, 2, 3, 50, 400])
def test_every_eligible_asset_is_ranked_once_best_first(assets: int) -> None:
    ranking = ranked(Ars(traded=10), scan(0, random_rows(assets, seed=assets)))
    assert ranking.schema == RANKING
    ranking.validate(full=True)
    assert ranking.column("rank").to_pylist() == list(range(1, assets + 1))
    assert len(set(ranking.column("asset").to_pylist())) == assets
    incumbent = ranking.column("is_incumbent").to_pylist()
    assert incumbent == [True] * min(10, assets) + [False] * max(0, assets - 10)
    score = ranking.column("score").to_numpy()
    assert (np.diff(score) <= 0).all()
    np.testing.assert_allclose(score, ranking.column("s").to_numpy() * ranking.column("liquidity_multiplier").to_numpy())


def test_what_is_not_known_is_neutral_and_named() -> None:
    rows = {"A": {"mid": 1.0}, "B": {"mid": 1.0, "volume_5m_usd": 5.0, "spread_bps": 1.0}}
    by_asset = {row["asset"]: row for row in ranked(Ars(), scan(0, rows)).to_pylist()}
    assert by_asset["A"]["missing"] == "loading,idio_vel_div,volume,spread_cost,volatility_fit"
    assert by_asset["B"]["missing"] == "loading,idio_vel_div,volatility_fit"
    assert by_asset["A"]["s"] == by_asset["B"]["s"] == 0.5
    assert by_asset["A"]["liquidity_multiplier"] == pytest.approx(0.9)


def test_what_is_not_eligible_is_not_ranked() -> None:
    rows = random_rows(3, seed=1)
    rows["A001"]["eligible"] = False
    assert sorted(values_of(ranked(Ars(), scan(0, rows)), "asset")) == ["A000", "A002"]


def test_with_nothing_eligible_the_ranking_is_empty_and_not_the_old_one() -> None:
    stage = Ars()
    ranked(stage, scan(0, random_rows(3, seed=1)))
    ranking = ranked(stage, scan(5, {a: r | {"eligible": False} for a, r in random_rows(3, seed=1).items()}))
    assert ranking.num_rows == 0
    assert ranking.schema == RANKING


def test_an_incumbent_keeps_its_place_against_a_slightly_better_challenger() -> None:
    stage = Ars(traded=1)
    first = {"A": {"mid": 1.0, "volume_5m_usd": 5.0}, "B": {"mid": 1.0, "volume_5m_usd": 4.0}}
    swapped = {"A": {"mid": 1.0, "volume_5m_usd": 4.0}, "B": {"mid": 1.0, "volume_5m_usd": 5.0}}
    closer = {f"C{i}": {"mid": 1.0, "volume_5m_usd": v} for i, v in enumerate((0.1, 90.0, 0.2, 60.0, 0.3, 40.0))}
    assert ranked(stage, scan(0, first | closer)).column("asset")[0].as_py() == "C1"
    stage = Ars(traded=1)
    ranked(stage, scan(0, first))
    challenged = ranked(stage, scan(5, {"A": first["A"] | {"spread_bps": np.nan}, "B": swapped["B"]}))
    assert challenged.column("asset").to_pylist() == ["A", "B"]  # equal volumes: a tie is not better
    assert ranked(stage, scan(10, swapped)).column("asset").to_pylist() == ["B", "A"]


def test_a_stale_incumbent_loses_its_place() -> None:
    stage = Ars(traded=1)
    rows = {"A": {"mid": 1.0}, "B": {"mid": 1.0}}
    assert ranked(stage, scan(0, rows)).to_pylist()[0]["asset"] == "A"
    assert ranked(stage, scan(5, {"A": {"mid": 1.0, "eligible": False}, "B": rows["B"]})).to_pylist()[0]["asset"] == "B"
    assert ranked(stage, scan(10, rows)).to_pylist()[0]["asset"] == "B"  # back, but no better


def test_the_order_of_rows_changes_no_bit() -> None:
    a, b = Ars(), Ars()
    for i in range(5):
        rows = random_rows(60, seed=i)
        names = np.random.default_rng(i).permutation(sorted(rows)).tolist()
        shuffled = {name: rows[name] for name in names}
        assert is_same(ranked(a, scan(5 * i, rows)), ranked(b, scan(5 * i, shuffled)))


def test_the_same_scans_give_the_same_rankings_bit_for_bit() -> None:
    scans = played(12, 100)
    first, second = Ars(5), Ars(5)
    assert all(is_same(ranked(first, s), ranked(second, s)) for s in scans)


@pytest.mark.parametrize("at", [0, 1, 70, 119])
def test_a_restored_stage_goes_on_as_if_nothing_had_happened(at: int) -> None:
    scans = played(12, 120)
    through, before, after = Ars(5), Ars(5), Ars(5)
    expected = [ranked(through, s) for s in scans]
    found = [ranked(before, s) for s in scans[:at]]
    after.restore(before.snapshot())
    found += [ranked(after, s) for s in scans[at:]]
    assert all(is_same(a, b) for a, b in zip(found, expected, strict=True))
    assert after.snapshot() == through.snapshot()


def test_weights_follow_what_predicts_the_next_minute() -> None:
    rng = np.random.default_rng(3)
    stage, rankings = Ars(), []
    mids = np.full(40, 100.0)
    for i in range(1500):
        rows = random_rows(40, seed=i)
        for j, row in enumerate(rows.values()):
            row["mid"] = mids[j]
            row["idio_vel_div"] = float(j)  # the later assets always move more
        mids = mids * np.exp(rng.normal(size=40) * np.arange(1, 41) * 1e-5)
        rankings.append(ranked(stage, scan(5 * i, rows)))
    ranking = rankings[-1]
    weights = {name: ranking.column(name)[0].as_py() for name in ranking.schema.names if name.startswith("w_")}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert max(weights, key=weights.__getitem__) == "w_idio_vel_div"
    assert weights["w_idio_vel_div"] > 0.4


def test_with_two_assets_the_weights_stay_at_their_prior() -> None:
    stage = Ars()
    *_, ranking = [ranked(stage, s) for s in played(2, 150)]
    assert [ranking.column(f"w_{name}")[0].as_py() for name in ("loading", "volume", "volatility_fit")] == pytest.approx([0.2] * 3)
    assert ranking.num_rows == 2


def test_a_batch_of_several_scans_gives_their_rankings() -> None:
    scans = played(12, 40)
    (rows,) = pa.Table.from_batches(scans).combine_chunks().to_batches()
    one_by_one, at_once = Ars(5), Ars(5)
    expected = [ranked(one_by_one, s) for s in scans]
    assert all(is_same(a, b) for a, b in zip(at_once.process(rows), expected, strict=True))
    assert Ars().process(rows[:0]) == []


def test_a_traded_set_of_none_is_refused() -> None:
    with pytest.raises(BadInput, match="traded"):
        Ars(traded=0)
