"""`dolphin test --level-a`: the checks of level A, one after the other, each module by module."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from dolphin.assurance.level_a import coverage, modules, mutants, pit
from dolphin.assurance.level_a.justified import Gap, Verdict
from dolphin.errors import BadInput
from dolphin.host.home import REPOSITORY

NO_TESTS_COLLECTED: Final = 5
"""pytest's exit status when nothing carries the marker."""


@dataclass(frozen=True, slots=True)
class Row:
    """One module under one check: how much there is, how much was shown, how much is justified, and what is open."""

    module: str
    total: int
    shown: int
    justified: int
    open: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return not self.open


@dataclass(frozen=True, slots=True)
class Result:
    """One check; `unit` is what it counts."""

    check: str
    unit: str
    rows: tuple[Row, ...]
    seconds: float

    @property
    def is_complete(self) -> bool:
        return all(row.is_complete for row in self.rows)


class Progress(Protocol):
    """Where a long check says how far it is."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


Check = Callable[[Mapping[str, Path], Progress], Result]


def conditions(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """MC/DC of the Python modules."""
    started = time.monotonic()
    found = coverage.measure(chosen)

    def told(gap: coverage.Missing) -> str:
        where = f"line {gap.line}" + (f" in {gap.function}" if gap.function else "")
        return f"{where}: `{gap.condition}` of `{gap.decision}` never decides when {gap.lacks}"

    counted = [(each.module, each.conditions, each.conditions - len(each.missing)) for each in found.modules]
    return Result("mcdc", "conditions", _rows(counted, found.verdict, told), _since(started))


def python_mutants(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """Mutation of the Python modules."""
    started = time.monotonic()
    found = mutants.measure(chosen, progress)

    def told(gap: mutants.Mutant) -> str:
        return f"{gap.function}: `{gap.before}` became `{gap.after}`" + ("" if gap.is_reached else " (no test comes here)")

    return Result(
        "mutmut",
        "mutants",
        _rows([(each.module, each.mutants, each.killed) for each in found.modules], found.verdict, told),
        _since(started),
    )


def java_mutants(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """Mutation of the Java packages, whatever modules are chosen."""
    started = time.monotonic()
    found = pit.measure()

    def told(gap: pit.JavaMutant) -> str:
        return f"{gap.method}, line {gap.line_number}: {gap.change} in `{gap.line}` ({gap.status.lower()})"

    return Result(
        "pit", "mutants", _rows([(each.module, each.mutants, each.killed) for each in found.modules], found.verdict, told), _since(started)
    )


def deep_tests(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """The tests marked `level_a`: formal runs with deeper bounds than the ordinary check has time for."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-m", "level_a", "-p", "no:cacheprovider", "--timeout=3600"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    lines = ran.stdout.strip().splitlines() or ["pytest said nothing"]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    if ran.returncode not in (0, NO_TESTS_COLLECTED) and not failed:
        failed = lines[-1:]
    passed = sum(map(int, re.findall(r"(\d+) passed", lines[-1])))
    return Result("formal", "tests", (Row("pytest -m level_a", passed + len(failed), passed, 0, tuple(failed)),), _since(started))


CHECKS: Final[Mapping[str, Check]] = {"mcdc": conditions, "mutmut": python_mutants, "pit": java_mutants, "formal": deep_tests}


def chosen_modules(prefixes: Sequence[str]) -> dict[str, Path]:
    """The level A modules whose names begin with one of `prefixes`; all of them without any.

    Raises:
        BadInput: a prefix fits none.
    """
    known = modules.python_modules()
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in known):
            raise BadInput("no level A module begins so", field="module", value=prefix, remedy=f"Known: {', '.join(known)}.")
    return {name: path for name, path in known.items() if not prefixes or name.startswith(tuple(prefixes))}


def chosen_checks(names: Sequence[str]) -> tuple[str, ...]:
    """The checks of these names, in the order in which they run; all of them without any.

    Raises:
        BadInput: there is no such check.
    """
    for name in names:
        if name not in CHECKS:
            raise BadInput("no such check", field="only", value=name, remedy=f"Known: {', '.join(CHECKS)}.")
    return tuple(name for name in CHECKS if not names or name in names)


def _rows[G: Gap](counted: Iterable[tuple[str, int, int]], verdict: Verdict[G], told: Callable[[G], str]) -> tuple[Row, ...]:
    """A row for each (module, how much, how much shown) that has anything; what is open goes to its module, wherever that went."""
    is_open: dict[str, list[str]] = {}
    for gap in verdict.open:
        is_open.setdefault(gap.place[0], []).append(told(gap))
    for module, *place in verdict.unneeded:
        is_open.setdefault(module, []).append(f"justified, but not needed any more: {' / '.join(place)}")
    justified = [gap.place[0] for gap, _ in verdict.justified]
    rows = [
        Row(module, total, shown, justified.count(module), tuple(is_open.pop(module, ())))
        for module, total, shown in counted
        if total or module in is_open
    ]
    return (*rows, *(Row(module, 0, 0, 0, tuple(found)) for module, found in is_open.items()))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)
