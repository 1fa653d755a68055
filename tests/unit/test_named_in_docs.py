"""What the pages and the comments name is there: files, modules, functions, classes, theorems.

Only what git has counts: a page that names a folder which a build makes would be right on one machine and wrong on a fresh clone.
"""

import ast
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest

from dolphin.config import Config
from tests.sources import REPOSITORY, named, tracked

FILES = frozenset(named(path) for path in tracked())
FOLDERS = frozenset(str(parent) for name in FILES for parent in Path(name).parents) - {"."}
TOPS = sorted(name for name in FOLDERS if "/" not in name)

EXAMPLES = {"bench/NAME.py", "pipelines/spread.py", "python_udfs/spread.py", "python_udfs/widening.py"}
"""Files that a page tells its reader to write."""

PATHS = re.compile(rf"`((?:{'|'.join(map(re.escape, TOPS))})/[\w./*-]+)`")
LINKS = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
NAMES = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)+)(?::(\w+))?(?:\([^`]*\))?`")
RESULTS = re.compile(r"<!-- result: .*?<!-- end -->", re.DOTALL)
"""What a program writes of earlier commits; a row stands until its module is checked again."""

WRITTEN = (".ndjson", ".log", ".json", ".sqlite", ".sql", ".lock")
"""Files that a run makes."""
OTHERS = frozenset({"pyarrow", "time", "schema", "pytest"})
"""Other libraries, and a variable that a page explains."""
FROM_HERE = ("dolphin", "agent", "python_udfs", "pipelines")


def is_path(name: str) -> bool:
    """Whether git has this file or folder, or one that the pattern fits."""
    bare = name.rstrip("/")
    return bare in FILES | FOLDERS or ("*" in bare and any(Path(each).match(bare) for each in FILES | FOLDERS))


@cache
def defines(file: str) -> frozenset[str]:
    """Whatever a Python file defines, imports or assigns, at any depth; the words of any other, but for its comments."""
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if not file.endswith(".py"):
        return frozenset(re.findall(r"\w+", re.sub(r"/\*.*?\*/|//[^\n]*|\(\*.*?\*\)", " ", text, flags=re.DOTALL)))
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.TypeAlias(ast.Name(name)):
                found.add(name)
            case ast.Name(name, ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(name, asname):
                found.add(asname or name.rpartition(".")[2])
            case _:
                pass
    return frozenset(found)


@cache
def modules() -> tuple[tuple[tuple[str, ...], str], ...]:
    """(parts of its name, file) of each Python module and each Java class and package of ours."""
    found: list[tuple[tuple[str, ...], str]] = []
    for file in sorted(FILES):
        parts = Path(file).with_suffix("").parts
        if file.endswith(".py") and parts[0] != "tests":
            parts = parts[1:] if parts[0] == "src" else parts
            found.append((parts[:-1] if parts[-1] == "__init__" else parts, file))
        elif file.startswith("jet/src/main/java/") and file.endswith(".java"):
            found.append((parts[4:-1] if parts[-1] == "package-info" else parts[4:], file))
    return tuple(found)


def is_module(parts: tuple[str, ...]) -> bool:
    """Whether a module, or one by the end of its name, is named so, or defines the rest of it."""
    whole = parts[0] in FROM_HERE
    for end in range(len(parts), 0, -1):
        head, rest = parts[:end], parts[end:]
        for name, file in modules():
            if (name == head if whole else name[-end:] == head) and all(each in defines(file) for each in rest):
                return True
    return False


@cache
def classes() -> dict[str, frozenset[str]]:
    """By the name of a class of ours, or of a theory: the files that have it."""
    found: dict[str, set[str]] = {}
    for file in FILES:
        if file.endswith((".java", ".v", ".tla")):
            found.setdefault(Path(file).stem, set()).add(file)
        elif file.endswith(".py"):
            for node in ast.walk(ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, set()).add(file)
    return {name: frozenset(files) for name, files in found.items()}


@cache
def texts_of_java() -> str:
    return "\n".join((REPOSITORY / file).read_text(encoding="utf-8") for file in sorted(FILES) if file.endswith(".java"))


def keys() -> set[str]:
    return {f"{section}.{key}" for section, values in msgspec.to_builtins(Config()).items() for key in values}


def is_there(name: str) -> bool:
    """Whether a dotted name is a file's, a setting's, a metric's, a module's or what one defines, or a class's with what it has."""
    parts = tuple(name.split("."))
    if name.endswith(WRITTEN) or any(Path(file).name == name for file in FILES) or name in keys() or parts[0] in OTHERS:
        return True
    if parts[0][0].isupper():
        files = classes().get(parts[0])
        return files is None or any(set(parts[1:]) <= defines(file) for file in files)
    return is_module(parts) or (len(parts) == 2 and f'"{name}"' in texts_of_java())


def missing(text: str) -> list[str]:
    """What a page names and is not there."""
    text = RESULTS.sub("", text)
    gone = [name for name in PATHS.findall(text) if name not in EXAMPLES and not is_path(name)]
    return gone + [name for name, _ in NAMES.findall(text) if not is_there(name)]


PAGES = [path for path in tracked("*.md") if path.name != "CHANGELOG.md" and "decisions" not in path.parts]
"""What was is history."""


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert missing(text) == []
    assert [link for link in LINKS.findall(text) if not is_path(str((page.parent / link).resolve().relative_to(REPOSITORY)))] == []


def test_there_are_pages() -> None:
    assert len(PAGES) > 15
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md"} <= {named(page) for page in PAGES}


@pytest.mark.parametrize("path", tracked("*.py"), ids=named)
def test_modules_that_comments_name_are_there(path: Path) -> None:
    mentioned = {name for name, _ in NAMES.findall(path.read_text(encoding="utf-8")) if name.partition(".")[0] in FROM_HERE}
    assert [name for name in sorted(mentioned) if not is_there(name)] == []


@pytest.mark.parametrize(
    "named_there",
    [
        "jet/target/classes",  # a build makes it
        "src/dolphin/__pycache__",
        "docs/nothing.md",
        "src/dolphin/core/entry.py",
        "bench/results/*.toml",
        "dolphin.core.control.law",
        "dolphin.core.nothing",
        "dolphin.jet.gates.Nothing",
        "entry.operation",
        "entry.restored",
        "control.law",
        "desk.nothing",
        "gate_entry.nothing",
        "synthetic.colour",
        "stage.nothing",
        "FillResult.nothing",
        "Whole.nothing",
        "BreakerRule.unheard",
    ],
)
def test_what_is_not_there_is_found(named_there: str) -> None:
    assert missing(f"see `{named_there}`") == [named_there]


@pytest.mark.parametrize(
    "named_there",
    [
        *(
            "docs",
            "src/dolphin/core/",
            "docs/*.md",
            "tests/unit/test_tidy.py",
            "dolphin.core.law",
            "dolphin.jet.gates.Law",
            "dolphin.jet.wire",
        ),
        *("gate_entry.operation", "factors.f5(drawdown)", "survival.step", "synthetic.minutes", "agent.ndjson", "law.toml"),
        *("FillResult.is_expected", "Whole.the_cap_is_bounded", "pyarrow.RecordBatch", "python_udfs.features:Features"),
    ],
)
def test_what_is_there_is_not_missed(named_there: str) -> None:
    assert missing(f"see `{named_there}`") == []
