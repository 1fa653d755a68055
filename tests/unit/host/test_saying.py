"""A log for people: one line when something goes, one when it is back, each with the time."""

import re

import pytest

from dolphin.host.saying import Outage, timed


def test_a_line_has_its_moment_to_the_millisecond_and_who_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    timed("feed")("the exchange is lost: silent for 10 s")
    said = capsys.readouterr().err
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z feed: the exchange is lost: silent for 10 s\n", said)


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    said: list[str] = []
    now = 100.0
    outage = Outage("the cluster", said.append, monotonic=lambda: now)
    outage.ended()
    assert said == [], "what was never lost is not back"
    for _ in range(3):
        outage.began("no member answers")
        now += 1.0
    for _ in range(3):
        outage.ended()
    assert said == ["the cluster is lost: no member answers", "the cluster is back after 3.0 s"]
    outage.began("again")
    assert said[-1] == "the cluster is lost: again"


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None: ...

    monkeypatch.setattr("sys.stderr", Full())
    timed("agent")("the market is lost: silence")
