"""`dolphin stage run`: a stage function on a Parquet file, without a cluster."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from dolphin.cli.options import JsonOption, print_json
from dolphin.errors import BadInput
from dolphin.stage.function import StageError
from dolphin.stage.local import run_local

app = typer.Typer(help="Run and inspect stage functions.")

_SHOWN_ROWS = 20


@app.callback()
def _group() -> None:
    """Run and inspect stage functions."""


@app.command("run")
def run(
    function: Annotated[str, typer.Argument(help="module:function or module:Class, for example python_udfs.features:Features")],
    file: Annotated[Path, typer.Argument(help="A Parquet file; its rows go in as record batches.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write all results to this Parquet file.")] = None,
    params: Annotated[str, typer.Option("--params", help="JSON object of keyword arguments.")] = "{}",
    keyed_by: Annotated[
        str | None, typer.Option("--keyed-by", help="Keep an instance per group of this column, as a keyed stage does.")
    ] = None,
    batch_rows: Annotated[int, typer.Option("--batch-rows", help="Rows per input batch.", min=1, max=1_000_000)] = 1024,
    as_json: JsonOption = False,
) -> None:
    """Run a stage function on a file, exactly as a job would run it."""
    source = _open(file)
    given = _parse_params(params)
    try:
        results = list(run_local(function, source.iter_batches(batch_size=batch_rows), given, keyed_by=keyed_by))
    except StageError as broken:
        raise BadInput(str(broken), field="function", value=function, remedy="Mend the function") from broken
    if out is not None:
        _write(out, results)
    summary = {"function": function, "rows_in": source.metadata.num_rows, "batches_out": len(results), "rows_out": sum(map(len, results))}
    if as_json:
        print_json(
            summary | {"schema": {field.name: str(field.type) for field in results[0].schema} if results else {}, "out": out and str(out)}
        )
        return
    for row in _head(results):
        print(json.dumps(row, default=str))
    print(f"{summary['rows_in']} rows in, {summary['rows_out']} rows out in {summary['batches_out']} batches.")


def _open(file: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (OSError, pa.ArrowInvalid) as unreadable:
        raise BadInput(
            f"not a readable Parquet file ({unreadable})", field="file", value=str(file), remedy="Check the path"
        ) from unreadable


def _parse_params(text: str) -> dict[str, Any]:
    try:
        params = json.loads(text)
    except json.JSONDecodeError as bad:
        raise BadInput(f"not JSON ({bad})", field="--params", value=text, remedy="Write for example '{\"window\": 50}'") from bad
    if not isinstance(params, dict):
        raise BadInput("not a JSON object", field="--params", value=text, remedy="Write for example '{\"window\": 50}'")
    return params


def _write(out: Path, results: list[pa.RecordBatch]) -> None:
    if not results:
        raise BadInput("the function returned nothing", field="--out", value=str(out), remedy="Leave --out away, or give it more input")
    schema = results[0].schema.remove_metadata()
    try:
        pq.write_table(pa.Table.from_batches([batch.replace_schema_metadata(None) for batch in results], schema), out)
    except (OSError, pa.ArrowInvalid) as failed:
        raise BadInput(
            f"cannot be written ({failed})", field="--out", value=str(out), remedy="Check the path, and that all results have one schema"
        ) from failed


def _head(results: list[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    shown = 0
    for batch in results:
        rows = batch.slice(0, _SHOWN_ROWS - shown).to_pylist()
        shown += len(rows)
        yield from rows
