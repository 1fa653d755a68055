"""The units of systemd: ready when they say so, watched, ended in good order; and systemd itself can read them."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dolphin.cli import main
from dolphin.errors import ExitCode
from dolphin.host.home import REPOSITORY

FOLDER = REPOSITORY / "cluster-config" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
INSTALLED = "/opt/dolphin"


def sections(unit: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read(unit)
    return parser


def test_there_is_one_for_each_process_that_may_run_by_itself() -> None:
    assert [unit.stem for unit in UNITS] == ["dolphin-agent", "dolphin-feed", "dolphin-member", "dolphin-supervisor"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_says_when_it_is_ready_and_is_watched(unit: Path) -> None:
    service = sections(unit)["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 10, "an idle process is heard of every few seconds at the latest"
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == f"{ExitCode.BAD_INPUT} {ExitCode.REFUSED}"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_each_runs_is_there_and_takes_these_options(
    unit: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sections(unit)["Service"]["ExecStart"].replace(INSTALLED, str(REPOSITORY)).split()
    if "-m" in command:
        module = command[command.index("-m") + 1]
        assert any((REPOSITORY / root / f"{module.replace('.', '/')}.py").is_file() for root in ("src", "."))
    else:
        assert Path(command[0]).is_file()
        monkeypatch.setenv("COLUMNS", "200")
        assert main([command[1], "--help"]) == ExitCode.DONE
        known = set(re.findall(r"--[a-z]+", capsys.readouterr().out))
        asked = {word for word in command[2:] if word.startswith("--")}
        assert asked
        assert asked <= known


def test_the_page_makes_the_folder_before_it_writes_into_it() -> None:
    page = (REPOSITORY / "docs" / "cluster.md").read_text().partition("## With systemd")[2]
    made, written = re.search(r"^# install -d .*/etc/dolphin$", page, re.MULTILINE), re.search("> /etc/dolphin/", page)
    assert made is not None
    assert written is not None
    assert made.start() < written.start()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(re.sub(re.escape(INSTALLED), str(REPOSITORY), unit.read_text()))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert not complaints
