"""`replay` and its relatives on the command line: what is said, and the exit status."""

import json
from pathlib import Path

import frame_texts as texts
import pytest

from dolphin.cli import main

START = 1_700_000_000_000_000_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording"
    frames = [texts.snapshot(100), texts.depth(100, 110, 99), texts.trade(), texts.trade(X="INSURANCE_FUND"), texts.book_ticker(b="NaN")]
    path.write_bytes(b"".join(b"%d %s\n" % (START + n, frame) for n, frame in enumerate(frames)))
    return path


def test_replay_says_what_is_in_a_recording(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(recording)]) == 0
    said = capsys.readouterr().out
    assert "BTCUSDT: 5 frames" in said
    assert "1 bad frames, 0 gaps, 1 off-market trades" in said
    assert "b = 'NaN'" in said


def test_replay_says_the_same_as_data(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(recording), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["recording"]["symbols"] == ["BTCUSDT"]
    assert said["recording"]["frames"] == said["counters"]["frames"] == 5
    assert said["counters"]["bad_frames"] == 1
    assert said["rows"] == 3, "depth, trade and the last tick"


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "{folder}/absent"],
        ["replay", "{folder}/absent", "--member", "127.0.0.1:1", "--speed", "0"],
        ["exchange", "--recording", "{folder}/absent"],
        ["exchange", "--assets", "0"],
        ["record", "{folder}/out.gz", "--symbols", ",".join(f"S{n}" for n in range(300))],
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([argument.format(folder=tmp_path) for argument in arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("dolphin: ")
    assert said.err.count("\n") == 1
