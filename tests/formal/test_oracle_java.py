"""The member's rules (Java) and the program extracted from the Coq model give the same bits, as Python and the program do.

Java answers the same lines, under the same parameters.
"""

import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import oracle_cases as cases
import oracle_lines as lines
import pytest
from oracle_lines import Case
from rich.console import Console

from dolphin.core.control.params import BreakerParams, GovernorParams
from dolphin.host.build import ensure_jar
from dolphin.host.home import REPOSITORY
from dolphin.host.java import find_jdk

SOURCE = REPOSITORY / "jet" / "src" / "test" / "java" / "dolphin" / "jet" / "gates" / "OracleMain.java"
BOUNDARIES: dict[str, Callable[[], Iterator[Case]]] = {
    "govern": lambda: cases.boundary_governments(GovernorParams()),
    "vote": lambda: cases.boundary_votes(BreakerParams()),
}
RANDOM: dict[str, Callable[[random.Random, int], Iterator[Case]]] = {
    "govern": cases.random_governments,
    "vote": cases.random_votes,
    "decide": cases.random_decisions,
}


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """The command that answers with the member's rules."""
    jar = ensure_jar(Console(stderr=True))
    libraries = f"{jar}:{jar.parent / 'lib' / '*'}"
    classes = tmp_path_factory.mktemp("oracle")
    program = find_jdk().java
    compiler = program.resolve().with_name("javac")
    subprocess.run([compiler, "-nowarn", "-cp", libraries, "-d", classes, SOURCE], check=True)
    return [program, "-cp", f"{classes}:{libraries}", "dolphin.jet.gates.OracleMain"]


@pytest.mark.parametrize("rule", BOUNDARIES)
def test_java_agrees_at_every_boundary_and_pair_of_boundaries(java: list[str | Path], rule: str) -> None:
    assert lines.disagreements(java, BOUNDARIES[rule]()) == []


@pytest.mark.parametrize("rule", RANDOM)
def test_java_agrees_on_random_states_and_inputs(java: list[str | Path], rule: str) -> None:
    assert lines.disagreements(java, RANDOM[rule](random.Random(rule), 20_000)) == []


@pytest.mark.level_a
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rule", RANDOM)
def test_java_agrees_on_a_million_random_states_and_inputs(java: list[str | Path], rule: str) -> None:
    for seed in range(20):
        assert lines.disagreements(java, RANDOM[rule](random.Random(f"{rule} {seed}"), 100_000)) == []
