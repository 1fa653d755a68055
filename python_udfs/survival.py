"""FEATURES in, demands of the survival controller out: one signal for the gate `account` of `POSTURE`.

The rules are `dolphin.core.sensing.account` (what the account senses) and `dolphin.core.control.assessment` (what it would allow); this
stage turns batches into their readings and a demand into a signal. A market that was made under another control law (`dolphin.core.law`) is
a broken invariant: it is said with every such batch, and no demand is made of it.
"""

from typing import Final

import pyarrow as pa
from msgspec import convert
from msgspec.structs import asdict

from dolphin.core.contract.packing import pack
from dolphin.core.contract.schemas import SIGNALS
from dolphin.core.control.assessment import Memory, assess
from dolphin.core.control.params import SurvivalParams
from dolphin.core.control.posture_gate import demand_signal
from dolphin.core.sensing.account import AccountSenses
from dolphin.core.units import SECOND_NS
from dolphin.errors import BadInput
from dolphin.stage import snapshot
from python_udfs import readings

_SNAPSHOT: Final = ("survival", 4)


class Survival:
    """The stage. `account` names the gate; times are market time."""

    INPUT = readings.INPUT
    OUTPUT = SIGNALS

    def __init__(self, account: str, warm_up_s: int = 60) -> None:
        if not 1 <= warm_up_s <= 3_600_000:
            raise BadInput("must be from 1 to 3600000", field="warm_up_s", value=warm_up_s, remedy="Leave it out for its default.")
        self._account = account
        self._warm_up_ns = warm_up_s * SECOND_NS
        self._params = SurvivalParams()
        self._memory = Memory()
        self._epoch = 0  # market time of the first batch: a job submitted anew has a larger one
        self._seq = 0
        self._senses = AccountSenses()

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """The demand at each grid point in `batch`; each renews the lease."""
        if wrong := readings.other_law(batch):
            return self._signals([{"kind": "broken", "source": "survival", "reason": wrong, "cause_id": ""}])
        demands: list[dict[str, object]] = []
        for now_ns, assets in readings.readings(batch):
            self._epoch = self._epoch or now_ns
            inputs = self._senses.step(assets, now_ns, self._memory.time_ns or now_ns, self._warm_up_ns)
            self._memory, demand = assess(self._memory, inputs, self._params)
            self._seq += 1
            demands.append(demand_signal(demand, self._epoch, self._seq))
        return self._signals(demands) if demands else None

    def snapshot(self) -> bytes:
        """Everything the next batch depends on."""
        state = {
            "memory": asdict(self._memory),
            "epoch": self._epoch,
            "seq": self._seq,
            "senses": self._senses.to_list(),
        }
        return snapshot.pack(*_SNAPSHOT, state)

    def restore(self, data: bytes) -> None:
        """Become the stage that wrote `data`; BadInput (and nothing changed) where it is not a snapshot of this stage."""

        def read(state: snapshot.State) -> tuple[Memory, int, int, AccountSenses]:
            return convert(state["memory"], Memory), state["epoch"], state["seq"], AccountSenses.from_list(state["senses"])

        self._memory, self._epoch, self._seq, self._senses = snapshot.restored(data, *_SNAPSHOT, read)

    def _signals(self, signals: list[dict[str, object]]) -> pa.RecordBatch:
        return readings.signals([self._account] * len(signals), [pack(each) for each in signals])
