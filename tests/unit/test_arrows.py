"""Who may import whom: the arrows between the rooms, as one literal table (docs/architecture.md draws it).

A room that the table does not name fails, an arrow that it does not have fails, and so does one that nobody needs any more.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import REPOSITORY, named, tracked

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
    "core.signals": {"core.contract", "core.units"},
    "core.control": GROUND - {"core.words"},
    "core.sensing": {"core.contract", "core.control", "core.units"},
    "core.order_gate": {"core.control", "core.units"},
    "core.placing": {"core.control", "core.order_gate", "core.units"},
    "core.ledger": {"core.units", "errors"},
    "core.audit": {"core.contract", "core.control", "core.ledger", "core.order_gate", "core.placing", "core.units", "core.words"},
    "core.upkeep": set(),
    "core.health": {"core.contract", "core.units", "core.words"},
    # the shells
    "config": {"core.contract", "core.upkeep", "errors"},
    "host": {"config", "core.contract", "core.signals", "core.units", "core.upkeep", "core.words", "errors"},
    "stage": {"core.arrow", "core.contract", "errors"},
    "pipeline": {"core.contract", "errors", "stage"},
    "cluster": {"core.arrow", "core.contract", "core.control", "core.health", "errors", "pipeline"},
    "feeds": {"cluster", "config", "core.contract", "core.control", "core.market", "core.units", "errors", "host"},
    "storage": {"core.ledger", "core.words", "errors"},
    "trading": {
        *("core.arrow", "core.audit", "core.contract", "core.control", "core.ledger", "core.order_gate", "core.placing", "core.units"),
        *("config", "errors", "host", "storage"),
    },
    "operator": {
        *("core.audit", "core.contract", "core.control", "core.health", "core.ledger", "core.units", "core.words"),
        *("cluster", "config", "errors", "host", "storage"),
    },
    "upkeep": {"config", "core.ledger", "core.upkeep", "errors", "host", "storage"},
    "simulation": {"core.control", "core.market", "core.units", "errors", "feeds", "host"},
    "assurance": {"core.audit", "errors", "host"},
    "run": {
        *("core.contract", "core.health", "core.law", "errors"),
        *("cluster", "config", "feeds", "host", "operator", "pipeline", "storage", "trading"),
    },
    "cli": {
        *("core.audit", "core.contract", "core.control", "core.health", "core.ledger", "core.units", "core.upkeep", "core.words", "errors"),
        *("assurance", "cluster", "config", "feeds", "host", "operator", "pipeline", "run", "simulation", "stage", "storage", "upkeep"),
    },
    "dolphin": set(),
    "__main__": {"cli"},
    # beside the package
    "pipelines": {"core.contract", "pipeline"},
    "python_udfs": {"core.arrow", "core.contract", "core.control", "core.sensing", "core.signals", "core.units", "errors", "stage"},
    "agent": {
        *("core.audit", "core.contract", "core.control", "core.ledger", "core.market", "core.order_gate", "core.placing", "core.units"),
        *("cluster", "errors", "host", "trading"),
    },
}

BESIDE = {"tests", "bench", "docs", "jet"}
"""Folders that assure, measure and draw: they may know every room, and no room knows them."""

PYTHON = tracked("*.py")
FILES = [path for path in PYTHON if path.relative_to(REPOSITORY).parts[0] not in BESIDE]
"""Whatever of Python is in the repository, so that a new folder or script at its top has to be entered as a room."""


def module_of(path: Path) -> str:
    """The name under which a file is imported; a path from the root of the repository is enough."""
    place = path.relative_to(REPOSITORY) if path.is_absolute() else path
    parts = place.with_suffix("").parts
    return ".".join(parts[1:] if parts[0] == "src" else parts).removesuffix(".__init__")


TOPS = {module_of(path).partition(".")[0] for path in PYTHON}
"""What an import of ours begins with."""


def room(module: str) -> str | None:
    """The room of a module of ours; None for another's."""
    first, *rest = module.split(".")
    if first not in TOPS:
        return None
    if first != "dolphin":
        return first
    if not rest:
        return "dolphin"
    return ".".join(rest[:2]) if rest[0] == "core" else rest[0]


def room_of(path: Path) -> str:
    module = module_of(path)
    return room(module) or module.partition(".")[0]


def imported(source: str) -> Iterator[str]:
    """Modules that a source imports, wherever in it: `from dolphin.core import law` is `dolphin.core.law`; dots of a relative one stay."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            is_room = module in ("dolphin", "dolphin.core")
            yield from (f"{module}.{alias.name}" for alias in node.names) if is_room else (module,)


def arrows_of(here: str, source: str) -> set[str]:
    """The rooms that a source in the room `here` imports from; what is relative says nothing of its room, so it is one of its own."""
    return {there for module in imported(source) if (there := "relative" if module.startswith(".") else room(module))} - {here}


def refused(here: str, source: str) -> set[str]:
    """The arrows of a source in `here` that the table does not have."""
    return arrows_of(here, source) - ARROWS[here]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_imports_only_where_an_arrow_points(path: Path) -> None:
    here = room_of(path)
    assert here in ARROWS, f"no such room in the table: {here}"
    assert refused(here, path.read_text()) == set()


@pytest.mark.parametrize("here", ARROWS)
def test_the_table_has_no_room_that_is_gone_and_no_arrow_that_nobody_needs(here: str) -> None:
    files = [path for path in FILES if room_of(path) == here]
    assert files, f"the room {here} is gone"
    needed = {there for path in files for there in arrows_of(here, path.read_text())}
    assert ARROWS[here] <= needed | GROUND, f"{here} does not import {ARROWS[here] - needed - GROUND}"


def test_there_is_no_circle_of_rooms() -> None:
    left = {here: set(there) for here, there in ARROWS.items()}
    while left:
        free = [here for here, there in left.items() if not there & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for here in free:
            del left[here]


def test_only_the_agent_knows_nautilus() -> None:
    knowing = {room_of(path) for path in FILES if any(module.startswith("nautilus_trader") for module in imported(path.read_text()))}
    assert knowing == {"agent"}


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("flows/nightly.py", "flows"),
        ("scripts/once.py", "scripts"),
        ("once.py", "once"),
        ("src/other/thing.py", "other"),
        ("src/dolphin/views/page.py", "views"),
        ("src/dolphin/core/paper/matching.py", "core.paper"),
        ("src/dolphin/core/moods.py", "core.moods"),
    ],
)
def test_a_new_place_is_a_room_that_the_table_does_not_have(path: str, room: str) -> None:
    assert room_of(Path(path)) == room
    assert room not in ARROWS


@pytest.mark.parametrize(
    ("here", "source", "arrows"),
    [
        ("core.units", "from dolphin.storage import sqlite", {"storage"}),
        ("core.units", "from dolphin.core import ledger", {"core.ledger"}),
        ("core.units", "def late():\n    import dolphin.cluster.client", {"cluster"}),
        ("core.units", "import agent.node", {"agent"}),
        ("cli", "from agent import node", {"agent"}),
        ("storage", "from dolphin import cli", {"cli"}),
        ("storage", "from dolphin.cli.options import print_json", {"cli"}),
        ("storage", "from tests.makers import cause_of", {"tests"}),
        ("storage", "import bench.stage", {"bench"}),
        ("storage", "from . import sqlite", {"relative"}),
        ("storage", "from ..cli import ledger", {"relative"}),
    ],
)
def test_an_arrow_that_the_table_does_not_have_is_refused(here: str, source: str, arrows: set[str]) -> None:
    assert refused(here, source) == arrows
