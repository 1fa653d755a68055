"""`dolphin test --level-a`: the checks of level A one after the other, one table, and the page that records them (`docs/level-a.md`)."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from dolphin.errors import BadInput
from dolphin.ops.home import REPOSITORY
from dolphin.verify import coverage, modules, mutants, pit
from dolphin.verify.justified import Verdict

PAGE: Final = REPOSITORY / "docs" / "level-a.md"
BEGIN: Final = "<!-- result: written by ./dolphin test --level-a --save -->"
END: Final = "<!-- end -->"
NO_TESTS_COLLECTED: Final = 5
"""pytest's exit status when nothing carries the marker."""


@dataclass(frozen=True, slots=True)
class Row:
    """One module under one check."""

    module: str
    total: int
    shown: int
    justified: int


@dataclass(frozen=True, slots=True)
class Result:
    """One check: what of how much it showed, what is open, and justifications that excuse nothing."""

    check: str
    unit: str
    rows: tuple[Row, ...]
    open: tuple[str, ...]
    unneeded: tuple[str, ...]
    seconds: float

    @property
    def is_complete(self) -> bool:
        return not self.open and not self.unneeded


class Progress(Protocol):
    """Where a long check says how far it is."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def conditions(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """MC/DC of the Python modules."""
    started = time.monotonic()
    found = coverage.measure(chosen)
    verdict = found.verdict
    rows = tuple(
        Row(
            each.module,
            each.conditions,
            each.conditions - len(each.missing),
            sum(gap.module == each.module for gap, _ in verdict.justified),
        )
        for each in found.modules
        if each.conditions
    )
    gaps = tuple(
        f"{gap.module}:{gap.line} in {gap.function or 'the module'}: `{gap.condition}` of `{gap.decision}` never decides when {gap.lacks}"
        for gap in verdict.open
    )
    return Result("MC/DC, Python", "conditions", rows, gaps, _places(verdict), _since(started))


def python_mutants(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """Mutation of the Python modules."""
    started = time.monotonic()
    found = mutants.measure(chosen, progress)
    rows = tuple(
        Row(each.module, each.mutants, each.killed, sum(gap.module == each.module for gap, _ in found.verdict.justified))
        for each in found.modules
        if each.mutants
    )
    gaps = tuple(f"{gap.module} {gap.function}: `{gap.before}` became `{gap.after}`" for gap in found.verdict.open)
    return Result("mutation, Python", "mutants", rows, gaps, _places(found.verdict), _since(started))


def java_mutants(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """Mutation of the Java package."""
    started = time.monotonic()
    found = pit.measure()
    rows = tuple(
        Row(each.module, each.mutants, each.killed, sum(gap.java_class == each.module for gap, _ in found.verdict.justified))
        for each in found.modules
    )
    gaps = tuple(
        f"{gap.java_class}.{gap.method}, line {gap.line_number}: {gap.change} in `{gap.line}` ({gap.status.lower()})"
        for gap in found.verdict.open
    )
    return Result("mutation, Java", "mutants", rows, gaps, _places(found.verdict), _since(started))


def deep_tests(chosen: Mapping[str, Path], progress: Progress) -> Result:
    """The tests marked `level_a`: formal runs with deeper bounds than the ordinary gate has time for."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-m", "level_a", "-p", "no:cacheprovider", "--timeout=3600"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    last = (ran.stdout.strip().splitlines() or ["pytest said nothing"])[-1]
    failed = () if ran.returncode in (0, NO_TESTS_COLLECTED) else (last, *_failures(ran.stdout))
    passed = sum(map(int, re.findall(r"(\d+) passed", last)))
    row = Row("pytest -m level_a", passed + len(failed[1:]), passed, 0)
    return Result("deep formal tests", "tests", (row,), failed, (), _since(started))


CHECKS: Final[Mapping[str, Callable[[Mapping[str, Path], Progress], Result]]] = {
    "mcdc": conditions,
    "mutmut": python_mutants,
    "pit": java_mutants,
    "formal": deep_tests,
}


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


def page(text: str, results: Sequence[Result], commit: str, at: datetime) -> str:
    """The page with `results` in place of those that were recorded."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{_record(results, commit, at)}\n{END}{tail}"


def save(results: Sequence[Result]) -> None:
    """Records `results` in the page, with the commit they are about."""
    PAGE.write_text(page(PAGE.read_text(), results, commit(), datetime.now(UTC)))


def commit() -> str:
    """The commit that is checked out, with a note if the files differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(("git", *arguments), cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()

    changed = [line for line in git("status", "--porcelain").splitlines() if not line.endswith(str(PAGE.relative_to(REPOSITORY)))]
    return git("rev-parse", "--short=12", "HEAD") + (" with uncommitted changes" if changed else "")


def _record(results: Sequence[Result], commit: str, at: datetime) -> str:
    lines = [f"Commit {commit}, {at:%Y-%m-%d %H:%M} UTC.", ""]
    lines += ["| check | of | shown | justified | open | took |", "|---|---|---|---|---|---|"]
    for result in results:
        total, shown = sum(row.total for row in result.rows), sum(row.shown for row in result.rows)
        justified, is_open = sum(row.justified for row in result.rows), len(result.open) + len(result.unneeded)
        lines.append(f"| {result.check} | {total:,} {result.unit} | {shown:,} | {justified} | {is_open} | {result.seconds:.0f} s |")
    for result in results:
        lines += ["", f"**{result.check}**", "", f"| module | {result.unit} | shown | justified |", "|---|---|---|---|"]
        lines += [f"| `{row.module}` | {row.total:,} | {row.shown:,} | {row.justified} |" for row in result.rows]
        lines += [f"\nOpen: {each}" for each in result.open] + [f"\nNot needed: {each}" for each in result.unneeded]
    return "\n".join(lines)


def _places(verdict: Verdict[object]) -> tuple[str, ...]:
    return tuple(" / ".join(place) for place in verdict.unneeded)


def _failures(output: str) -> tuple[str, ...]:
    return tuple(line for line in output.splitlines() if line.startswith(("FAILED", "ERROR")))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)
