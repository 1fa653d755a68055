"""The survival stage for an account after the other: after each fall the next account is spoken for.

R rises 1 % a minute and a gate is never deleted, so one account could fall once an hour. An account nobody spoke of takes what the readings
allow at once, and can fall at once. Everything else is the stage of the job `survival`, untouched.
"""

import pyarrow as pa

from dolphin.core.contract.packing import unpack
from dolphin.core.control.posture import LADDER, Posture
from python_udfs.survival import Survival

ACCOUNT = "kill"
FALLEN_BELOW_PPM = LADDER[Posture.TURTLE].enter_below_ppm


class Rotating(Survival):
    """`Survival` whose account is `kill-0`, then `kill-1`, ..."""

    def __init__(self) -> None:
        super().__init__(f"{ACCOUNT}-0")
        self._number = 0

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        signals = super().process(batch)
        sent = None if signals is None else unpack(signals.column("value")[-1].as_py())
        if sent is not None and sent["is_ready"] and sent["r_cmd_ppm"] < FALLEN_BELOW_PPM:
            self._number += 1
            self._account = f"{ACCOUNT}-{self._number}"
        return signals
