"""Errors become one line, an exit code and, on request, JSON."""

import json
import runpy
import subprocess
import sys
from collections.abc import Sequence

import pytest

from dolphin.cli import main
from dolphin.errors import ExitCode


def test_bad_input_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "nosuch"]) == ExitCode.BAD_INPUT
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "NAME = 'nosuch'" in said.err


def test_with_json_the_error_is_an_object_that_names_field_value_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "nosuch", "--json"]) == ExitCode.BAD_INPUT
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["field"], error["value"], error["exit_code"]) == ("NAME", "nosuch", 2)
    assert error["remedy"]


@pytest.mark.parametrize("arguments", [["nosuch"], ["demo", "--nosuch"], ["demo", "--speed"]])
def test_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    assert main(arguments) == ExitCode.BAD_INPUT


def test_help_names_every_command_and_exits_0() -> None:
    done = subprocess.run([sys.executable, "-m", "dolphin"], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.DONE
    for command in ("demo", "test", "up", "down", "status", "job", "bench", "ledger", "stage", "replay", "record", "exchange", "explain"):
        assert f" {command} " in done.stdout


@pytest.mark.parametrize("speed", ["0", "fast", "-1", "1001"])
def test_a_speed_that_is_none_is_refused_before_anything_starts(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--speed", speed]) == ExitCode.BAD_INPUT
    assert "--speed" in capsys.readouterr().err


def test_ctrl_c_before_a_command_has_begun_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: Sequence[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("dolphin.cli.main", interrupted)
    monkeypatch.setattr("sys.argv", ["dolphin", "demo"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("dolphin", run_name="__main__")
    assert end.value.code == 130
    assert capsys.readouterr().err == "dolphin: interrupted; nothing had been started.\n"
