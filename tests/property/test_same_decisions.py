"""One market, the same decisions, however it is cut into batches: by a feed at another speed, a slower machine, a reader of a file."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any, Final, Literal

import msgpack
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolphin.core.contract.kinds import Kind
from dolphin.core.control import gate_entry
from dolphin.core.control.command import Command, decode, survival_signal
from dolphin.core.market.batcher import Batcher, record_batch
from dolphin.core.market.rows import Row, Translator
from dolphin.feeds.synthetic import Synthetic, generate
from python_udfs.breaker_votes import BreakerVotes
from python_udfs.features import Features
from python_udfs.scan import Scan
from python_udfs.survival import Survival

MARKET: Final = Synthetic(assets=3, seed=11, minutes=2.0)
WARM_UP_S: Final = 30
UNHURRIED = settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
"""Each example is two minutes of market: a second or two of this machine."""


class Governed:
    """The stages and the gates behind them, as the jobs `ars`, `acb` and `survival` wire them; everything that they decide is kept."""

    def __init__(self) -> None:
        self.features, self.scan = Features(), Scan(1_000_000_000)
        self.votes, self.survival = BreakerVotes("paper", warm_up_s=WARM_UP_S), Survival("paper", warm_up_s=WARM_UP_S)
        self.gates: dict[tuple[str, str], bytes | None] = {}
        self.commands: list[Command] = []
        self.scans: list[bytes] = []

    def take(self, batch: pa.RecordBatch) -> None:
        """One MARKET batch through everything."""
        seen = self.features.process(batch)
        self.scans += [scan.serialize().to_pybytes() for scan in self.scan.process(seen)]
        for stage in (self.votes, self.survival):
            found = stage.process(seen)
            for each in [] if found is None else found.to_pylist():
                self._apply(each["key"], each["value"])

    def _apply(self, key: str, signal: bytes) -> None:
        if msgpack.unpackb(signal)["kind"] == "demand":
            signal = survival_signal(self._step("POSTURE", key, signal))
        self.commands.append(self._step("LEVERAGE", key, signal))

    def _step(self, gates: Literal["POSTURE", "LEVERAGE"], key: str, signal: bytes) -> Command:
        applied = gate_entry.apply(gates, key, self.gates.get((gates, key)), signal)
        assert applied.value is not None
        self.gates[gates, key] = applied.value
        return decode(applied.value)

    def decided(self) -> dict[str, list[Command]]:
        """Every command of each gate, in order. Between gates there is none: two jobs decide side by side."""
        by_gate: dict[str, list[Command]] = {}
        for command in self.commands:
            by_gate.setdefault(command.key, []).append(command)
        return by_gate


def played(batches: Iterator[pa.RecordBatch]) -> Governed:
    governed = Governed()
    for batch in batches:
        governed.take(batch)
    return governed


def cut_at_random(rows: list[Row], random: Random, longest: int) -> Iterator[pa.RecordBatch]:
    at = 0
    while at < len(rows):
        size = random.randint(1, longest)
        yield record_batch(rows[at : at + size])
        at += size


def cut_by_a_feed(rows: list[Row], random: Random, span_ns: int) -> Iterator[pa.RecordBatch]:
    """As a paced feed does, whose loop comes round late now and then and whose span follows the lag of its jobs."""
    batcher = Batcher(shard="0", max_span_ns=span_ns)
    at = 0
    while at < len(rows):
        arrived = rows[at : at + random.randint(1, 60)]
        at += len(arrived)
        batcher.add(arrived)
        batcher.max_span_ns = random.randint(1, 4) * span_ns
        for _ in range(random.randint(0, 3)):
            batch = batcher.take(arrived[-1][3])
            if batch is not None:
                yield batch
    while (batch := batcher.flush()) is not None:
        yield batch


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    translator = Translator()
    found: list[Row] = []
    last_ns = 0
    for frame in generate(MARKET):
        found += translator.on_frame(frame.receive_ns, frame.raw, frame.event_shift_ns)
        last_ns = frame.receive_ns
    return found + translator.on_end(last_ns)


@pytest.fixture(scope="module")
def expected(rows: list[Row]) -> Governed:
    """What is decided when every batch ends at a TICK and holds one."""
    ends = [0, *(at + 1 for at, row in enumerate(rows) if row[1] == Kind.TICK)]
    return played(record_batch(rows[start:end]) for start, end in pairwise(ends))


def test_the_market_has_something_to_decide(expected: Governed) -> None:
    account = expected.decided()["paper"]
    assert len({command.posture for command in account}) >= 3, "the account falls by itself too"
    cuts = {command.asset for command in expected.commands if command.cap_ppm < command.from_cap_ppm}
    assert cuts == {"", *MARKET.symbols}
    assert len(expected.scans) > 100


@UNHURRIED
@given(seed=st.integers(0, 2**32), longest=st.sampled_from([1, 7, 100, 3_000]))
def test_where_batches_are_cut_decides_nothing(rows: list[Row], expected: Governed, seed: int, longest: int) -> None:
    found = played(cut_at_random(rows, Random(seed), longest))
    assert found.decided() == expected.decided()
    assert found.scans == expected.scans


@UNHURRIED
@given(seed=st.integers(0, 2**32), span_ms=st.sampled_from([5, 40, 80, 125, 1_600]))
def test_speed_and_jitter_of_a_feed_decide_nothing(rows: list[Row], expected: Governed, seed: int, span_ms: int) -> None:
    found = played(cut_by_a_feed(rows, Random(seed), span_ms * 1_000_000))
    assert found.decided() == expected.decided()
    assert found.scans == expected.scans


def test_one_batch_of_everything_decides_the_same(rows: list[Row], expected: Governed) -> None:
    found = played(iter([record_batch(rows)]))
    assert found.decided() == expected.decided()
    assert found.scans == expected.scans


def test_a_stage_restored_between_any_two_batches_decides_the_same(rows: list[Row], expected: Governed) -> None:
    random, governed = Random(5), Governed()
    for batch in cut_at_random(rows, random, 400):
        if random.random() < 0.3:
            for name, stage in (("features", Features), ("scan", lambda: Scan(1_000_000_000))):
                _move(governed, name, stage())
            _move(governed, "votes", BreakerVotes("paper", warm_up_s=WARM_UP_S))
            _move(governed, "survival", Survival("paper", warm_up_s=WARM_UP_S))
        governed.take(batch)
    assert governed.decided() == expected.decided()
    assert governed.scans == expected.scans


def _move(governed: Governed, name: str, into: Any) -> None:
    into.restore(getattr(governed, name).snapshot())
    setattr(governed, name, into)
