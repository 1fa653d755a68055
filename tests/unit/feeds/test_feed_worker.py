"""What the feed process is asked to do, checked before anything is opened."""

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dolphin.cluster.heartbeats import Condition
from dolphin.errors import BadInput
from dolphin.feeds.options import FeedOptions
from dolphin.feeds.play import SHORTEST_SPAN_NS
from dolphin.feeds.publisher import FAST_WINDOW
from dolphin.feeds.source import Frame
from dolphin.feeds.worker import FAST_SPAN_NS, LOOP_PAUSE_NS, Source, begins_ns, condition, first_span_ns, going_on, pace_of, passes
from dolphin.host.options import read_options, write_options


def options(**more: Any) -> FeedOptions:
    return FeedOptions(**({"member": "127.0.0.1:5701", "run_id": "r1", "run_dir": Path("runs/r1"), "source": "synthetic"} | more))


def test_as_fast_as_possible_keeps_a_window_and_a_wall_clock_pace_keeps_none() -> None:
    fast = pace_of(options(speed=0.0, jobs=("ars", "acb")))
    assert (fast.jobs, fast.window, fast.with_agent) == (("ars", "acb"), FAST_WINDOW, False)
    assert first_span_ns(0.0) == FAST_SPAN_NS
    assert pace_of(options(speed=8.0, jobs=("ars",))).window is None
    assert first_span_ns(8.0) == 8 * SHORTEST_SPAN_NS
    assert pace_of(options(source="live", jobs=("ars",))).jobs == (), "a live feed waits for nobody"


def test_lockstep_is_one_batch_at_a_time_with_the_agent() -> None:
    pace = pace_of(options(source="recording", paths=(Path("a"),), is_lockstep=True, speed=0.0))
    assert (pace.window, pace.with_agent) == (1, True)


def test_a_heartbeat_says_that_the_exchange_is_away_although_time_goes_on() -> None:
    assert condition(7, 0, Source()) == Condition(7, "the market has not sent anything yet")
    assert condition(7, 3, Source()) == Condition(7)
    assert condition(7, 3, Source(lambda: "no exchange")) == Condition(7, "no exchange", is_nominal=False)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"speed": -1}, "speed"),
        ({"speed": None}, "speed"),
        ({"speed": 1e9}, "speed"),
        ({"source": "live", "speed": 2}, "speed"),
        ({"is_lockstep": True}, "speed"),
        ({"source": "recording"}, "paths"),
        ({"paths": ["a"]}, "paths"),
        ({"synthetic": {"assets": 0}}, "synthetic.assets"),
        ({"live": {"ws_url": "x"}}, "live.ws_url"),
        ({"nosuch": 1}, "nosuch"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(more: dict[str, Any], field: str, tmp_path: Path) -> None:
    path = write_options(options(), tmp_path / "feed.json")
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | more))
    with pytest.raises(BadInput) as caught:
        read_options(path, FeedOptions)
    assert caught.value.field == field


# going on


def frames(*receive_ns: int) -> list[Frame]:
    return [Frame(at_ns, b"{}") for at_ns in receive_ns]


def test_a_replay_that_goes_on_later_keeps_its_distances_in_the_receivers_time_and_the_exchanges() -> None:
    moved = list(going_on(frames(10, 13, 40), lambda: 1_000))
    assert [frame.receive_ns for frame in moved] == [1_000, 1_003, 1_030]
    assert {frame.event_shift_ns for frame in moved} == {990}
    assert {frame.raw for frame in moved} == {b"{}"}


@pytest.mark.parametrize("begin_ns", [0, 9, 10])
def test_a_market_that_begins_later_by_itself_is_left_as_it_is(begin_ns: int) -> None:
    assert list(going_on(frames(10, 13), lambda: begin_ns)) == frames(10, 13)
    assert list(going_on([], lambda: begin_ns)) == []


def test_a_replay_that_goes_on_in_a_later_pass_adds_to_that_pass_shift() -> None:
    twice = itertools.islice(going_on(passes(lambda: iter(frames(10, 20))), lambda: 110), 4)
    first_again_ns = 20 + LOOP_PAUSE_NS
    found = [(frame.receive_ns, frame.event_shift_ns) for frame in twice]
    in_second_pass = first_again_ns - 10
    assert found == [(110, 100), (120, 100), (first_again_ns + 100, in_second_pass + 100), (first_again_ns + 110, in_second_pass + 100)]


def test_where_it_begins_has_run_on_at_the_markets_speed_until_the_first_frame_is_wanted() -> None:
    was = options(speed=6.0, from_ns=1_000, from_wall_ns=50)
    assert begins_ns(was, 50) == 1_000
    assert begins_ns(was, 60) == 1_060, "starting took ten, in which an agent has carried the time on"
    assert begins_ns(was, 40) == 1_000
    assert begins_ns(options(speed=0.0, from_ns=1_000, from_wall_ns=50), 60) == 1_000
    assert begins_ns(options(speed=6.0), 60) == 0
    begins = iter([1_000, 2_000])
    goes_on = going_on(frames(10, 11), lambda: next(begins))
    assert [frame.receive_ns for frame in goes_on] == [1_000, 1_001], "asked once, with the first"
