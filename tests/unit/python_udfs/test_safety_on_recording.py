"""The safety stages on the real BTC and ETH recording of 2024-08-08: few cuts, and each names a message of the recording."""

import gzip
import os
import re
from pathlib import Path

import pytest
from feature_rows import Entries

from dolphin.core.contract.kinds import Kind
from dolphin.core.control.command import Command
from dolphin.core.control.params import LAW_HASH
from dolphin.core.control.posture import Posture
from dolphin.core.market.batcher import Batcher
from dolphin.core.market.rows import Translator
from dolphin.feeds import recording
from python_udfs.breaker_votes import BreakerVotes
from python_udfs.features import Features
from python_udfs.survival import Survival
from tests.makers import cause_of

SHARED = Path(os.environ.get("DOLPHIN_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
FILES = [SHARED / "binance_ws_2024-08-08" / f"usdm_{name}_20240808.gz" for name in ("btcusdt", "ethusdt")]
ID_IN_FRAME = {Kind.TRADE: "t", Kind.DEPTH: "u", Kind.BOOK: "u"}

pytestmark = [
    pytest.mark.skipif(not all(path.exists() for path in FILES), reason=f"the recordings are not at {SHARED}"),
    pytest.mark.timeout(900),  # 170,000 frames: 20 s of one core
]


@pytest.fixture(scope="module")
def played() -> tuple[list[Command], Command]:
    """(every cut of a cap, the account's last command)."""
    translator, batcher = Translator(), Batcher(shard="0", max_span_ns=100_000_000, law=LAW_HASH)
    features, votes, control, entries = Features(), BreakerVotes("paper"), Survival("paper"), Entries()
    for frame in recording.read(FILES):
        found = batcher.take(frame.receive_ns)
        if found is not None:
            seen = features.process(found).replace_schema_metadata(found.schema.metadata)
            entries.take(votes.process(seen))
            entries.take(control.process(seen))
        batcher.add(translator.on_time(frame.receive_ns))
        batcher.add(translator.on_frame(frame.receive_ns, frame.raw, frame.event_shift_ns))
    return entries.cuts, entries.command("paper")


def test_five_calm_minutes_are_cut_a_few_times_and_not_hundreds(played: tuple[list[Command], Command]) -> None:
    cuts, _ = played
    assert 1 <= len(cuts) <= 30
    assert {cut.asset for cut in cuts} <= {"BTCUSDT", "ETHUSDT"}


def test_a_recorder_whose_clock_is_1_27_s_behind_is_no_fault(played: tuple[list[Command], Command]) -> None:
    _, account = played
    assert (account.posture, account.cap_ppm, account.factors_ppm) == (Posture.APEX, 6_000_000, (1_000_000,) * 5)


def test_every_cut_names_a_message_that_is_in_the_recording(played: tuple[list[Command], Command]) -> None:
    cuts, _ = played
    causes = {cause for cut in cuts for cause in cut.cause_ids}
    assert all(cut.cause_ids and cut.reasons for cut in cuts)
    wanted = {(each.asset, ID_IN_FRAME[each.kind], each.exchange_id) for each in map(cause_of, causes)}
    texts = {path.name.split("_")[1].upper(): gzip.decompress(path.read_bytes()).decode() for path in FILES}
    for asset, name, exchange_id in wanted:
        assert re.search(rf'"{name}":\s?{exchange_id}\b', texts[asset]), f"{asset} {name}={exchange_id}"
