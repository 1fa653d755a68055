"""Functions for the stage's Java tests: well behaved ones, and one for every way to misbehave."""

import ctypes
import os
import struct
import subprocess
import sys
import time

import pyarrow as pa

TRIGGER = b"bad"


def echo(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows as they came."""
    return batch


def make(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """For each row a batch with a null key and one value of the size that `value` names; no row at size 0."""
    sizes = [int(value) for value in batch.column("value").to_pylist()]
    columns = [pa.field("key", pa.utf8()), pa.field("value", pa.binary())]
    return [
        pa.record_batch([pa.nulls(bool(size), pa.utf8()), pa.array([bytes(size)] * bool(size), pa.binary())], schema=pa.schema(columns))
        for size in sizes
    ]


def measure(batch: pa.RecordBatch) -> pa.RecordBatch:
    """One row that says what the batch had."""
    value = batch.column("value")
    said = f"rows {batch.num_rows} nulls {batch.column('key').null_count} bytes {sum(map(len, value.to_pylist()))}"
    return pa.record_batch({"key": ["measured"], "value": pa.array([said.encode()], pa.binary())})


class Sum:
    """Running sum of the numbers in `value` (8 bytes, little-endian) per instance; answers the sum after each row."""

    def __init__(self) -> None:
        self.total = 0

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        totals: list[bytes] = []
        for value in batch.column("value").to_pylist():
            self.total += struct.unpack("<q", value)[0]
            totals.append(struct.pack("<q", self.total))
        return pa.record_batch({"key": batch.column("key"), "value": pa.array(totals, pa.binary())})

    def snapshot(self) -> bytes:
        return struct.pack("<q", self.total)

    def restore(self, state: bytes) -> None:
        (self.total,) = struct.unpack("<q", state)


class Watermarks:
    """Counts rows and answers the count only at a watermark."""

    def __init__(self) -> None:
        self.rows = 0

    def process(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows

    def watermark(self, time_ns: int) -> pa.RecordBatch:
        return pa.record_batch({"key": [str(time_ns)], "value": pa.array([str(self.rows).encode()], pa.binary())})


class Misbehaves:
    """Echoes until a row with the value "bad" comes, and then does what `how` says."""

    def __init__(self, how: str) -> None:
        self.how = how

    def process(self, batch: pa.RecordBatch) -> object:
        if TRIGGER in batch.column("value").to_pylist():
            return getattr(self, self.how)(batch)
        return batch

    def raises(self, batch: pa.RecordBatch) -> None:
        raise ValueError("the spread is negative")

    def hangs(self, batch: pa.RecordBatch) -> None:
        time.sleep(3600)

    def wrong_type(self, batch: pa.RecordBatch) -> int:
        return 7

    def wrong_schema(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch.rename_columns(["asset", "value"])

    def exits(self, batch: pa.RecordBatch) -> None:
        os._exit(3)

    def calls_sys_exit(self, batch: pa.RecordBatch) -> None:
        sys.exit(4)

    def segfaults(self, batch: pa.RecordBatch) -> None:
        ctypes.string_at(0)

    def allocates(self, batch: pa.RecordBatch) -> None:
        hoard = []
        while True:
            hoard.append(bytearray(64 << 20))

    def prints(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        line = "x" * 1000 + "\n"
        for _ in range(8):
            sys.stdout.write(line * 5000)
        return batch

    def forks(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if os.fork() == 0:
            return batch  # the copy returns to the worker's loop as if it were the worker
        return batch

    def detaches_then_hangs(self, batch: pa.RecordBatch) -> None:
        command = [
            sys.executable,
            "-c",
            "import os, time; os.setsid() if os.getpid() != os.getsid(0) else None; time.sleep(3600)",
            "dolphin-test-orphan",
        ]
        subprocess.Popen(command, start_new_session=True)
        time.sleep(3600)
