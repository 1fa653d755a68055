"""Every frame of the real recordings decodes, every order book is the exchange's, and two replays are one."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from dolphin.core.arrow.ipc import encoded
from dolphin.core.contract.kinds import Kind
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import Row, Translator
from dolphin.errors import BadInput
from dolphin.feeds.recording import RecordingInfo, inspect, read

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("DOLPHIN_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings at {DATA} (DOLPHIN_SHARED_DATA names another folder)")


@dataclass
class Replay:
    """A recording played once, every row checked on the way."""

    info: RecordingInfo
    translator: Translator = field(default_factory=Translator)
    seen: Counter[Kind] = field(default_factory=Counter)
    tops: dict[tuple[str, int | None], tuple[float | None, float | None]] = field(default_factory=dict)
    """Best bid and ask by update id, as bookTicker says them."""
    agreements: int = 0

    def play(self) -> Self:
        before_ns = 0
        for frame in read(self.info.paths):
            for row in self.translator.on_frame(frame.receive_ns, frame.raw):
                assert row[3] > before_ns
                before_ns = row[3]
                self.seen[Kind(row[1])] += 1
                self.check(row)
        return self

    def check(self, row: Row) -> None:
        asset, update_id = row[0], row[4]
        if row[1] == Kind.BOOK:
            assert row[5] is not None
            assert row[7] is not None
            assert row[5] < row[7]
            self.tops[asset, update_id] = row[5], row[7]
        if row[1] == Kind.DEPTH:
            book = self.translator.books[asset]
            assert not book.is_crossed
            assert row[12] is not None
            assert row[12] >= 0.0
            if (asset, update_id) in self.tops:
                assert (book.best_bid, book.best_ask) == self.tops[asset, update_id]
                self.agreements += 1


def replayed(pattern: str) -> Replay:
    return Replay(inspect([DATA / pattern])).play()


@pytest.fixture(scope="module")
def august_2024() -> Replay:
    return replayed("binance_ws_2024-08-08/usdm_*")


def test_the_2024_recording_of_two_assets_decodes_whole_and_never_gaps(august_2024: Replay) -> None:
    info, counters, seen = august_2024.info, august_2024.translator.counters, august_2024.seen
    assert info.symbols == ("BTCUSDT", "ETHUSDT")
    assert counters.frames == info.frames == 93_954 + 74_655
    assert (counters.bad_frames, counters.ignored_frames, counters.gaps, counters.dropped_updates) == (0, 0, 0, 0)
    assert august_2024.translator.unsynced_assets == []
    assert seen[Kind.BOOK] == 66_089 + 53_992
    assert seen[Kind.TRADE] == 21_313 + 14_076
    # All updates but those before each snapshot, which are held and applied with it, end in a depth row; so does each snapshot.
    assert seen[Kind.DEPTH] == 6_551 + 6_586 - counters.held_updates + counters.snapshots == 13_126
    assert seen[Kind.TICK] == 1_379


def test_the_synchronised_book_is_what_the_book_ticker_says_wherever_their_update_ids_meet(august_2024: Replay) -> None:
    """Two streams of the exchange that know nothing of each other; every agreement was asserted during the replay."""
    assert august_2024.agreements > 50


def test_the_2023_recording_goes_on_across_midnight_and_leaves_out_the_insurance_funds_trade() -> None:
    replay = replayed("binance_ws_2023-04-04/usdm_*")
    info, translator, seen = replay.info, replay.translator, replay.seen
    assert translator.counters.frames == info.frames == 13_384 + 60_381
    assert (translator.counters.bad_frames, translator.counters.gaps) == (0, 0)
    assert translator.counters.off_market_trades == 1
    assert seen[Kind.TRADE] == 2_197 + 10_738 - 1
    assert seen[Kind.MARK] == 99 + 415
    assert info.length_ns == pytest.approx(514e9, abs=1e9)


def test_the_second_half_alone_has_no_snapshot_so_its_depth_is_unknown() -> None:
    replay = replayed("binance_ws_2023-04-04/usdm_btcusdt_20230405*")
    info, translator, seen = replay.info, replay.translator, replay.seen
    assert info.symbols_without_snapshot == ("BTCUSDT",)
    assert seen[Kind.DEPTH] == seen[Kind.GAP] == 0
    translator.on_end(info.last_time_ns)
    assert translator.take_notices() == ["BTCUSDT: no order book (no snapshot that fits its updates); depth unknown"]


def test_the_cryptofeed_recording_of_four_assets_synchronises_all_of_them() -> None:
    replay = replayed("binance_ws_2021-07-22")
    info, translator, seen = replay.info, replay.translator, replay.seen
    assert info.symbols == ("AKROUSDT", "CTKUSDT", "KEEPUSDT", "SUSHIUSDT")
    assert translator.unsynced_assets == []
    assert (translator.counters.bad_frames, translator.counters.gaps) == (0, 0)
    assert translator.take_notices() == ["kline frames are not used"]
    assert seen[Kind.AGG_TRADE] > 0


@pytest.mark.parametrize(
    ("name", "market"),
    [
        ("binance_ws_2024-08-08/spot_btcusdt_20240808.gz", "spot"),
        ("binance_ws_2023-04-04/spot_btcusdt_20230405.dat.gz", "spot"),
        ("binance_ws_2024-08-08/cm_btcusd_perp_20240808.gz", "COIN-M"),
        ("binance_ws_2024-08-08/cm_btcusd_perp_20240809.gz", "COIN-M"),
    ],
)
def test_recordings_of_other_markets_are_refused(name: str, market: str) -> None:
    with pytest.raises(BadInput, match=market):
        inspect([DATA / name])


def test_a_truncated_recording_is_refused_up_front(tmp_path: Path) -> None:
    whole = (DATA / "binance_ws_2023-04-04/usdm_btcusdt_20230404.dat.gz").read_bytes()
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="cut short"):
        inspect([path])


def test_two_replays_publish_the_same_bytes() -> None:
    def published() -> list[bytes]:
        translator, batcher = Translator(), Batcher(shard="0", max_span_ns=100_000_000)
        batches: list[bytes] = []
        for frame in read([DATA / "binance_ws_2023-04-04/usdm_btcusdt_20230404.dat.gz"]):
            batcher.add(translator.on_frame(frame.receive_ns, frame.raw))
            while (batch := batcher.take(translator.market_time_ns)) is not None:
                batches.append(encoded(batch))
        return batches

    first = published()
    assert len(first) > 500
    assert first == published()
