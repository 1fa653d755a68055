"""A compiled kernel is never older than what it is made from."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dolphin.core.signals import compiling

COLUMN = '    Column("ask_depth_usd", _FLOAT, "DEPTH'
READ = """
import json, sys
from pathlib import Path
from dolphin.core.signals import compiling
compiling.FOLDER = Path(sys.argv[1]) / compiling.FOLDER.name
import pyarrow as pa
from dolphin.core.contract.schemas import MARKET
from dolphin.core.signals.feature_state import FLOAT_INPUTS
from dolphin.core.signals.market_arrays import read_rows
row = {field.name: {"float": 100.0 + at, "int": at, "bool": True, "str": "A"}[kind(field.type)] for at, field in enumerate(MARKET)}
*_, values = read_rows(pa.RecordBatch.from_pylist([row], MARKET))
print(json.dumps({name: [row[name], values[i, 0]] for i, name in enumerate(FLOAT_INPUTS)}))
""".replace(
    "kind(field.type)",
    "'float' if pa.types.is_floating(field.type) else 'bool' if pa.types.is_boolean(field.type) "
    "else 'str' if pa.types.is_string(field.type) else 'int'",
)


def read_in(copy: Path, cache: Path) -> dict[str, list[float]]:
    """(value in the row, value that the kernel read) by column, by a process that has nothing but `copy` and what `cache` holds."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(cache)],
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_column_inserted_under_a_warm_cache_moves_every_column_behind_it(tmp_path: Path) -> None:
    copy, cache = tmp_path / "copy", tmp_path / "cache"
    shutil.copytree(compiling.PACKAGE.parent, copy / "dolphin")
    warm = read_in(copy, cache)
    schema = copy / "dolphin" / "core" / "contract" / "schemas.py"
    before = schema.read_text()
    assert before.count(COLUMN) == 1
    schema.write_text(before.replace(COLUMN, f'    Column("inserted", _FLOAT, "a stranger"),\n{COLUMN}'))
    after = read_in(copy, cache)
    assert after.keys() == warm.keys() | {"inserted"}
    for name, (in_row, read) in [*warm.items(), *after.items()]:
        assert read == in_row, name
    assert len(list(cache.iterdir())) == 2, "both kernels were kept, each under its own name"


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
