"""The checker of the chaos test notices what the chaos test is for: a `restore` that is wrong in any way shows in the sums.

The functions of the chaos test, in the worker's own harness, lose their process at points drawn from a seed and get back the last snapshot
and the batches since, as `RequestLog` gives them to a new worker. No member runs.
"""

import json
import random
from typing import Final

import pyarrow as pa
import pytest
from chaos_functions import OnceEach, Sums
from chaos_sums import Shard, differences

from dolphin.stage.function import load
from dolphin.stage.harness import Harness, Stamped
from dolphin.stage.output import Split, split

SEED: Final = 1084
BATCHES: Final = 100
CHANCE: Final = 0.35
"""Of a checkpoint, and of a death, before a batch."""
GROUPS: Final = Split("asset", 8)
RIGHT_ONCE: Final = "chaos_functions:OnceEach"
RIGHT_SUMS: Final = "chaos_functions:Sums"


class ForgetsAll(Sums):
    def restore(self, state: bytes) -> None:
        pass


class ForgetsOneAsset(Sums):
    def restore(self, state: bytes) -> None:
        self._sums = dict(list(json.loads(state).items())[1:])


class CountsTwice(Sums):
    def restore(self, state: bytes) -> None:
        self._sums = {asset: [total, 2 * rows] for asset, (total, rows) in json.loads(state).items()}


class SnapshotsLess(Sums):
    """One of the total is missing in its snapshot."""

    def snapshot(self) -> bytes:
        return json.dumps({asset: [total - 1, rows] for asset, (total, rows) in self._sums.items()}).encode()


class OnceAndAgain(OnceEach):
    """Forgets what it has seen, and does not mind a gap."""

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        self._last.setdefault(batch.column("shard")[0].as_py(), batch.column("number")[0].as_py() - 1)
        return super().process(batch)

    def restore(self, state: bytes) -> None:
        pass


class MortalStage:
    """One stage whose process can die."""

    def __init__(self, function: str, *, is_keyed: bool) -> None:
        self._function, self._is_keyed = function, is_keyed
        self._harness = self._start()
        self._state: list[tuple[str, bytes]] = []
        self._since: list[tuple[str, pa.RecordBatch]] = []

    def _start(self) -> Harness:
        return Harness(load(self._function, {}), is_keyed=self._is_keyed, wall_clock_ns=lambda: 0)

    def process(self, key: str, batch: pa.RecordBatch) -> list[Stamped]:
        self._since.append((key, batch))
        return self._harness.process(key, batch)

    def checkpoint(self) -> None:
        self._state, self._since = self._harness.snapshot(), []

    def die(self) -> None:
        """A new process gets the state of the checkpoint and the batches since; what it answers had been answered before."""
        self._harness = self._start()
        for key, state in self._state:
            self._harness.restore(key, state)
        for key, batch in self._since:
            self._harness.process(key, batch)


def run(once_name: str, sums_name: str) -> list[str]:
    """The differences after a run with deaths and repeated batches."""
    chance = random.Random(SEED)
    first, second = Shard("0", SEED), Shard("1", SEED)
    once, sums = MortalStage(once_name, is_keyed=False), MortalStage(sums_name, is_keyed=True)
    found: dict[str, dict[str, int]] = {}
    for _ in range(BATCHES):
        batch = chance.choice([first, second]).draw()
        for _ in range(chance.choice([1, 1, 2])):  # a writer that was not sure sends it again
            for stage in (once, sums):
                if chance.random() < CHANCE:
                    stage.checkpoint()
                if chance.random() < CHANCE:
                    stage.die()
            for passed in once.process(batch.key, batch.records()):
                for group, part in split(passed.batch, GROUPS):
                    for result in sums.process(str(group), part):
                        found |= {row.pop("asset"): row for row in result.batch.to_pylist()}
    return differences(first.with_(second), found)


def test_with_a_right_restore_the_sums_are_exact_whenever_a_process_dies() -> None:
    assert run(RIGHT_ONCE, RIGHT_SUMS) == []


@pytest.mark.parametrize("wrong", [ForgetsAll, ForgetsOneAsset, CountsTwice, SnapshotsLess])
def test_a_wrong_restore_of_the_sums_is_noticed(wrong: type[Sums]) -> None:
    assert run(RIGHT_ONCE, f"{__name__}:{wrong.__name__}")


def test_a_wrong_restore_of_what_was_seen_is_noticed() -> None:
    assert run(f"{__name__}:{OnceAndAgain.__name__}", RIGHT_SUMS)


def test_an_asset_too_many_or_too_few_is_noticed() -> None:
    sums = {"total": 1, "rows": 1}
    assert differences({"A": sums}, {}) == ["A: {} instead of {'total': 1, 'rows': 1}"]
    assert differences({}, {"A": sums}) == ["A: {'total': 1, 'rows': 1} instead of {}"]
