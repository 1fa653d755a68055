"""A stage that renews a lease with every batch, until it is told to hang."""

import time
from typing import Final

import pyarrow as pa

from dolphin.core.contract.packing import pack

LEASE_NS: Final = 2_000_000_000
HANG: Final = "HANG"
ACCOUNT: Final = "deadman"


class Renewals:
    """One survival signal a batch: everything is good, for LEASE_NS from the batch's market time."""

    INPUT: Final = pa.schema([("asset", pa.utf8()), ("market_time_ns", pa.int64())])
    OUTPUT: Final = pa.schema([("key", pa.utf8()), ("value", pa.binary())])

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if HANG in batch.column("asset").to_pylist():
            time.sleep(3_600)
        at_ns = batch.column("market_time_ns")[-1].as_py()
        signal = {"kind": "survival", "epoch": 1, "seq": at_ns, "issued_at_ns": at_ns, "posture": "APEX", "cap_ppm": 6_000_000}
        more = {"r_total_ppm": 1_000_000, "factors_ppm": [1_000_000] * 5, "passive_only": False, "reasons": [], "cause_ids": []}
        value = pack({**signal, **more, "expires_at_ns": at_ns + LEASE_NS})
        return pa.record_batch({"key": [ACCOUNT], "value": [value]}, schema=self.OUTPUT)
