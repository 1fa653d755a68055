"""`dolphin test`: every check the project has, in order, each with its heading; CI runs exactly this.

Lints come first because they are quick; a failed step does not stop the later ones, so that one run shows everything that is wrong.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from dolphin.host.home import REPOSITORY


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a heading and the command that makes it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended."""

    name: str
    exit_status: int
    seconds: float


def steps(pytest_arguments: Sequence[str]) -> tuple[Step, ...]:
    """The checks, in order; with `pytest_arguments` only pytest runs, on what they select."""
    python = sys.executable
    if pytest_arguments:
        return (Step("pytest", (python, "-m", "pytest", *pytest_arguments)),)
    scripts = Path(python).parent
    both = (python, "-m", "pytest", "-n", "2")
    return (
        Step("ruff", (str(scripts / "ruff"), "check", ".")),
        Step("ruff format", (str(scripts / "ruff"), "format", "--check", ".")),
        Step("pyright", (str(scripts / "basedpyright"),)),
        Step("MC/DC of the level A modules", (python, "-m", "dolphin", "test", "--level-a", "--only", "mcdc")),
        Step("Java: compile, lint, format, unit tests", ("mvn", "-q", "-B", "-pl", "jet", "verify")),
        Step("unit and property tests, a process for each core", (python, "-m", "pytest", "-n", "auto", "tests/unit", "tests/property")),
        Step("formal and integration tests, two files at a time", (*both, "--dist", "loadfile", "tests/formal", "tests/integration")),
    )


def run(todo: Sequence[Step], console: Console, *, quiet: bool) -> list[Outcome]:
    """Runs the steps; their output goes to the terminal, or nowhere if `quiet`."""
    outcomes: list[Outcome] = []
    for number, step in enumerate(todo, 1):
        console.rule(f"[{number}/{len(todo)}] {step.name}", align="left")
        started = time.monotonic()
        output = subprocess.DEVNULL if quiet else None
        done = subprocess.run(step.command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
        outcomes.append(Outcome(step.name, done.returncode, round(time.monotonic() - started, 1)))
    return outcomes
