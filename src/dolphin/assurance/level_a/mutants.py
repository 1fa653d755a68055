"""Mutation of the level A modules in Python, by mutmut: every change of the code must fail a test, or be listed as changing nothing.

mutmut works on a copy of the project (`Workspace`), one folder of modules at a time, each with the unit tests that mirror it; it forks a
mutant after the tests are imported and stops at the first failure. It leaves decorated functions alone, so that in the copy a property is
written as a plain method and made a property after it. Its mutants are numbered within a function; we name one by what it changes, the
lines it takes out and puts in, so that a justification cannot slide onto another mutant.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from dolphin.assurance.level_a import modules
from dolphin.assurance.level_a.justified import Justification, Verdict, check
from dolphin.errors import DolphinError
from dolphin.host.home import REPOSITORY

JUSTIFIED: Final = REPOSITORY / "tests" / "level_a" / "equivalent_mutants.toml"
KEYS: Final = ("module", "function", "before", "after")
COPIED: Final = ("src", "tests", "docs", "python_udfs", "cluster-config")
"""What the unit tests of level A modules read."""
PYTEST: Final = ("-q", "-m", "not level_a and not integration", "--assert=plain", "--tb=no", "-p", "no:cacheprovider")
"""Nobody reads why a mutant fails, and explaining it takes longer than finding it."""
LEFT_OUT: Final = (
    "tests/unit/core/ledger/test_ledger_core.py",  # reads the source, which says something else once it holds its mutants
    "tests/unit/simulation/test_scenario_2025_10_10.py",  # a day of market time: too slow for a run a mutant
)
SURVIVED: Final = frozenset({0, 33})
"""mutmut's exit codes for a mutant that no test failed on, or that no test reached."""
STUCK: Final = frozenset({2, 34, 35, 37, None})
"""Interrupted, skipped, suspicious, caught by a type checker, not run: nothing was shown."""
CONFIGURATION: Final = """
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = [".", "src"]
addopts = "--strict-markers"
markers = ["integration: needs a member", "level_a: takes minutes"]

[tool.mutmut]
source_paths = ["src"]
only_mutate = {files}
also_copy = {copied}
pytest_add_cli_args = {arguments}
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
track_dependencies = false
"""


FROZEN: Final = """import gc

def pytest_sessionfinish():
    gc.freeze()
"""
"""What the first run has made is shared with every mutant that is forked after it: a collection there must not touch it."""


class Mutant(NamedTuple):
    """A change of a function that no test noticed."""

    module: str
    function: str
    before: str
    after: str
    is_reached: bool

    @property
    def place(self) -> tuple[str, ...]:
        """What a justification names."""
        return (self.module, self.function, self.before, self.after)


class ModuleScore(NamedTuple):
    """How many mutants a module has and how many of them some test failed on."""

    module: str
    mutants: int
    killed: int


class Score(NamedTuple):
    """The whole result."""

    modules: tuple[ModuleScore, ...]
    verdict: Verdict[Mutant]

    @property
    def is_complete(self) -> bool:
        return self.verdict.is_clean


Progress = Callable[[str, int, int], None]
"""(folder, mutants tried, mutants in all)"""


def measure(chosen: Mapping[str, Path], progress: Progress, justified: Path = JUSTIFIED) -> Score:
    """Mutates the `chosen` modules, folder by folder. Takes about half a second a mutant.

    Raises:
        DolphinError: mutmut could not run, for instance because a test fails without any mutation.
    """
    scores: list[ModuleScore] = []
    survivors: list[Mutant] = []
    for folder in modules.FOLDERS:
        part = modules.in_folder(folder, chosen)
        if part:
            with _workspace(part, folder) as workspace:
                _run(workspace, lambda tried, total, folder=folder: progress(folder, tried, total))
                of_part = [_score(workspace, name, path) for name, path in part.items()]
                if not any(score.mutants for score in of_part):
                    raise DolphinError("nothing was mutated", field="folder", value=folder, remedy="See what mutmut says of it.")
                scores += of_part
                for name, path in part.items():
                    survivors += _survivors(workspace, name, path)
    return Score(tuple(scores), check(survivors, modules.about(chosen, Justification.read(justified, KEYS))))


def without_property_decorators(source: str) -> str:
    """`source` with each `@property` method written plain, and made a property on the line after it."""
    lines: list[str | None] = list(source.split("\n"))
    after: dict[int, str] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and [ast.unparse(each) for each in node.decorator_list] == ["property"]:
            lines[node.decorator_list[0].lineno - 1] = None
            after[node.end_lineno or node.lineno] = f"{' ' * node.col_offset}{node.name} = property({node.name})"
    written: list[str] = []
    for number, line in enumerate(lines, 1):
        if line is not None:
            written.append(line)
        if number in after:
            written.append(after[number])
    return "\n".join(written)


@contextmanager
def _workspace(part: Mapping[str, Path], folder: str) -> Iterator[Path]:
    """A copy of the project in which mutmut may write."""
    with tempfile.TemporaryDirectory(prefix="dolphin-mutants-") as name:
        workspace = Path(name)
        copied = [each for each in COPIED if (REPOSITORY / each).is_dir()]
        for each in copied:
            shutil.copytree(REPOSITORY / each, workspace / each, ignore=shutil.ignore_patterns("__pycache__"))
        files = [path.relative_to(REPOSITORY) for path in part.values()]
        for file in files:
            (workspace / file).write_text(without_property_decorators((workspace / file).read_text()))
        text = CONFIGURATION.format(
            files=json.dumps([str(file) for file in files]),
            copied=json.dumps([*(each for each in copied if each not in ("src", "tests")), "conftest.py"]),
            tests=json.dumps(modules.TESTS[folder]),
            arguments=json.dumps([*PYTEST, *(f"--ignore={test}" for test in LEFT_OUT)]),
        )
        (workspace / "pyproject.toml").write_text(text)
        (workspace / "conftest.py").write_text(FROZEN)
        yield workspace


def _run(workspace: Path, progress: Callable[[int, int], None]) -> None:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    said = ""
    with subprocess.Popen(command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        while heard := running.stdout.read(200):
            said = (said + heard)[-4000:]
            counts = re.findall(r"(\d+)/(\d+)  ", said)
            if counts:
                progress(int(counts[-1][0]), int(counts[-1][1]))
    if running.returncode != 0:
        raise DolphinError(
            "mutmut did not run", field="mutmut", value=said[-1500:], remedy="Run the unit tests: ./dolphin test -- tests/unit"
        )


def _exit_codes(workspace: Path, path: Path) -> dict[str, int | None]:
    meta = workspace / "mutants" / path.relative_to(REPOSITORY).with_name(path.name + ".meta")
    return json.loads(meta.read_text())["exit_code_by_key"] if meta.is_file() else {}


def _score(workspace: Path, name: str, path: Path) -> ModuleScore:
    codes = _exit_codes(workspace, path)
    return ModuleScore(name, len(codes), sum(code not in SURVIVED | STUCK for code in codes.values()))


def _survivors(workspace: Path, name: str, path: Path) -> list[Mutant]:
    """What is not killed, each with its difference as mutmut shows it."""
    codes = _exit_codes(workspace, path)
    found: list[Mutant] = []
    for key in (key for key, code in codes.items() if code in SURVIVED | STUCK):
        shown = subprocess.run(
            [sys.executable, "-m", "mutmut", "show", key], cwd=workspace, capture_output=True, text=True, check=True
        ).stdout
        found.append(Mutant(name, function_of(key), *difference(shown), codes[key] == 0))
    return found


def function_of(key: str) -> str:
    """The qualified name in one of mutmut's names: `a.b.x_f__mutmut_1` is `f`, `a.b.xǁCǁf__mutmut_2` is `C.f`."""
    mangled = key.rpartition(".")[2].rpartition("__mutmut_")[0]
    return ".".join(mangled.split("ǁ")[1:]) if "ǁ" in mangled else mangled.removeprefix("x_")


def difference(shown: str) -> tuple[str, str]:
    """(what a unified diff takes out, what it puts in), without indentation."""
    lines = [line for line in shown.splitlines() if not line.startswith(("---", "+++"))]
    return tuple("\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")  # type: ignore[return-value]
