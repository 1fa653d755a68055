"""The stage of the chain: hands its batch on."""

import pyarrow as pa


def identity(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch
