"""Who may import whom: the arrows between the rooms, as one literal table (docs/architecture.md draws it).

A room that the table does not name fails, an arrow that it does not have fails, and so does one that nobody needs any more.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "dolphin"
CORE = SOURCE / "core"

GROUND = {"errors", "core.contract", "core.law", "core.units", "core.words"}
"""Everybody may stand on it."""

ARROWS: dict[str, set[str]] = {
    # the ground
    "errors": set(),
    "core": set(),
    "core.units": set(),
    "core.words": {"core.units"},
    "core.contract": set(),
    "core.law": {"errors"},
    "core.arrow": set(),
    # the rules
    "core.market": {"core.contract", "core.units"},
    "core.signals": {"core.contract"},
    "core.control": GROUND - {"core.words"},
    "core.sensing": {"core.contract", "core.control", "core.units"},
    "core.order_gate": {"core.control", "core.units"},
    "core.placing": {"core.control", "core.order_gate", "core.units"},
    "core.ledger": {"core.units", "errors"},
    "core.audit": {"core.control", "core.ledger", "core.order_gate", "core.placing", "core.units", "core.words"},
    # the shells
    "config": {"core.contract", "errors"},
    "host": {"config", "core.contract", "core.signals", "errors"},
    "stage": {"core.arrow", "core.contract", "errors"},
    "pipeline": {"core.contract", "errors", "stage"},
    "cluster": {"core.arrow", "core.contract", "core.control", "errors", "pipeline"},
    "feeds": {"cluster", "config", "core.contract", "core.control", "core.market", "errors", "host"},
    "storage": {"core.ledger", "core.words", "errors"},
    "trading": {
        *("core.arrow", "core.audit", "core.contract", "core.control", "core.ledger", "core.order_gate", "core.placing", "core.units"),
        *("config", "errors", "host", "storage"),
    },
    "operator": {
        *("core.audit", "core.contract", "core.control", "core.ledger", "core.units", "core.words"),
        *("cluster", "config", "errors", "host", "storage"),
    },
    "simulation": {"core.control", "core.market", "core.units", "errors", "feeds", "host"},
    "assurance": {"core.audit", "errors", "host"},
    "run": {"cluster", "config", "core.contract", "errors", "feeds", "host", "operator", "storage", "trading"},
    "cli": {
        *("core.audit", "core.contract", "core.control", "core.ledger", "core.units", "core.words", "errors", "config"),
        *("assurance", "cluster", "feeds", "host", "operator", "pipeline", "run", "simulation", "stage", "storage"),
    },
    "dolphin": set(),
    "__main__": {"cli"},
    # beside the package
    "pipelines": {"pipeline"},
    "python_udfs": {"core.arrow", "core.contract", "core.control", "core.sensing", "core.signals", "errors", "stage"},
    "agent": {
        *("core.audit", "core.contract", "core.control", "core.ledger", "core.market", "core.order_gate", "core.placing"),
        *("cluster", "errors", "host", "trading"),
    },
}

SENSES = {
    *("aiohttp", "asyncio", "datetime", "hazelcast", "importlib", "io", "logging", "multiprocessing", "os", "pathlib", "random"),
    *("secrets", "socket", "subprocess", "threading", "time", "uuid", "websockets"),
}
"""Modules through which a rule could see a clock, the outside world or chance."""

DECIDES_NOTHING = {
    "signals/compiling.py": {"pathlib", "importlib.metadata"},  # names the folder of compiled kernels after their sources, at import
    "law.py": {"importlib"},  # reads the numbers of the law, at import
    "words.py": {"datetime"},  # a moment as text
}


def python_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


FILES = sorted(
    [path for folder in (SOURCE, *(REPOSITORY / name for name in ("agent", "python_udfs", "pipelines"))) for path in python_files(folder)]
)


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports, wherever in it; `from dolphin.core import law` is `dolphin.core.law`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            is_room = node.module in ("dolphin", "dolphin.core")
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if is_room else (node.module,)


def room(module: str) -> str | None:
    """The room of a module of ours; None for another's."""
    first, *rest = module.split(".")
    if first in ("agent", "python_udfs", "pipelines"):
        return first
    if first != "dolphin":
        return None
    if not rest:
        return "dolphin"
    return ".".join(rest[:2]) if rest[0] == "core" else rest[0]


def room_of(path: Path) -> str:
    inside = path.relative_to(SOURCE.parent if path.is_relative_to(SOURCE) else REPOSITORY).with_suffix("")
    found = room(".".join(inside.parts).removesuffix(".__init__"))
    assert found is not None
    return found


def arrows_of(path: Path) -> set[str]:
    return {there for module in imported(path) if (there := room(module)) is not None} - {room_of(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_file_imports_only_where_an_arrow_points(path: Path) -> None:
    here = room_of(path)
    assert here in ARROWS, f"no such room in the table: {here}"
    assert arrows_of(path) <= ARROWS[here], f"{here} may not import {arrows_of(path) - ARROWS[here]}"


@pytest.mark.parametrize("here", ARROWS)
def test_the_table_has_no_room_that_is_gone_and_no_arrow_that_nobody_needs(here: str) -> None:
    files = [path for path in FILES if room_of(path) == here]
    assert files, f"the room {here} is gone"
    needed = {there for path in files for there in arrows_of(path)}
    assert ARROWS[here] <= needed | GROUND, f"{here} does not import {ARROWS[here] - needed - GROUND}"


def test_there_is_no_circle_of_rooms() -> None:
    left = {here: set(there) for here, there in ARROWS.items()}
    while left:
        free = [here for here, there in left.items() if not there & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for here in free:
            del left[here]


@pytest.mark.parametrize("path", sorted(python_files(CORE)), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_has_no_clock_no_chance_and_no_outside(path: Path) -> None:
    allowed = DECIDES_NOTHING.get(path.relative_to(CORE).as_posix(), set())
    seen = {module for module in imported(path) if module.split(".")[0] in SENSES}
    assert seen == allowed, f"{path.relative_to(REPOSITORY)} imports {seen - allowed}"


def test_only_the_agent_knows_nautilus() -> None:
    knowing = {room_of(path) for path in FILES if any(module.startswith("nautilus_trader") for module in imported(path))}
    assert knowing == {"agent"}
