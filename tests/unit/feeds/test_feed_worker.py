"""The feed process's command line: what it is asked to do, checked before anything is opened."""

from pathlib import Path

import pytest

from dolphin.errors import BadInput
from dolphin.feeds.play import SHORTEST_SPAN_NS
from dolphin.feeds.publisher import FAST_WINDOW
from dolphin.feeds.worker import FAST_SPAN_NS, Options, parse

COMMON = ["--member", "127.0.0.1:5701", "--run-id", "r1", "--run-dir", "runs/r1"]


def options(*more: str) -> Options:
    return parse([*COMMON, *more])


def test_as_fast_as_possible_keeps_a_window_and_a_wall_clock_pace_keeps_none() -> None:
    fast = options("--source", "generator", "--speed", "0", "--job", "ars", "--job", "acb")
    assert (fast.pace.jobs, fast.pace.window, fast.pace.with_agent) == (("ars", "acb"), FAST_WINDOW, False)
    assert fast.max_span_ns == FAST_SPAN_NS
    paced = options("--source", "generator", "--speed", "8", "--job", "ars")
    assert paced.pace.window is None
    assert paced.max_span_ns == 8 * SHORTEST_SPAN_NS


def test_lockstep_is_one_batch_at_a_time_with_the_agent_whatever_the_speed() -> None:
    asked = options("--source", "recording", "--path", "a", "--lockstep", "--speed", "1")
    assert (asked.speed, asked.pace.window, asked.pace.with_agent) == (0.0, 1, True)


def test_values_arrive_where_they_belong() -> None:
    asked = options("--source", "recording", "--path", "a", "--path", "b", "--loop", "--cluster-name", "c")
    assert (asked.paths, asked.is_loop, asked.cluster_name, asked.run_dir) == (("a", "b"), True, "c", Path("runs/r1"))
    live = options("--source", "live", "--symbols", "BTCUSDT,SOLUSDT", "--ws-url", "ws://x", "--rest-url", "http://x")
    assert (live.live.symbols, live.live.ws_url, live.live.rest_url) == (("BTCUSDT", "SOLUSDT"), "ws://x", "http://x")
    made = options("--source", "generator", "--assets", "5", "--seed", "9", "--minutes", "3")
    assert (made.synthetic.assets, made.synthetic.seed, made.synthetic.minutes) == (5, 9, 3.0)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        (["--source", "generator", "--speed", "-1"], "--speed"),
        (["--source", "generator", "--speed", "nan"], "--speed"),
        (["--source", "generator", "--speed", "1e9"], "--speed"),
        (["--source", "live", "--speed", "2"], "--speed"),
        (["--source", "live", "--lockstep"], "--speed"),
        (["--source", "generator", "--assets", "0"], "assets"),
        (["--source", "generator", "--minutes", "nan"], "minutes"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(more: list[str], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        options(*more)
    assert caught.value.field == field
