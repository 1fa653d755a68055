"""The scan stage: when it scans, of what, and that a move to another process shows in no bit."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dolphin.core.contract.schemas import FEATURES, SCAN
from dolphin.errors import BadInput
from python_udfs.features import Features
from python_udfs.scan import Scan
from tests.unit.python_udfs.market_play import SECOND, START, market
from tests.unit.python_udfs.market_rows import is_same

ASSETS = [f"A{i:02d}USDT" for i in range(12)]


def features(at_s: float, mids: dict[str, float], updated_s: float | None = None, **values: float) -> pa.RecordBatch:
    """FEATURES rows with the given mids, whose book spoke at `updated_s` (by default just now)."""
    time_ns = START + round(at_s * SECOND)
    book_ns = time_ns if updated_s is None else START + round(updated_s * SECOND)
    rows: list[dict[str, Any]] = [
        dict.fromkeys(FEATURES.names)
        | {
            "asset": asset,
            "market_time_ns": time_ns,
            "ticked_at_ns": time_ns,
            "bid": mid - 0.5,
            "ask": mid + 0.5,
            "book_updated_at_ns": book_ns,
            **values,
        }
        for asset, mid in mids.items()
    ]
    return pa.RecordBatch.from_pylist(rows, schema=FEATURES)


def scans_of(stage: Scan, batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    return [scan for batch in batches for scan in stage.process(batch)]


@pytest.mark.parametrize("interval_s", [1, 5, 6])
def test_scans_come_at_the_multiples_of_the_interval(interval_s: int) -> None:
    scans = scans_of(Scan(interval_s * SECOND), [features(t / 4, {"A": 100.0, "B": 50.0}) for t in range(4 * 61)])
    times = [scan.column("market_time_ns")[0].as_py() for scan in scans]
    first = -(-(START + 1) // (interval_s * SECOND)) * interval_s * SECOND
    assert times == list(range(first, START + 60 * SECOND + 1, interval_s * SECOND))
    assert all(scan.schema == SCAN for scan in scans)


def test_a_scan_shows_what_was_known_when_its_time_came() -> None:
    stage = Scan(5 * SECOND)
    stage.process(features(4.9, {"A": 100.0}, volume_5m_usd=7.0))
    (scan,) = stage.process(features(5.1, {"A": 999.0, "NEW": 1.0}, volume_5m_usd=8.0))
    (row,) = scan.to_pylist()
    assert (row["asset"], row["mid"], row["volume_5m_usd"], row["market_time_ns"]) == ("A", 100.0, 7.0, START + 5 * SECOND)


def test_what_is_said_between_grid_points_is_not_looked_at() -> None:
    stage = Scan(5 * SECOND)
    stage.process(features(4.75, {"A": 100.0}))
    assert stage.process(features(4.9, {"A": 999.0, "NEW": 1.0}, ticked_at_ns=START + 4_750_000_000)) == []
    assert stage.process(features(5.1, {"A": 999.0}, ticked_at_ns=START + 4_750_000_000)) == []
    (scan,) = stage.process(features(5.25, {"A": 101.0}))
    assert (scan.column("asset").to_pylist(), scan.column("mid").to_pylist()) == (["A"], [100.0])


def test_a_batch_without_rows_or_without_a_due_scan_yields_nothing() -> None:
    stage = Scan()
    assert stage.process(features(0, {})) == []
    assert stage.process(features(1, {"A": 1.0})) == []
    assert stage.process(features(4.999, {"A": 1.0})) == []


def test_an_asset_whose_book_is_silent_for_three_scans_is_not_eligible() -> None:
    stage = Scan(5 * SECOND)
    stage.process(features(1, {"A": 100.0, "B": 50.0}))
    seen = []
    for at_s in range(5, 40, 5):
        stage.process(features(at_s - 0.1, {"A": 100.0}, updated_s=at_s - 0.1))
        (scan,) = stage.process(features(at_s, {"B": 50.0}, updated_s=1))  # B says the same, long ago
        seen.append(dict(zip(scan.column("asset").to_pylist(), scan.column("eligible").to_pylist(), strict=True)))
    assert [s["A"] for s in seen] == [True] * 7
    assert [s["B"] for s in seen] == [True] * 3 + [False] * 4


def test_an_asset_without_a_price_is_not_eligible() -> None:
    stage = Scan()
    stage.process(features(1, {"A": np.nan}))
    (scan,) = stage.process(features(6, {"A": np.nan}))
    assert scan.column("eligible").to_pylist() == [False]


def test_assets_may_join_at_any_time_and_rows_are_sorted() -> None:
    stage = Scan(SECOND)
    stage.process(features(0.5, {"M": 5.0}))
    stage.process(features(1.5, {"Z": 6.0, "A": 7.0}))
    (scan,) = stage.process(features(2.5, {"B": 8.0}))
    assert scan.column("asset").to_pylist() == ["A", "M", "Z"]
    assert scan.column("mid").to_pylist() == [7.0, 5.0, 6.0]


def test_a_jump_of_market_time_gives_one_scan_without_returns() -> None:
    stage = Scan(5 * SECOND)
    batches = [features(t, {"A": 100.0 + t, "B": 50.0}) for t in (1, 6, 11)]
    assert not np.isnan(scans_of(stage, batches)[-1].column("log_return")[0].as_py())
    (scan,) = scans_of(stage, [features(100, {"A": 300.0, "B": 50.0})])
    assert scan.column("market_time_ns")[0].as_py() == START + 100 * SECOND
    assert np.isnan(scan.column("log_return").to_numpy()).all()


def test_the_whole_chain_finds_the_common_factor() -> None:
    stage, scan = Features(), Scan(SECOND)
    last = scans_of(scan, [stage.process(batch) for batch in market(ASSETS, 120)])[-1]
    row = last.to_pylist()[0]
    assert row["fill_50"] == 50
    assert row["lambda1_50"] == pytest.approx(6.5, rel=0.3)  # 1 + 11/2: half of each variance is common
    assert row["lambda1_rel_50"] > 2
    assert np.min(last.column("loading").to_numpy()) > 0.4
    assert np.isfinite(row["vel_div_z"])


@pytest.mark.parametrize("at", [0, 1, 57, 140])
def test_a_restored_stage_goes_on_as_if_nothing_had_happened(at: int) -> None:
    stage = Features()
    batches = [stage.process(batch) for batch in market(ASSETS, 141)]
    through, before, after = Scan(SECOND), Scan(SECOND), Scan(SECOND)
    expected = scans_of(through, batches)
    found = scans_of(before, batches[:at])
    after.restore(before.snapshot())
    found += scans_of(after, batches[at:])
    assert len(found) == len(expected) == 140
    assert all(is_same(a, b) for a, b in zip(found, expected, strict=True))
    assert after.snapshot() == through.snapshot()


def test_a_split_of_the_assets_over_shards_changes_no_bit() -> None:
    stage = Features()
    batches = [stage.process(batch) for batch in market(ASSETS, 90)]
    together = scans_of(Scan(SECOND), batches)
    halves = [half for batch in batches for half in (batch[7:], batch[:7])]
    # the second half of a second comes after its scan was due: the scan is of what was known in both cases
    apart = scans_of(Scan(SECOND), halves)
    assert all(is_same(a, b) for a, b in zip(apart, together, strict=True))


def test_a_file_cut_anywhere_gives_the_scans_of_the_job() -> None:
    stage = Features()
    batches = [stage.process(batch) for batch in market(ASSETS, 90)]
    (rows,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    pieces = [rows.slice(at, 100) for at in range(0, rows.num_rows, 100)]
    expected, found = scans_of(Scan(SECOND), batches), scans_of(Scan(SECOND), pieces)
    assert len(found) == len(expected) == 89
    assert all(is_same(a, b) for a, b in zip(found, expected, strict=True))


def test_a_snapshot_of_another_interval_is_refused() -> None:
    with pytest.raises(BadInput, match="interval"):
        Scan(SECOND).restore(Scan(5 * SECOND).snapshot())


@pytest.mark.parametrize("interval_ns", [0, -1, SECOND - 1, 61 * SECOND])
def test_an_interval_out_of_range_is_refused(interval_ns: int) -> None:
    with pytest.raises(BadInput, match="interval"):
        Scan(interval_ns)
