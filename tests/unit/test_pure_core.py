"""The core has no clock, no chance and no outside: a literal list of what it may use of the outside world, and nothing else.

Whatever a file of the core names of another library or of Python's builtins has to be in the list. So what nobody has thought of
(`open`, `numpy.random`, `sqlite3`, `__import__`) is refused until somebody enters it here.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.sources import REPOSITORY, bound, named, tracked, uses

CORE = "src/dolphin/core"
FILES = tracked(f"{CORE}/*.py")

ALLOWED = frozenset(
    {
        # modules in which nothing sees or does anything
        *("bisect", "collections", "enum", "itertools", "math", "re", "typing", "numpy.typing"),
        *("dataclasses.dataclass", "dataclasses.field", "dataclasses.fields", "dataclasses.replace"),
        *("functools.lru_cache", "functools.partial", "hashlib.sha256", "operator.gt", "operator.lt", "struct.Struct"),
        *("types.MappingProxyType", "zlib.crc32", "tomllib.loads", "tomllib.TOMLDecodeError"),
        *("msgpack.ExtType", "msgpack.packb", "msgpack.unpackb"),
        *("msgspec.DecodeError", "msgspec.Meta", "msgspec.Struct", "msgspec.ValidationError", "msgspec.convert", "msgspec.field"),
        *("msgspec.json", "msgspec.structs", "msgspec.to_builtins"),
        *(
            f"pyarrow.{name}"
            for name in (
                *("Buffer", "BufferOutputStream", "DataType", "RecordBatch", "Schema", "Table.from_batches", "array", "binary", "bool_"),
                *("compute.equal", "field", "float64"),
                *("int32", "int64", "nulls", "py_buffer", "schema", "types", "uint8", "utf8"),
                *("ipc.new_stream", "ipc.open_stream", "ipc.read_record_batch", "ipc.read_schema"),
            )
        ),
        *(
            f"numpy.{name}"
            for name in (
                *("abs", "arange", "argmax", "argsort", "array", "bool_", "clip", "concatenate", "copysign", "cos", "count_nonzero"),
                *("cumsum", "diff", "dtype", "einsum", "empty", "errstate", "exp", "eye", "flatnonzero", "float64", "frombuffer", "full"),
                *("generic", "iinfo", "inf", "insert", "int64", "int8", "interp", "intersect1d", "intp", "isfinite", "isin", "isnan"),
                *("linalg", "linspace", "log", "log1p", "maximum", "mean", "median", "nan", "nan_to_num", "nanmax", "ndarray", "pi"),
                *("searchsorted", "sin", "sort", "sqrt", "str_", "tanh", "uint8", "void", "vstack", "where", "zeros"),
            )
        ),
        *(
            f"builtins.{name}"
            for name in (
                *("Exception", "IndexError", "KeyError", "OSError", "RecursionError", "TypeError", "UnicodeDecodeError", "ValueError"),
                *("abs", "all", "any", "bool", "bytearray", "bytes", "classmethod", "dict", "divmod", "enumerate", "float", "frozenset"),
                *("getattr", "int", "isinstance", "len", "list", "map", "max", "memoryview", "min", "next", "object", "property"),
                *("range", "reversed", "round", "set", "setattr", "sorted", "str", "sum", "tuple", "type", "vars", "zip"),
            )
        ),
        *("__arrow_c_array__", "__getitem__", "__name__", "__setattr__", "__struct_config__", "__struct_fields__"),
    }
)
"""A name allows what is beneath it. No `hash` and no `id`: they differ from run to run."""

MORE = {
    "law.py": {"importlib.resources.files"},  # reads the numbers of the law, at import
    "words.py": {"datetime.UTC", "datetime.datetime.fromtimestamp"},  # a moment as text
    # names the folder of compiled kernels after their sources, at import
    "signals/compiling.py": {
        *("importlib.metadata.version", "numba.config", "numba.njit", "pathlib.Path", "platform.machine", "sys.prefix", "sys.version"),
        "__file__",
    },
    # the addresses of an Arrow batch's columns, for kernels
    "signals/market_arrays.py": {"ctypes", "numba.carray", "numba.core.cgutils", "numba.extending.intrinsic", "numba.types"},
}
"""By file in the core: what it may use besides."""

WRITES_A_FILE = frozenset({"dump", "tofile"})
"""Methods, whatever they belong to."""


def is_within(name: str, allowed: frozenset[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def leads_to(name: str, allowed: frozenset[str]) -> bool:
    return is_within(name, allowed) or any(each.startswith(f"{name}.") for each in allowed)


def is_ours(name: str) -> bool:
    return name.partition(".")[0] == "dolphin"


@cache
def names_bound_in(module: str) -> dict[str, str]:
    """What a module of ours has imported; nothing where there is no such module."""
    place = REPOSITORY / "src" / Path(*module.split("."))
    files = [file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()]
    return bound(ast.parse(files[0].read_text())) if files else {}


def meant(name: str) -> str:
    """The name itself; where it is one of ours that another module only imported, what that stands for."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1) if is_ours(name) else ():
        found = names_bound_in(".".join(parts[:end])).get(parts[end])
        if found is not None and found != name:
            return meant(".".join([found, *parts[end + 1 :]]))
    return name


def imports(node: ast.AST) -> Iterator[str]:
    """What an import statement names; a relative one and one of everything by names that no list has."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from ("all of " + module if each.name == "*" else f"{module}.{each.name}" for each in node.names)


def outside(source: str) -> Iterator[tuple[int, str, bool]]:
    """(line, name, whether it is only imported) of everything outside our own modules that a source names."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node.lineno, name, True) for name in map(meant, imports(node)) if not is_ours(name))
        elif isinstance(node, ast.Attribute) and (node.attr in WRITES_A_FILE or is_special(node.attr)):
            yield node.lineno, node.attr, False
    known = {name.partition(".")[0] for name in bound(tree).values()}
    for line, name in uses(tree):
        first, reached = name.partition(".")[0], meant(name)
        if first in known:
            if not is_ours(reached):
                yield line, reached, False
        elif is_special(first):
            yield line, first, False
        elif hasattr(builtins, first):
            yield line, f"builtins.{first}", False


def is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def refused(source: str, more: Iterable[str] = ()) -> list[str]:
    """What of `source` neither the list nor `more` has, with its lines."""
    allowed = ALLOWED | frozenset(more)
    return [
        f"line {line}: {name}" for line, name, is_import in outside(source) if not (leads_to if is_import else is_within)(name, allowed)
    ]


def place_of(path: Path) -> str:
    return named(path).removeprefix(f"{CORE}/")


@pytest.mark.parametrize("path", FILES, ids=place_of)
def test_the_core_uses_nothing_of_the_outside_that_is_not_in_the_list(path: Path) -> None:
    assert refused(path.read_text(), MORE.get(place_of(path), ())) == []


def test_the_lists_have_nothing_that_nobody_uses() -> None:
    assert len(FILES) > 80
    used = {place_of(path): {name for _, name, _ in outside(path.read_text())} for path in FILES}
    everywhere = {name for names in used.values() for name in names}
    assert MORE.keys() <= used.keys()
    unused = {each for each in ALLOWED if not any(is_within(name, frozenset({each})) for name in everywhere)}
    unused |= {f"{place}: {each}" for place, more in MORE.items() for each in more if not leads_to_any(each, used[place])}
    assert unused == set()


def leads_to_any(each: str, names: set[str]) -> bool:
    return any(is_within(name, frozenset({each})) for name in names)


@pytest.mark.parametrize(
    "source",
    [
        "open('file')",
        "import numpy as np\nnp.random.default_rng()",
        "import numpy as np\nchance = np",
        "import numpy as np\ngetattr(np, 'random')",
        "import numpy as np\nnp.zeros(3).tofile('file')",
        "import numpy as np\nnp.load('file')",
        "import numpy.random",
        "from numpy import random",
        "from numpy.random import default_rng",
        "import pyarrow as pa\npa.memory_map('file')",
        "import pyarrow.fs",
        "import sqlite3",
        "import urllib.request",
        "from tempfile import mkdtemp",
        "import random",
        "import time",
        "from time import sleep",
        "def late():\n    import os",
        "from os import *",
        "from typing import *",
        "__import__('os')",
        "__builtins__['open']",
        "import importlib\nimportlib.import_module('os')",
        "input()",
        "print('told')",
        "eval('1')",
        "exec('1')",
        "compile('1', '', 'eval')",
        "globals()['os']",
        "breakpoint()",
        "hash('differs from run to run')",
        "id(object())",
        "late = lambda: 1\nlate.__globals__['os']",
        "().__class__.__base__.__subclasses__()",
        "from datetime import datetime\ndatetime.now()",
        "import functools\nfunctools.singledispatch",
        "from . import shell",
        "from .shell import act",
        "from ..storage import ledger",
        "from dolphin.core.signals.compiling import Path",
        "from dolphin.core.signals import compiling\ncompiling.Path('file').read_text()",
        "import dolphin.core.signals.compiling as kernels\nkernels.sys",
    ],
)
def test_the_check_refuses(source: str) -> None:
    assert refused(source)


def test_what_one_file_may_use_no_more_than_that() -> None:
    more = MORE["words.py"]
    assert not refused("from datetime import UTC, datetime\ndatetime.fromtimestamp(0, UTC)", more)
    assert refused("from datetime import UTC, datetime\ndatetime.now(UTC)", more) == ["line 2: datetime.datetime.now"]
    assert refused("from datetime import UTC, datetime\nclock = datetime", more) == ["line 2: datetime.datetime"]


@pytest.mark.parametrize(
    "source",
    [
        "import math\nmath.exp(1.0)",
        "import numpy as np\nfrom numpy.typing import NDArray\nnp.linalg.solve(np.eye(2), np.zeros(2))",
        "from dataclasses import dataclass, replace as with_fields\nwith_fields",
        "from dolphin.core import order_gate\norder_gate.admit",
        "from dolphin.core.order_gate import Exposure\nExposure().positions",
        "from dolphin.core.units import ONE\nONE + len(str(ONE))",
    ],
)
def test_the_check_lets_through(source: str) -> None:
    assert refused(source) == []
