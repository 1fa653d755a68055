"""FEATURES in, votes of the adaptive cut-off out: one signal per asset for the gate `account/asset`.

What each source reads is `dolphin.core.sensing.asset`; this stage turns batches into its readings and its votes into signals.
"""

from typing import Final

import pyarrow as pa

from dolphin.core.contract import names
from dolphin.core.contract.packing import pack
from dolphin.core.contract.schemas import SIGNALS
from dolphin.core.sensing.asset import AssetVotes, VoteTiming
from dolphin.core.units import MS_NS
from dolphin.errors import BadInput
from dolphin.stage import snapshot
from python_udfs import readings

_SNAPSHOT: Final = ("breaker_votes", 3)


class BreakerVotes:
    """The stage. `account` names the gates; times are market time."""

    INPUT = readings.INPUT
    OUTPUT = SIGNALS

    def __init__(self, account: str, lease_ms: int = 2_000, warm_up_s: int = 60) -> None:
        for name, value in (("lease_ms", lease_ms), ("warm_up_s", warm_up_s)):
            if not 1 <= value <= 3_600_000:
                raise BadInput("must be from 1 to 3600000", field=name, value=value, remedy="Leave it out for its default.")
        self._account = account
        self._timing = VoteTiming(lease_ms * MS_NS, warm_up_s * 1_000 * MS_NS)
        self._now_ns = 0
        self._assets: dict[str, AssetVotes] = {}

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """Votes at the grid points in `batch`. One that is not later than the last one is not voted on: its leases were already decided."""
        keys: list[str] = []
        values: list[bytes] = []
        for now_ns, assets in readings.readings(batch):
            if now_ns <= self._now_ns:
                continue
            self._now_ns = now_ns
            for reading in assets:
                memory = self._assets.get(reading.asset)
                if memory is None:
                    memory = self._assets[reading.asset] = AssetVotes()
                keys.append(names.gate_key(self._account, reading.asset))
                values.append(pack({"kind": "vote", "votes": memory.step(reading, now_ns, self._timing)}))
        return readings.signals(keys, values) if keys else None

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        assets = {asset: memory.to_list() for asset, memory in self._assets.items()}
        return snapshot.pack(*_SNAPSHOT, {"now_ns": self._now_ns, "assets": assets})

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""

        def read(state: snapshot.State) -> tuple[int, dict[str, AssetVotes]]:
            return state["now_ns"], {asset: AssetVotes.from_list(fields) for asset, fields in state["assets"].items()}

        self._now_ns, self._assets = snapshot.restored(data, *_SNAPSHOT, read)
