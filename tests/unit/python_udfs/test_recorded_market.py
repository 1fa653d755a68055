"""Twenty thousand recorded frames through the stages, against numbers taken straight from the frames' JSON."""

import json
import os
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dolphin.core.control.params import LAW_HASH
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import Translator
from dolphin.feeds import recording
from dolphin.feeds.source import Frame
from python_udfs.ars import Ars
from python_udfs.features import Features
from python_udfs.scan import Scan

SECOND = 1_000_000_000
FRAMES = 20_000
RECORDING = (
    Path(os.environ.get("DOLPHIN_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
    / "binance_ws_2024-08-08"
    / "usdm_ethusdt_20240808.gz"
)

pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason=f"the recording is not on this machine: {RECORDING}")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return [frame for frame in islice(recording.read([RECORDING]), FRAMES) if isinstance(frame, Frame)]


@pytest.fixture(scope="module")
def batches(frames: list[Frame]) -> list[pa.RecordBatch]:
    """The MARKET batches a feed makes of the recording."""
    translator, batcher = Translator(), Batcher(shard="0", max_span_ns=100_000_000, law=LAW_HASH)
    result = []
    for frame in frames:
        batcher.add(translator.on_frame(frame.receive_ns, frame.raw, frame.event_shift_ns))
        while (batch := batcher.take(frame.receive_ns)) is not None:
            result.append(batch)
    while (batch := batcher.flush()) is not None:
        result.append(batch)
    return result


@pytest.fixture(scope="module")
def messages(frames: list[Frame]) -> list[tuple[int, dict[str, Any]]]:
    """(receive time, data) of every frame, read by the standard library."""
    decoded = [(frame.receive_ns, json.loads(frame.raw)) for frame in frames]
    return [(at, message["data"]) for at, message in decoded if "e" in message.get("data", ())]


def last_features(batches: list[pa.RecordBatch]) -> dict[str, Any]:
    """What the feature stage says of the one asset after all `batches`."""
    stage, row = Features(), {}
    for batch in batches:
        (row,) = stage.process(batch).to_pylist() or [{}]
    return row


def test_windows_hold_what_the_frames_say(batches: list[pa.RecordBatch], messages: list[tuple[int, dict[str, Any]]]) -> None:
    row = last_features(batches)
    now_s = row["market_time_ns"] // SECOND
    trades = [(at, m) for at, m in messages if m["e"] == "trade" and m.get("X") == "MARKET"]
    recent = [m for at, m in trades if now_s - at // SECOND < 60]
    assert row["trades_1m"] == len(recent) > 1_000
    for column, is_maker_buyer in (("taker_buy_1m", False), ("taker_sell_1m", True)):
        expected = sum(float(m["p"]) * float(m["q"]) for m in recent if m["m"] is is_maker_buyer)
        assert row[column] == pytest.approx(expected), column
    book = [m for _, m in messages if m["e"] == "bookTicker"][-1]
    assert (row["bid"], row["ask"], row["book_exchange_id"]) == (float(book["b"]), float(book["a"]), book["u"])
    assert row["taker_exchange_id"] == trades[-1][1]["t"]
    assert row["refused_rows"] == row["duplicate_rows"] == 0
    assert row["is_synced"] is True


def test_the_recorders_clock_offset_is_no_delay(batches: list[pa.RecordBatch], messages: list[tuple[int, dict[str, Any]]]) -> None:
    row = last_features(batches)
    now_s = row["market_time_ns"] // SECOND
    delays = np.array([at - m["E"] * 1_000_000 for at, m in messages if now_s - at // SECOND < 30])
    assert row["delay_ns"] == pytest.approx(-1.27e9, abs=0.01e9)
    assert 0 <= row["excess_delay_ns"] < 50_000_000
    assert row["jitter_ns"] == pytest.approx(delays.std(), rel=0.05)


def test_the_whole_chain_ranks_a_single_asset(batches: list[pa.RecordBatch]) -> None:
    features, scan, ars = Features(), Scan(SECOND), Ars()
    rankings = [ranking for batch in batches for s in scan.process(features.process(batch)) for ranking in ars.process(s)]
    assert len(rankings) > 60
    (row,) = rankings[-1].to_pylist()
    assert (row["asset"], row["rank"], row["is_incumbent"]) == ("ETHUSDT", 1, True)
    assert row["missing"] == "loading,idio_vel_div"  # one asset has no structure
    assert 1e-5 < row["sigma_5s"] < 1e-2
