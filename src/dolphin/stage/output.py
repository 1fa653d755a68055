"""Results of a stage, encoded for the edges that leave it.

Each edge has an output: whole batches, batches split by a column into key groups, or rows for a map. Edges with equal
outputs share one encoding. The Java side (`dolphin.jet.stage.Output`) names them in the worker's configuration and
never looks inside what comes back.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, cast

import msgpack
import numpy as np
import pyarrow as pa

from dolphin.core.arrow.ipc import StreamWriter
from dolphin.stage.function import StageError
from dolphin.stage.harness import Stamped
from dolphin.stage.protocol import Item, ItemKind


@dataclass(frozen=True, slots=True)
class Batches:
    """The batch as it is, under the key of the input."""


@dataclass(frozen=True, slots=True)
class Split:
    """One batch per key group that occurs; the key is the group in decimal."""

    column: str
    key_groups: int


@dataclass(frozen=True, slots=True)
class Rows:
    """One row of the batch per item; see `dolphin.jet.stage.Output.Rows` for the fields."""

    key_template: str
    value_column: str | None
    columns: tuple[str, ...]
    is_last_row_only: bool


type Output = Batches | Split | Rows


def parse(config: Sequence[dict[str, Any]]) -> list[Output]:
    """The outputs in a worker's configuration, by edge ordinal."""
    return [_parse(output) for output in config]


def _parse(output: dict[str, Any]) -> Output:
    match output["kind"]:
        case "batches":
            return Batches()
        case "split":
            return Split(output["column"], output["key_groups"])
        case "rows":
            return Rows(output["key_template"], output["value_column"], tuple(output["columns"]), output["last_row_only"])
        case kind:
            raise StageError(f"output kind {kind!r} is unknown")


def key_group(value: object, key_groups: int) -> int:
    """The key group of a column's value: crc32 of its text, modulo. Part of the contract: state in snapshots is found by it."""
    return zlib.crc32(str(value).encode()) % key_groups


class Encoder:
    """Encodes result batches for a fixed list of outputs.

    Rows cost several times what a batch does, and who waits for a message should not wait for entries of a map: batches are encoded first.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        """`outputs` by edge ordinal."""
        edges: dict[Output, int] = {}
        for ordinal, output in enumerate(outputs):
            edges[output] = edges.get(output, 0) | 1 << ordinal
        self._batch_edges = {output: bits for output, bits in edges.items() if not isinstance(output, Rows)}
        self._row_edges = {output: bits for output, bits in edges.items() if isinstance(output, Rows)}
        self._writer = StreamWriter()

    @property
    def has_rows(self) -> bool:
        """Whether any output is rows."""
        return bool(self._row_edges)

    def batches(self, key: str, time_ns: int, result: Stamped) -> Iterable[Item]:
        """The items of one result that are batches, in order for each edge. Raises `StageError` for a column that is missing or null
        where it must not be."""
        batch, metadata = result
        for output, edges in self._batch_edges.items():
            match output:
                case Batches():
                    yield Item(edges, ItemKind.BATCH, key, time_ns, self._writer.pieces(batch, metadata))
                case Split():
                    for group, part in split(batch, output):
                        yield Item(edges, ItemKind.BATCH, str(group), time_ns, self._writer.pieces(part, metadata))

    def rows(self, result: Stamped) -> Iterable[Item]:
        """The items of one result that are rows; as `batches`."""
        for output, edges in self._row_edges.items():
            for key, value in rows(result.batch, output):
                yield Item(edges, ItemKind.ROW, key, 0, (value,))


def split(batch: pa.RecordBatch, output: Split) -> Iterable[tuple[int, pa.RecordBatch]]:
    """The batch by key groups, groups ascending, rows in their order."""
    column = _column(batch, output.column)
    if column.null_count:
        raise StageError(f"column {output.column} has nulls; the next stage is keyed by it")
    encoded = column.dictionary_encode()
    group_of_value = np.array([key_group(value, output.key_groups) for value in encoded.dictionary.to_pylist()], dtype=np.int64)
    group_of_row = group_of_value[encoded.indices.to_numpy()]
    for group in np.unique(group_of_row):
        yield int(group), batch.filter(pa.array(group_of_row == group))


def rows(batch: pa.RecordBatch, output: Rows) -> Iterable[tuple[str, bytes]]:
    """Key and value of each row."""
    if output.is_last_row_only:
        batch = batch.slice(max(0, batch.num_rows - 1))
    return zip(_keys(batch, output.key_template), _values(batch, output), strict=True)


def _keys(batch: pa.RecordBatch, template: str) -> list[str]:
    parts: list[list[str]] = []
    for literal, field, _, _ in Formatter().parse(template):
        if literal:
            parts.append([literal] * batch.num_rows)
        if field is not None:
            column = _column(batch, field)
            if column.null_count:
                raise StageError(f"column {field} has nulls; it is part of the key {template!r}")
            parts.append([str(value) for value in column.to_pylist()])
    return ["".join(pieces) for pieces in zip(*parts, strict=True)]


def _values(batch: pa.RecordBatch, output: Rows) -> list[bytes]:
    if output.value_column is not None:
        column = _column(batch, output.value_column)
        if column.null_count:
            raise StageError(f"column {output.value_column} has nulls; it is the value of a map entry")
        if not pa.types.is_binary(column.type):
            raise StageError(f"column {output.value_column} is {column.type}, not binary; it is taken as the value as it is")
        return cast("list[bytes]", column.to_pylist())
    names = output.columns or tuple(batch.schema.names)
    arrays = [_column(batch, name) for name in output.columns] or batch.columns
    columns = [array.to_pylist() for array in arrays]
    pack: Callable[[object], bytes] = msgpack.Packer().pack
    try:
        return [pack(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]
    except TypeError as unfit:
        raise StageError(f"a row does not fit msgpack: {unfit}; cast the column to numbers, text, bool or binary") from unfit


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    position = batch.schema.get_field_index(name)
    if position < 0:
        raise StageError(f"column {name} is missing; the result has {', '.join(batch.schema.names)}")
    return batch.column(position)
