"""A journal is followed by whole lines."""

from pathlib import Path

from dolphin.host.tail import Tail


def test_a_half_written_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "agent.ndjson"
    tail = Tail(path)
    assert tail.read() == []
    with path.open("a") as journal:
        journal.write('{"type": "order", "n": 1}\n{"type": "fi')
        journal.flush()
        assert tail.read() == [{"type": "order", "n": 1}]
        assert tail.read() == []
        journal.write('ll", "n": 2}\n')
    assert tail.read() == [{"type": "fill", "n": 2}]
