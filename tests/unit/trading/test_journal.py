"""A journal that cannot be written holds nothing up."""

from pathlib import Path

import pytest

from dolphin.trading.journal import Journal


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_once_and_its_missing_lines_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(Path("/dev/full"))
    for _ in range(3):
        journal.write({"type": "fill", "market_time_ns": 1})
    assert (journal.missing, journal.counts) == (3, {"fill": 3})
    assert capsys.readouterr().err.count("No space left") == 1


def test_a_line_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run" / "agent.ndjson")
    journal.write({"type": "fill", "market_time_ns": 1})
    assert (tmp_path / "run" / "agent.ndjson").read_bytes() == b'{"type":"fill","market_time_ns":1}\n'
    assert journal.missing == 0
