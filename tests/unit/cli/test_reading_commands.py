"""What only reads leaves nothing behind, and what cannot be used is exit code 2, whichever command it is given to."""

import json
from pathlib import Path

import pytest

from dolphin.cli import main
from dolphin.core.health.verdict import Health
from dolphin.errors import ExitCode

READING = [
    ["down"],
    ["explain", "O-1"],
    ["ledger", "show"],
    ["ledger", "verify"],
    ["ledger", "balance"],
    ["posture", "show"],
    ["posture", "explain"],
    ["posture", "log"],
    ["breaker", "list"],
    ["job", "list"],
    ["job", "show", "ars"],
    ["trace", "check", "20250101T000000Z-0000"],
    ["trace", "show", "20250101T000000Z-0000"],
    ["backup", "copy.tar.gz"],
    ["prune"],
    ["prune", "--dry-run"],
]
OLD_JAVA = """#!/bin/sh
echo 'openjdk version "11.0.1"' >&2
"""


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_reading_command_on_an_empty_directory_leaves_it_empty(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--json"]) == ExitCode.BAD_INPUT
    assert list(tmp_path.iterdir()) == []
    assert json.loads(capsys.readouterr().out)["error"]["remedy"]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_reading_command_on_a_strangers_folder_leaves_it_as_it_was(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "thesis"
    (folder / "runs" / "1").mkdir(parents=True)
    for path in (folder, folder / "runs", folder / "runs" / "1"):
        path.chmod(0o755)
    assert main([*command, "--home", "thesis", "--json"]) == ExitCode.BAD_INPUT
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis", "runs", "1"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")} == {0o755}
    assert json.loads(capsys.readouterr().out)["error"]["remedy"]


def test_a_file_that_is_no_backup_leaves_no_home_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"no backup\n")
    assert main(["restore", "file", "--home", "home"]) == ExitCode.BAD_INPUT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert len(capsys.readouterr().err.splitlines()) == 1, "and nothing of a bar that nobody has seen"


@pytest.mark.parametrize("command", [["up"], ["up", "--feed", "live"], ["demo"], ["member"]], ids=" ".join)
def test_a_java_that_is_too_old_is_found_before_the_network_is_asked_and_a_home_is_made(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(OLD_JAVA)
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    config = tmp_path / "nobody-there.toml"
    config.write_text('[live]\nrest_url = "http://127.0.0.1:9"\n')
    assert main([*command, "--home", str(tmp_path / "home"), "--config", str(config)]) == ExitCode.BAD_INPUT
    assert not (tmp_path / "home").exists()
    assert capsys.readouterr().err.startswith(f"dolphin: java = '{java}': Java 11 is too old: 17 or newer is needed. Install")


def test_status_of_an_empty_directory_says_that_nothing_runs_and_leaves_it_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["status", "--json"]) == Health.DOWN == 4
    assert list(tmp_path.iterdir()) == []
    assert json.loads(capsys.readouterr().out)["headline"] == "DOWN: no system is up here"


BAD = {
    "an unknown option": ["demo", "--nosuch"],
    "a value that is missing": ["demo", "--speed"],
    "an unknown command": ["nosuch"],
    "an unknown command of a group": ["job", "nosuch"],
    "an argument that is missing": ["explain"],
    "no number": ["exchange", "--port", "x"],
    "a number out of range": ["exchange", "--port", "70000"],
    "a configuration that is missing": ["up", "--config", "no.toml"],
    "a configuration that is a folder": ["demo", "--config", "folder"],
    "a configuration that is no TOML": ["up", "--config", "binary"],
    "a key that there is not": ["member", "--config", "unknown-key.toml"],
    "a home that is a file": ["status", "--home", "binary"],
    "a recording that is missing": ["demo", "--recording", "none.gz"],
    "a recording that is none": ["replay", "binary"],
    "a folder without a recording": ["replay", "folder"],
    "a trace that is none": ["trace", "show", "binary"],
    "a table that is none": ["stage", "run", "m:f", "binary"],
    "a table that is missing": ["stage", "run", "m:f", "none.parquet"],
    "a function that is missing": ["stage", "run", "no_such_module:f", "binary"],
    "a pipeline that is missing": ["job", "submit", "none.py"],
    "a pipeline that is no Python": ["job", "draw", "broken.py"],
    "a pipeline that raises": ["job", "draw", "raising.py"],
    "no address of a member": ["job", "list", "--member", "nowhere"],
    "no address to play into": ["replay", "binary", "--member", "nowhere"],
    "no address to join": ["up", "--feed", "live", "--join", "nowhere"],
    "a replay that would join": ["up", "--join", "127.0.0.1:5701"],
    "a member's configuration that is none": ["member", "four-members"],
    "a lonely member that would join": ["member", "--join", "127.0.0.1:5701"],
    "no size of a heap": ["member", "--heap", "much"],
    "no feed": ["up", "--feed", "nosuch"],
    "a live market with a speed": ["up", "--feed", "live", "--speed", "8"],
    "no level": ["breaker", "cut", "BTCUSDT", "9", "--reason", "x"],
    "no posture": ["posture", "force", "NAP", "--reason", "x"],
    "no benchmark": ["bench", "nosuch"],
    "no check": ["test", "--level-a", "--only", "nosuch"],
    "too many symbols": ["record", "out.gz", "--symbols", ",".join(f"S{number}USDT" for number in range(201))],
    "too many assets": ["exchange", "--assets", "99"],
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_exit_code_2_and_with_json_an_object(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary").write_bytes(b"\x80\x81\x82 no text\n")
    (tmp_path / "unknown-key.toml").write_text("[paper]\nacount = 'x'\n")
    (tmp_path / "broken.py").write_text("pipeline = (\n")
    (tmp_path / "raising.py").write_text("1 / 0\n")
    assert main([*BAD[what], "--json"]) == ExitCode.BAD_INPUT
    said = capsys.readouterr()
    error = json.loads(said.out.splitlines()[-1])["error"]
    assert error["exit_code"] == ExitCode.BAD_INPUT
    assert error["what"]
    assert error["remedy"]
    assert said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "command",
    [
        ["up", "--join", "u:hunter2@h:5701"],
        ["up", "--feed", "live", "--join", "u:hunter2@h:5701"],
        ["member", "three-members", "--join", "u:hunter2@h:5701"],
        ["job", "list", "--member", "u:hunter2@h:5701"],
        ["record", "out.gz", "--rest-url", "http://u:hunter2@h"],
        ["record", "out.gz", "--ws-url", "wss://h/?token=hunter2"],
    ],
    ids=" ".join,
)
def test_a_password_that_was_typed_into_an_address_is_not_shown(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--json"]) == ExitCode.BAD_INPUT
    said = capsys.readouterr()
    assert "hunter2" not in said.out + said.err
    assert list(tmp_path.iterdir()) == []


def test_a_member_does_not_start_in_a_home_that_is_half_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "restoring").touch()
    assert main(["member", "--home", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "a restore into this home did not come to its end" in capsys.readouterr().err
    assert not (tmp_path / "gates.sqlite").exists()


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("dolphin 0.")
