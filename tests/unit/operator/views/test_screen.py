"""The live screen: ages beside what was said, nothing old drawn as present, plain lines into a pipe."""

from io import StringIO

import pytest
from a_run import START, WALL, S, agent_lines, feed_line, feed_lines, told
from rich.console import Console

from dolphin.operator.views.screen import Screen
from dolphin.operator.views.story import STALE_NS, Story

STATUS = {"type": "status", "market_time_ns": START + 20 * S, "wall_ns": WALL, "held_back": {"": "depth has no usable reading"}}


def drawn(story: Story, *, width: int = 80, wall_ns: int = WALL, is_terminal: bool = True) -> str:
    said = StringIO()
    console = Console(file=said, width=width, force_terminal=is_terminal, color_system="standard" if is_terminal else None)
    console.print(Screen(console, "SYNTHETIC market", 160.0, lambda: wall_ns).draw(story))
    return said.getvalue()


def lines(story: Story, width: int = 80) -> list[str]:
    return drawn(story, width=width, is_terminal=False).splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_the_panel_fits_its_terminal(width: int) -> None:
    assert {len(line) for line in lines(told(), width)} == {width}


def test_each_part_is_shown_with_its_age() -> None:
    story = told(iter([STATUS]), iter([feed_line(0), feed_line(8)]))
    text = drawn(story, wall_ns=WALL + 2 * S, is_terminal=False)
    assert "feed 1.0 s ago" in text
    assert "agent 2.0 s ago" in text


def test_what_is_old_is_struck_through_and_what_is_fresh_is_not() -> None:
    story = told(iter([STATUS]), iter([feed_line(0)]))
    strike = "\x1b[2;9m"
    assert strike not in drawn(story, wall_ns=WALL + STALE_NS)
    assert f"{strike}HIBERNATE" in drawn(story, wall_ns=WALL + STALE_NS + 1)


def test_a_feed_behind_its_clock_is_said() -> None:
    assert "feed 9.0 s behind its clock" in drawn(told(iter(()), iter([feed_line(8, lag_ns=9 * S)])), is_terminal=False)


def test_the_warm_up_says_what_it_waits_for() -> None:
    story = told(iter([STATUS]), iter([feed_line(0), feed_line(20)]))
    assert any("waiting for the account's depth: what is usual (40 s of market time to go)" in line for line in lines(story))


def test_in_a_pipe_every_moment_is_one_line_and_none_is_said_twice() -> None:
    said = StringIO()
    screen, story = Screen(Console(file=said, width=80), "m", 160.0), Story()
    assert screen.open()() is None
    for line in feed_lines():
        story.read_feed(line)
        break
    for line in agent_lines():
        story.read_agent(line)
        screen.show(story)
        screen.show(story)
    printed = said.getvalue().splitlines()
    moments = [line for line in printed if "waiting for" not in line]
    assert len(moments) == len(set(moments)) == story.told
    assert "00:02:20 cut account had come to 0.90x in 3 steps by 00:01:43" in printed
    assert "00:01:07 denied BUY 100 SOLUSDT: the cap is used up" in printed


def test_in_a_pipe_the_warm_up_is_said_now_and_then() -> None:
    said = StringIO()
    screen, story = Screen(Console(file=said, width=80), "m", 160.0), Story()
    for second in range(31):
        story.read_feed(feed_line(second))
        screen.show(story)
    assert [line[:8] for line in said.getvalue().splitlines()] == ["00:00:00", "00:00:15", "00:00:30"]
