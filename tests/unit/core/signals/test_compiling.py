"""A compiled kernel is never older than what it is made from."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dolphin.core.signals import compiling

REPOSITORY = compiling.PACKAGE.parents[2]
READ = """
import json, sys
from pathlib import Path
from dolphin.core.signals import compiling
compiling.FOLDER = Path(sys.argv[1]) / compiling.FOLDER.name
import pyarrow as pa
from dolphin.core.contract.kinds import Kind
from dolphin.core.contract.schemas import MARKET
from python_udfs.features import Features
second = 1_000_000_000
values = {
    Kind.BOOK: dict(bid_price=100.0, bid_qty=2.0, ask_price=101.0, ask_qty=3.0),
    Kind.DEPTH: dict(bid_depth_usd=1111.0, ask_depth_usd=2222.0),
    Kind.TRADE: dict(price=100.5, qty=4.0, is_taker_buy=True),
    Kind.MARK: dict(mark_price=100.4, funding_rate=0.0001),
}
strangers = {name: 7.0 for name in MARKET.names if name.startswith("stranger")}
rows = [
    dict(asset="A", kind=int(kind), event_time_ns=second, market_time_ns=2 * second + at, exchange_id=50 + at) | values[kind] | strangers
    for at, kind in enumerate(values)
]
[features] = Features().process(pa.RecordBatch.from_pylist(rows, MARKET)).to_pylist()
print(json.dumps(features))
"""
KNOWN: dict[str, Any] = {
    "asset": "A", "bid": 100.0, "ask": 101.0, "bid_qty": 2.0, "ask_qty": 3.0, "last_price": 100.5, "bid_depth_usd": 1111.0,
    "ask_depth_usd": 2222.0, "taker_buy_1m": 402.0, "taker_sell_1m": 0.0, "funding_rate": 0.0001, "event_time_ns": 1_000_000_000,
    "updated_at_ns": 2_000_000_003, "book_updated_at_ns": 2_000_000_000, "depth_updated_at_ns": 2_000_000_001,
    "trade_updated_at_ns": 2_000_000_002, "book_exchange_id": 50, "depth_exchange_id": 51, "taker_exchange_id": 52, "trades_1m": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Copy:
    """The product's Python, and a place for what is compiled from it."""

    code: Path
    cache: Path

    @classmethod
    def at(cls, folder: Path) -> "Copy":
        for source in (REPOSITORY / "src" / "dolphin", REPOSITORY / "python_udfs"):
            shutil.copytree(source, folder / "code" / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        return cls(folder / "code", folder / "cache")

    def run(self) -> subprocess.CompletedProcess[str]:
        """The stage `Features` on one asset's rows, by a process that has nothing else."""
        command, environment = [sys.executable, "-c", READ, str(self.cache)], {**os.environ, "PYTHONPATH": str(self.code)}
        return subprocess.run(command, cwd=self.code, env=environment, capture_output=True, text=True, check=False)

    def features(self) -> dict[str, Any]:
        ended = self.run()
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def change(self, schema: str, change: Callable[[list[str]], None]) -> None:
        """Applies `change` to the columns of `schema`, as they are written after `Column(`."""
        path = self.code / "dolphin" / "core" / "contract" / "schemas.py"
        head, table, rest = re.split(rf"(?<=\n{schema}_COLUMNS: Final = \()(.*?)(?=\n\)\n)", path.read_text(), maxsplit=1, flags=re.DOTALL)
        columns = table.split("\n    Column(")[1:]
        change(columns)
        path.write_text("".join([head, *(f"\n    Column({column}" for column in columns), rest]))


def strangers(columns: list[str]) -> None:
    """A column that is nobody's before each, and of its kind."""
    for at in range(len(columns) - 1, -1, -1):
        name, kind = re.findall(r'^"(\w+)", (\w+)', columns[at])[0]
        if kind in ("_INT", "_FLOAT"):
            columns.insert(at, f'"stranger_{name}", {kind}, "a stranger"),')


def swap(columns: list[str]) -> None:
    """The best bid, and the depth of the asks."""
    one, other = (next(i for i, column in enumerate(columns) if column.startswith(f'"{name}"')) for name in ("bid", "ask_depth_usd"))
    columns[one], columns[other] = columns[other], columns[one]


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy whose kernels are compiled."""
    copy = Copy.at(tmp_path_factory.mktemp("warm"))
    found = copy.features()
    assert found | KNOWN == found
    return copy


def test_columns_inserted_or_moved_under_a_warm_cache_are_read_and_written_where_they_are(warm: Copy, tmp_path: Path) -> None:
    before = warm.features()
    copy = Copy(shutil.copytree(warm.code, tmp_path / "code"), warm.cache)
    copy.change("MARKET", strangers)
    copy.change("FEATURES", swap)
    assert copy.features() == before
    assert len(list(warm.cache.iterdir())) == 2, "both kernels were kept, each under its own name"


def test_a_column_of_features_that_no_kernel_writes_is_refused_by_name(tmp_path: Path) -> None:
    copy = Copy.at(tmp_path)
    copy.change("FEATURES", lambda columns: columns.insert(5, '"stranger", _FLOAT, "a stranger"),'))
    ended = copy.run()
    assert ended.returncode != 0
    assert "stranger" in ended.stderr.splitlines()[-1]


def test_without_a_folder_to_write_to_nothing_is_kept_anywhere(warm: Copy, tmp_path: Path) -> None:
    """numba would keep it beside the source, under its own rule, and find it again when a constant of another file has changed."""
    copy = Copy(shutil.copytree(warm.code, tmp_path / "code"), tmp_path / "cache")
    compiled = warm.cache / compiling.FOLDER.name
    (copy.cache / compiled.name).mkdir(parents=True)
    for kept in compiled.iterdir():
        (copy.cache / compiled.name / kept.name).write_text("in the way of a folder that could be written to")
    assert copy.features() == warm.features()
    assert not list(copy.code.rglob("*.nbi")), "kept beside the source"


def test_a_kernel_imports_nothing_of_ours_that_is_not_in_its_fingerprint() -> None:
    known = {path.relative_to(compiling.PACKAGE.parents[1]).with_suffix("").as_posix().replace("/", ".") for path in compiling.sources()}
    kernels = [path for path in compiling.PACKAGE.rglob("*.py") if "\n@kernel\n" in path.read_text()]
    assert len(kernels) >= 2
    for path in kernels:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dolphin"):
                assert node.module in known, f"{path} is made from {node.module}"


def test_nothing_is_compiled_past_the_fingerprint() -> None:
    for path in compiling.PACKAGE.rglob("*.py"):
        assert path.name == "compiling.py" or "njit" not in path.read_text(), f"{path}: use compiling.kernel"


@pytest.mark.parametrize("change", ["content", "name"])
def test_every_source_is_in_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    monkeypatch.setattr(compiling, "PACKAGE", tmp_path)
    source = tmp_path / "a.py"
    source.write_text("A = 1")
    before = compiling.fingerprint([source])
    if change == "content":
        source.write_text("A = 2")
    else:
        source = source.rename(tmp_path / "b.py")
    assert compiling.fingerprint([source]) != before
