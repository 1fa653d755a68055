"""The survival stage for an account after the other: after each fall the next account is spoken for.

R rises 1 % a minute and a gate is never deleted, so one account could fall once an hour. An account nobody spoke of takes what the readings
allow at once, and can fall at once. Everything else is the stage of the job `survival`, untouched.
"""

import msgpack
import pyarrow as pa

from dolphin.control.posture import LADDER, Posture
from python_udfs.survival import Survival

ACCOUNT = "kill"
FALLEN_BELOW_PPM = LADDER[Posture.TURTLE].enter_below_ppm


class Rotating:
    """`Survival` whose key is `kill-0`, then `kill-1`, ..."""

    INPUT = Survival.INPUT
    OUTPUT = Survival.OUTPUT

    def __init__(self) -> None:
        self._survival = Survival(ACCOUNT)
        self._number = 0

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        signals = self._survival.process(batch)
        if signals is None:
            return None
        renamed = pa.RecordBatch.from_arrays(
            [pa.array([f"{ACCOUNT}-{self._number}"], pa.utf8()), signals.column("value")], schema=self.OUTPUT
        )
        demand = msgpack.unpackb(signals.column("value")[0].as_py())
        self._number += demand["is_ready"] and demand["r_cmd_ppm"] < FALLEN_BELOW_PPM
        return renamed

    def snapshot(self) -> bytes:
        return self._survival.snapshot()

    def restore(self, data: bytes) -> None:
        self._survival.restore(data)
