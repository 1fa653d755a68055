"""The Python rules and the program extracted from the Coq model give the same bits, at every boundary and anywhere."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import oracle_cases as cases
import oracle_lines as lines
import pytest
from oracle_lines import Case

from dolphin.assurance import proofs
from dolphin.core.control import tables
from dolphin.core.control.params import SENSORS, BreakerParams, GovernorParams, SurvivalParams, describe

pytestmark = pytest.mark.skipif(bool(proofs.missing_tools()), reason=f"no {', '.join(proofs.missing_tools())}. {proofs.REMEDY}")

ALL_WIRED = SurvivalParams(wired=SENSORS)
BOUNDARIES: dict[str, Callable[[], Iterator[Case]]] = {
    "assess": lambda: cases.boundary_assessments(ALL_WIRED),
    "assess as wired": lambda: cases.boundary_assessments(SurvivalParams()),
    "govern": lambda: cases.boundary_governments(GovernorParams()),
    "vote": lambda: cases.boundary_votes(BreakerParams()),
}
RANDOM: dict[str, Callable[[random.Random, int], Iterator[Case]]] = {
    "assess": cases.random_assessments,
    "govern": cases.random_governments,
    "vote": cases.random_votes,
    "decide": cases.random_decisions,
}


@pytest.fixture(scope="session")
def oracle() -> Path:
    return proofs.build_oracle()


@pytest.mark.parametrize("rule", BOUNDARIES)
def test_python_and_the_model_agree_at_every_boundary_and_pair_of_boundaries(oracle: Path, rule: str) -> None:
    assert lines.disagreements([oracle], BOUNDARIES[rule]()) == []


@pytest.mark.parametrize("rule", RANDOM)
def test_python_and_the_model_agree_on_random_states_and_inputs(oracle: Path, rule: str) -> None:
    assert lines.disagreements([oracle], RANDOM[rule](random.Random(rule), 10_000)) == []


@pytest.mark.level_a
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rule", RANDOM)
def test_python_and_the_model_agree_on_a_million_random_states_and_inputs(oracle: Path, rule: str) -> None:
    for seed in range(20):
        assert lines.disagreements([oracle], RANDOM[rule](random.Random(f"{rule} {seed}"), 50_000)) == []


@pytest.mark.level_a
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(8))
def test_python_and_the_model_agree_at_every_boundary_of_other_parameters(oracle: Path, seed: int) -> None:
    draw = random.Random(seed)
    assert lines.disagreements([oracle], cases.boundary_assessments(cases.any_params(draw, SurvivalParams))) == []
    assert lines.disagreements([oracle], cases.boundary_governments(cases.any_params(draw, GovernorParams))) == []
    assert lines.disagreements([oracle], cases.boundary_votes(cases.any_params(draw, BreakerParams))) == []


def test_a_wrong_answer_is_a_disagreement(oracle: Path) -> None:
    honest = [case for case in cases.random_governments(random.Random(1), 20) if case.answer is not None]
    wrong = honest[3]._replace(answer=f"{honest[3].answer}1")
    told = lines.disagreements([oracle], [lines.governor_params(GovernorParams()), *honest[:3], wrong])
    assert len([each for each in told if each.startswith(wrong.question)]) == 1


def test_the_tables_of_the_model_are_those_of_the_code() -> None:
    text = (proofs.COQ / "model" / "Tables.v").read_text()
    found = dict(re.findall(r"Definition (\w+) : list Z := \[([^]]*)\]", text))
    assert {name: tuple(map(int, values.split(";"))) for name, values in found.items()} == {
        "ENVELOPE_DECADE": tables.ENVELOPE_DECADE,
        "CAPITAL_STRESS": tables.CAPITAL_STRESS,
    }


@pytest.mark.parametrize("record", [SurvivalParams, GovernorParams, BreakerParams])
def test_the_proofs_assume_of_parameters_what_the_code_checks(record: type) -> None:
    text = (proofs.COQ / "model" / "Params.v").read_text()
    module = re.search(rf"Module {record.__name__}\.(.*?)End {record.__name__}\.", text, re.DOTALL)
    assert module is not None
    units = {"MS": 10**6, "SECOND": 10**9, "MINUTE": 60 * 10**9, "HOUR": 3600 * 10**9, "ONE": 10**6}
    assumed = {
        name: (eval(low, units), eval(high.replace("^", "**"), units))
        for low, name, high in re.findall(r"_in : (.+?) <= (\w+) p <= (.+?);", module[1])
    }
    assert assumed == {name: (number.low, number.high) for name, number in describe(record)}


def test_two_ranges_that_the_proofs_order_are_refused_by_the_code_when_they_meet() -> None:
    text = (proofs.COQ / "model" / "Params.v").read_text()
    strict = re.findall(r"_order : (\w+) p < (\w+) p;", text)
    assert len(strict) == 6
    for lower, upper in strict:
        meeting = max(getattr(SurvivalParams(), lower), 1)
        with pytest.raises(Exception, match=f"{lower}.*must be below {upper}"):
            SurvivalParams(**{lower: meeting, upper: meeting})
    with pytest.raises(Exception, match=r"hold_max_ns.*must not be below hold_ns"):
        BreakerParams(hold_ns=2 * 10**9, hold_max_ns=10**9)
