"""Which files are level A (`docs/architecture.md`): by folder, so that a new file is one from the day it appears.

In the ledger only the rules are: a file that imports a clock, a database or the file system is a shell around them.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from dolphin.assurance.level_a.justified import Justification
from dolphin.host.home import REPOSITORY

SOURCE: Final = REPOSITORY / "src"
FOLDERS: Final = ("core", "core/control", "core/order_gate", "core/ledger")
TESTS: Final[Mapping[str, tuple[str, ...]]] = {
    "core": tuple([f"tests/unit/core/test_{name}.py" for name in ("law", "notional", "units", "words")]),
    **{folder: (f"tests/unit/{folder}",) for folder in FOLDERS[1:]},
}
"""The tests that must show every condition and kill every mutant of a folder's modules."""
OUTSIDE: Final = frozenset({"asyncio", "os", "pathlib", "psycopg", "socket", "sqlite3", "subprocess", "threading", "time"})
JAVA_PACKAGES: Final = ("dolphin.jet.gates", "dolphin.jet.gates.msgpack")
"""The rules inside the member, and what reads and writes their bytes."""


def python_modules(source: Path = SOURCE) -> dict[str, Path]:
    """The level A modules by name, in order, with their files."""
    files = sorted(path for folder in FOLDERS for path in (source / "dolphin" / folder).glob("*.py"))
    return {_name(path, source): path for path in files if not OUTSIDE & set(_imported(path))}


def in_folder(folder: str, chosen: Mapping[str, Path]) -> dict[str, Path]:
    """Those of the `chosen` modules that lie in `folder` itself."""
    return {name: path for name, path in chosen.items() if path.parent == SOURCE / "dolphin" / folder}


def about(chosen: Mapping[str, Path], entries: Sequence[Justification]) -> list[Justification]:
    """The justifications (whose places begin with a module) that `chosen` modules need, and those of modules that are gone."""
    others = python_modules().keys() - chosen.keys()
    return [entry for entry in entries if entry.place[0] not in others]


def _name(path: Path, source: Path) -> str:
    return ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
