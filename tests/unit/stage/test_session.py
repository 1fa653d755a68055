"""The frames by which a worker answers a batch."""

from typing import Any

import pyarrow as pa
import pytest

from dolphin.core.arrow.ipc import StreamWriter
from dolphin.stage import protocol
from dolphin.stage.protocol import Frame, FrameType
from dolphin.stage.worker import Session

BATCHES: dict[str, Any] = {"kind": "batches"}
ROWS: dict[str, Any] = {"kind": "rows", "key_template": "{key}", "value_column": "value", "columns": [], "last_row_only": False}


def echo(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The stage function of these tests."""
    return batch


def answers(outputs: list[dict[str, Any]], rows: int = 2) -> list[tuple[FrameType, int]]:
    """Types of the frames that answer one batch, and how many items each has."""
    session = Session({"function": f"{__name__}:echo", "params": {}, "keyed": False, "outputs": outputs})
    batch = pa.record_batch({"key": [str(row) for row in range(rows)], "value": [b"v"] * rows})
    arrow = b"".join(StreamWriter().pieces(batch, {}))
    request = Frame(FrameType.BATCH, 7, memoryview((5).to_bytes(8, "little") + bytes(4) + arrow))
    seen: list[tuple[FrameType, int]] = []
    for pieces in session.answers(request):
        reader = protocol.FrameReader(1 << 20)
        frame = b"".join(pieces)
        reader.space()[: len(frame)] = frame
        reader.filled(len(frame))
        read = reader.next()
        assert read is not None
        assert read.seq == 7
        counted_at = 0 if read.type is FrameType.PART else 12
        seen.append((read.type, int.from_bytes(read.body[counted_at : counted_at + 4], "little")))
    return seen


@pytest.mark.parametrize(
    ("outputs", "frames"),
    [
        ([ROWS, BATCHES], [(FrameType.PART, 1), (FrameType.RESULT, 2)]),
        ([BATCHES], [(FrameType.RESULT, 1)]),
        ([ROWS], [(FrameType.RESULT, 2)]),
        ([], [(FrameType.RESULT, 0)]),
    ],
)
def test_batches_leave_before_rows_are_encoded(outputs: list[dict[str, Any]], frames: list[tuple[FrameType, int]]) -> None:
    assert answers(outputs) == frames
