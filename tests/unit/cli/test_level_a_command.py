"""`dolphin test --level-a` from the command line: what it refuses, what it prints, when it fails."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dolphin.assurance import test_run as selftest
from dolphin.assurance.level_a import checks as level_a
from dolphin.assurance.level_a import record
from dolphin.assurance.level_a.checks import Progress, Result, Row
from dolphin.cli import main
from dolphin.errors import ExitCode


@pytest.mark.parametrize(
    "arguments",
    [
        ["--only", "mcdc"],
        ["--module", "dolphin.core.order_gate"],
        ["--save"],
        ["--level-a", "--only", "nonsense"],
        ["--level-a", "--module", "agent"],
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    assert main(["test", *arguments]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize(("is_open", "status"), [((), ExitCode.DONE), (("line 3 is open",), ExitCode.FAILED)])
def test_it_ends_with_failure_if_anything_is_open(
    is_open: tuple[str, ...], status: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[list[str], bool]] = []

    def check(chosen: Mapping[str, Path], progress: Progress) -> Result:
        progress("gate", 1, 2)
        return Result("mcdc", "conditions", (Row("dolphin.core.order_gate.admission", 47, 47 - len(is_open), 0, is_open),), 0.5)

    monkeypatch.setattr(level_a, "CHECKS", {"mcdc": check})
    monkeypatch.setattr(record, "save", lambda results, *, is_whole: asked.append(([each.check for each in results], is_whole)))
    assert main(["test", "--level-a", "--module", "dolphin.core.order_gate.admission", "--save", "--json"]) == status
    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"] is (not is_open)
    assert ("OPEN" in printed.err) is bool(is_open)
    assert all(each in printed.err for each in is_open)
    assert asked == [(["mcdc"], False)]


def test_the_ordinary_gate_runs_mc_dc_and_no_mutation() -> None:
    (step,) = [step for step in selftest.steps(()) if "--level-a" in step.command]
    assert step.command[-2:] == ("--only", "mcdc")
