"""What many tests make or take apart, once."""

from typing import Any, Final, NamedTuple

import pyarrow as pa

from dolphin.core.contract.causes import STREAM_OF_KIND
from dolphin.core.contract.kinds import Kind

_KIND_OF_STREAM: Final = {stream: kind for kind, stream in STREAM_OF_KIND.items() if kind is not Kind.GAP}


def values_of(batch: pa.RecordBatch, column: str) -> list[Any]:
    """What a column holds; which type it has and whether it has nulls is known to the test and not to pyarrow's stubs."""
    return batch.column(column).to_pylist()


class Cause(NamedTuple):
    """The exchange message that a cause id names."""

    asset: str
    kind: Kind
    exchange_id: int


def cause_of(text: str) -> Cause:
    """The message that `text` names. A GAP's cause reads as the DEPTH message it is; fails the test where it is no cause id."""
    asset, _, rest = text.partition("@")
    stream, _, number = rest.partition("#")
    assert asset, text
    assert number.isdecimal(), text
    return Cause(asset, _KIND_OF_STREAM[stream], int(number))
