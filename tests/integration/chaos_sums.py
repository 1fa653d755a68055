"""What the chaos tests publish, what it adds up to, and in what a result differs from that.

The checker is on its own so that it can be shown to notice a wrong `restore` (`test_chaos_checker.py`), without which a chaos run that
passes would say little.
"""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Final, Self

import pyarrow as pa

from dolphin.cluster.wire import Batch

ASSETS: Final = [f"ASSET{i:02}" for i in range(40)]
ROWS: Final = 20

type Found = Mapping[str, Mapping[str, int]]
"""`total` and `rows` by asset, as `chaos_functions.Sums` gives them."""


class Shard:
    """The numbered batches of one shard, drawn from a seed, and their sums so far."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self._random = random.Random(f"{seed}/{name}")
        self._number = 0
        self.totals: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()

    def draw(self) -> Batch:
        """The next batch, which is counted at once: whoever draws it sends it until it is taken."""
        self._number += 1
        assets = self._random.choices(ASSETS, k=ROWS)
        amounts = [self._random.randrange(1, 1000) for _ in range(ROWS)]
        for asset, amount in zip(assets, amounts, strict=True):
            self.totals[asset] += amount
            self.rows[asset] += 1
        columns = {"asset": assets, "amount": amounts, "shard": [self.name] * ROWS, "number": [self._number] * ROWS}
        return Batch.of(self.name, self._number, pa.record_batch(columns))

    def with_(self, other: Self) -> dict[str, dict[str, int]]:
        """The sums of both, by asset."""
        totals, rows = self.totals + other.totals, self.rows + other.rows
        return {asset: {"total": totals[asset], "rows": rows[asset]} for asset in sorted(totals)}


def differences(expected: Found, found: Found) -> list[str]:
    """One line for each asset whose sums are not exact; none if all are."""
    return [
        f"{asset}: {dict(found.get(asset, {}))} instead of {dict(expected.get(asset, {}))}"
        for asset in sorted(expected.keys() | found.keys())
        if dict(found.get(asset, {})) != dict(expected.get(asset, {}))
    ]
