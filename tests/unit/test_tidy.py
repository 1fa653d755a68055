"""What linters do not see: dead names, names that two things share, paths in the docs that are gone, tasks that nobody watches."""

import ast
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PRODUCT = ("src", "agent", "python_udfs", "pipelines")
LONGEST_MODULE = 420
"""Lines; a longer one has more than one reason to exist."""


def python_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("repo1", "maven", "org"), ("npmjs", "org"))]
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    assert tracked
    for name in tracked:
        text = (REPOSITORY / name).read_text(errors="ignore") if (REPOSITORY / name).is_file() else ""
        assert not any(host in text for host in hosts), f"{name} names a registry host"


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository that are there, those not committed yet too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    return [REPOSITORY / name for name in listed if (REPOSITORY / name).is_file()]


def public_names(path: Path) -> Iterator[str]:
    """Of a module: what it defines at its top level, but for what a decorator takes (a command, a kernel)."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id


def test_every_public_name_is_used_by_somebody() -> None:
    """By the product, the benchmarks or the docs; what assures may be used by the tests alone."""
    users = [path for folder in (*PRODUCT, "bench", "docs") for path in python_files(REPOSITORY / folder)]
    used = Counter(word for path in users for word in re.findall(r"\w+", path.read_text()))
    in_tests = {word for path in python_files(REPOSITORY / "tests") for word in re.findall(r"\w+", path.read_text())}
    dead = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for folder in PRODUCT
        for path in python_files(REPOSITORY / folder)
        for name in public_names(path)
        if not name.startswith(("_", "pytest_")) and used[name] < 2 and not ("assurance" in path.parts and name in in_tests)
    ]
    assert not dead


def test_no_two_classes_of_the_core_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in python_files(REPOSITORY / "src" / "dolphin" / "core"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("folder", [*PRODUCT, "bench", "tests"])
def test_a_module_has_a_docstring_and_is_not_too_long(folder: str) -> None:
    for path in python_files(REPOSITORY / folder):
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), f"{path} does not say what it is"
        assert text.count("\n") <= (LONGEST_MODULE if folder != "tests" else 2 * LONGEST_MODULE), f"{path} is too long"


EXAMPLES = {"bench/NAME.py", "pipelines/spread.py", "python_udfs/spread.py", "python_udfs/widening.py"}
"""Files that a page tells its reader to write."""
PATHS = re.compile(r"`((?:src|agent|python_udfs|pipelines|jet|formal|bench|tests|docs|cluster-config|flows)/[\w./-]+)`")
MODULES = re.compile(r"`(dolphin(?:\.\w+)+|agent(?:\.\w+)+|python_udfs(?:\.\w+)+)(?::\w+)?(?:\([^`]*\))?`")


def is_module(name: str) -> bool:
    """Whether a module of ours has this name, or one has the rest of it as an attribute."""
    parts = name.split(".")
    root = REPOSITORY / "src" if parts[0] == "dolphin" else REPOSITORY
    for end in range(len(parts), 0, -1):
        place = root.joinpath(*parts[:end])
        if place.is_dir() and (place / "__init__.py").exists():
            return end == len(parts) or parts[end] in (place / "__init__.py").read_text()
        if place.with_suffix(".py").exists():
            text = place.with_suffix(".py").read_text()
            return all(re.search(rf"\b{part}\b", text) for part in parts[end:])
    return False


def is_java(name: str) -> bool:
    """Whether a package or class of the Java side has this name, or a class has the last part of it inside."""
    place = REPOSITORY / "jet" / "src" / "main" / "java" / Path(*name.split("."))
    return place.is_dir() or place.with_suffix(".java").exists() or place.parent.with_suffix(".java").exists()


def is_there(name: str) -> bool:
    """Whether what looks like a module is one, or a file in a run's directory."""
    return name.endswith((".ndjson", ".log", ".json")) or is_java(name) or is_module(name)


@pytest.mark.parametrize("page", tracked("*.md"), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_paths_and_modules_in_the_docs_are_there(page: Path) -> None:
    if page.name == "CHANGELOG.md" or "decisions" in page.parts:  # what was is history
        return
    text = page.read_text(encoding="utf-8")
    gone = [name for name in PATHS.findall(text) if name not in EXAMPLES and not list(REPOSITORY.glob(name.rstrip("/")))]
    gone += [name for name in MODULES.findall(text) if not is_there(name)]
    assert not gone


@pytest.mark.parametrize("path", [*tracked("*.py")], ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_modules_that_comments_name_are_there(path: Path) -> None:
    gone = [name for name in MODULES.findall(path.read_text()) if not is_there(name)]
    assert not gone


def test_no_unit_test_waits_for_the_wall_clock() -> None:
    """Async ones run on a loop whose clock jumps (conftest.py); others must not wait at all."""
    for path in python_files(REPOSITORY / "tests" / "unit"):
        calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
        assert not calls & {"time.sleep", "time.monotonic"}, path


def test_an_option_is_spelled_in_one_place() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for path in python_files(REPOSITORY / "src" / "dolphin" / "cli"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.Option":
                for each in node.args:
                    assert isinstance(each, ast.Constant)
                    assert isinstance(each.value, str)
                    places[each.value].add(f"{path.name}:{node.lineno}")
    assert len(places) > 30
    assert {option: found for option, found in places.items() if len(found) > 1} == {}


HISTORY = ("CHANGELOG.md", "docs/decisions", "tests/unit/test_tidy.py")

RETIRED = {
    "acb": (r"AcbVotes|udfs[./]acb\b|control[./]acb\b", "breaker"),
    "gate, for what admits an order": (
        r"src/dolphin/gate\b|dolphin\.gate\b|gated\.py|agent\.gated|[Gg]ated ?(?:client|Sandbox)",
        "order gate, execution client",
    ),
    "gate, for a threshold": (r"[Ss]chmitt.gate|[Pp]osture gates|gates? of R\b", "threshold"),
    "gate, for what CI runs": (r"ordinary gate|The gate: exactly", "check"),
    "leverage.py": (r"control/leverage\.py|control\.leverage\b|dolphin[./]jet[./]leverage\b", "command; the package gates"),
    "entry.py": (r"control/entry\.py|posture_entry", "gate entry, posture gate"),
    "venue.py": (r"agent/venue|agent\.venue|feeds/instruments|as venue\b", "instruments"),
    "operator_desk": (r"operator_desk|operator desk", "operator.site"),
    "--deterministic": (r"--deterministic|is_deterministic|DETERMINISTIC", "lockstep, --speed max"),
    "generator, for the synthetic market": (r"\[generator\]|\"generator\"|generator\.minutes", "synthetic"),
    "DolphinSerializers": (r"DolphinSerializers", "a factory per package"),
    "rooms that have moved": (
        r"\bdolphin[./](?:market|control|signals|sizing|arrow|ledger|ops)\b(?!/)",
        "dolphin.core, dolphin.storage, dolphin.operator",
    ),
    "what was removed": (r"near_caches|RECONNECT_TIMEOUT_S|encode_batch|parse_cause_id", ""),
}
"""Words that mean something else now, or nothing: (how they were spelled, what is said instead)."""


def test_no_retired_word_is_used() -> None:
    """Outside history: the changelog, the decision records, and this table."""
    for name, (spelled, instead) in RETIRED.items():
        outside = ("--", ".", *(f":!{place}" for place in HISTORY))
        command = ["git", "grep", "--untracked", "-nIP", "-e", spelled, *outside]
        found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert found.returncode in (0, 1), found.stderr
        assert not found.stdout, f"{name} is retired; say {instead}"
