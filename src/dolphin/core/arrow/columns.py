"""A record batch from columns by name."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa


def by_name(columns: Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """A batch of `schema` from its `columns` (arrays or sequences of one length), wherever each stands in the schema."""
    assert columns.keys() == set(schema.names), f"not the columns of the schema: {sorted(columns.keys() ^ set(schema.names))}"
    arrays = [pa.array(columns[name], kind) for name, kind in zip(schema.names, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)  # pyright: ignore[reportUnknownMemberType]
