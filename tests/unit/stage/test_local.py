"""A function without a cluster sees what a job would have shown it."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dolphin.cli import main
from dolphin.errors import ExitCode
from dolphin.stage import run_local

MODULE = "functions_for_local_runs"


class Sees:
    """Answers the market time and the number of batches it saw; at a watermark, minus that number."""

    def __init__(self, start: int = 0) -> None:
        self.batches = start

    def process(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self.batches += 1
        time = int((batch.schema.metadata or {}).get(b"market_time_ns", b"-1"))
        return pa.record_batch({"asset": [batch.column("asset")[0].as_py()], "time": [time], "n": [self.batches]})

    def watermark(self, time_ns: int) -> pa.RecordBatch:
        return pa.record_batch({"asset": [""], "time": [time_ns], "n": [-self.batches]})


@pytest.fixture(autouse=True)
def _module() -> Iterator[None]:
    module = types.ModuleType(MODULE)
    module.Sees = Sees  # pyright: ignore[reportAttributeAccessIssue]
    sys.modules[MODULE] = module
    yield
    del sys.modules[MODULE]


def batch(assets: list[str], time_ns: int) -> pa.RecordBatch:
    return pa.record_batch({"asset": assets, "market_time_ns": [time_ns] * len(assets)})


def seen(results: Iterator[pa.RecordBatch]) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for result in results for row in result.to_pylist()]


def test_market_time_comes_from_the_last_row_and_a_watermark_follows_each_batch() -> None:
    results = seen(run_local(f"{MODULE}:Sees", [batch(["BTC"], 5), batch(["ETH"], 9)], {"start": 10}))
    assert results == [("BTC", 5, 11), ("", 5, -11), ("ETH", 9, 12), ("", 9, -12)]


def test_metadata_of_a_batch_wins_over_its_column() -> None:
    given = batch(["BTC"], 5).replace_schema_metadata({"market_time_ns": "77"})
    assert seen(run_local(f"{MODULE}:Sees", [given]))[0] == ("BTC", 77, 1)


def test_a_keyed_run_keeps_an_instance_for_each_group_as_the_edge_of_a_job_does() -> None:
    results = seen(run_local(f"{MODULE}:Sees", [batch(["BTC", "ETH"], 5), batch(["ETH"], 6)], keyed_by="asset", key_groups=2710))
    assert sorted(row for row in results if row[0]) == [("BTC", 5, 1), ("ETH", 5, 1), ("ETH", 6, 2)]


def test_the_command_runs_a_function_on_a_parquet_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.Table.from_batches([batch(["BTC", "ETH"], 5)]), source)
    assert main(["stage", "run", f"{MODULE}:Sees", str(source), "--out", str(out), "--json"]) == ExitCode.DONE
    assert '"rows_in":2' in capsys.readouterr().out
    assert pq.read_table(out).column("time").to_pylist() == [5, 5]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([f"{MODULE}:Sees", "missing.parquet"], "file = 'missing.parquet'"),
        ([f"{MODULE}:Nothing", "{file}"], "has no Nothing"),
        ([f"{MODULE}:Sees", "{file}", "--params", "[1]"], "--params = '[1]': not a JSON object"),
        ([f"{MODULE}:Sees", "{file}", "--keyed-by", "asst"], "column asst is missing"),
    ],
)
def test_bad_input_is_one_line_with_the_remedy(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(pa.Table.from_batches([batch(["BTC"], 5)]), source)
    assert main(["stage", "run", *(argument.format(file=source) for argument in arguments)]) == ExitCode.BAD_INPUT
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
