"""The core is deaf and blind, and the arrows between the rooms point one way (docs/architecture.md)."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "dolphin"

CORE = SOURCE / "core"
READS_ITS_OWN_FILES = {"signals/compiling.py": {"pathlib", "importlib.metadata"}, "law.py": {"importlib"}, "words.py": {"datetime"}}
"""What decides nothing: the sources of the kernels and the numbers of the law, read at import; a moment as text."""
SENSES = {
    "aiohttp",
    "asyncio",
    "datetime",
    "hazelcast",
    "importlib",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
    "uuid",
    "websockets",
}
"""Modules through which a rule could see a clock, the outside world or chance."""

MAY_IMPORT = {
    "python_udfs": {"dolphin", "python_udfs"},
    "pipelines": {"dolphin", "pipelines"},
    "agent": {"dolphin", "agent"},
    "src/dolphin": {"dolphin"},
}
OURS = {"dolphin", "python_udfs", "pipelines", "agent"}


def python_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", sorted(python_files(CORE)), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_has_no_clock_no_chance_and_no_outside(path: Path) -> None:
    for module in imported(path):
        if module in READS_ITS_OWN_FILES.get(path.relative_to(CORE).as_posix(), ()):
            continue
        assert module.split(".")[0] not in SENSES, f"{path.relative_to(REPOSITORY)} imports {module}"
        if module.startswith("dolphin."):
            assert module.split(".")[1] in ("core", "errors"), f"{path.relative_to(REPOSITORY)} reaches out to {module}"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_the_rooms_import_only_downwards(folder: str) -> None:
    for path in python_files(REPOSITORY / folder):
        for module in imported(path):
            root = module.split(".")[0]
            assert root not in OURS or root in MAY_IMPORT[folder], f"{path.relative_to(REPOSITORY)} imports {module}"


def test_only_the_agent_knows_nautilus() -> None:
    for folder in MAY_IMPORT.keys() - {"agent"}:
        for path in python_files(REPOSITORY / folder):
            assert all(not module.startswith("nautilus_trader") for module in imported(path)), path


OWNERS = {
    ("src/dolphin/host/tasks.py", "group"),
    ("agent/node.py", "self._loop"),  # the node's run, awaited by `stop`; its end is heard
    ("agent/data.py", "self._loop"),  # the one task that owns all reading, awaited by `stop_reading`; its end is heard
}
"""(file, what starts the task) of tasks that belong to no task group of the block they are started in."""


@pytest.mark.parametrize("folder", ["src", "agent", "python_udfs", "pipelines", "bench"])
def test_every_task_has_an_owner(folder: str) -> None:
    for path in python_files(REPOSITORY / folder):
        tree = ast.parse(path.read_text())
        groups = {
            ast.unparse(item.optional_vars)
            for node in ast.walk(tree)
            if isinstance(node, ast.AsyncWith)
            for item in node.items
            if item.optional_vars is not None and ast.unparse(item.context_expr) == "asyncio.TaskGroup()"
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future", "run_coroutine_threadsafe"):
                starter = ast.unparse(node.value)
                place = (path.relative_to(REPOSITORY).as_posix(), starter)
                assert starter in groups or place in OWNERS, f"{place[0]}:{node.lineno}: nobody watches this task"


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("repo1", "maven", "org"), ("npmjs", "org"))]
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    assert tracked
    for name in tracked:
        text = (REPOSITORY / name).read_text(errors="ignore") if (REPOSITORY / name).is_file() else ""
        assert not any(host in text for host in hosts), f"{name} names a registry host"
