"""What a run waits for while it warms up, and why one that has ended traded nothing."""

import inspect
from typing import Any

import pytest
from a_run import START, S, agent_lines, feed_line, told

from dolphin.core.contract.lines import Line
from dolphin.operator.views.waiting import WARM_UP_NS, obstacles, why_nothing_traded
from python_udfs.breaker_votes import BreakerVotes
from python_udfs.survival import Survival


def status(at_s: float, held_back: dict[str, str], **more: Any) -> Line:
    return {"type": "status", "market_time_ns": START + int(at_s * S), "wall_ns": 1, "held_back": held_back, **more}


FRESH = {"": "depth has no usable reading; taker has no usable reading", "A": "nothing known yet", "B": "nothing known yet"}
RANKED = {"type": "ranking", "market_time_ns": START + 5 * S, "top": []}


@pytest.mark.parametrize("stage", [Survival, BreakerVotes])
def test_the_warm_up_that_people_are_told_is_that_of_the_stages(stage: type) -> None:
    assert inspect.signature(stage).parameters["warm_up_s"].default * S == WARM_UP_NS


def test_before_anything_is_heard_it_waits_for_the_market() -> None:
    assert obstacles(told(iter(()), iter(()))) == ["the first market data"]


def test_while_it_warms_up_it_says_what_for_and_how_long() -> None:
    story = told(iter([status(20, FRESH)]), iter([feed_line(0), feed_line(20, unsynced=["A"])]))
    books, account, assets, ranking = obstacles(story)
    assert books == "the order book of A: its snapshot"
    assert account == "the account's depth, taker: what is usual (40 s of market time to go)"
    assert assets == "the breakers of A, B: three clear readings of every source (40 s of market time to go)"
    assert ranking == "the first ranking of the assets"


def test_one_asset_that_may_be_traded_is_enough() -> None:
    story = told(iter([RANKED, status(70, {"A": "nothing known yet"})]), iter([feed_line(0), feed_line(70)]))
    story.account_cap_ppm, story.caps_ppm = 1, {"A": 0, "B": 1}
    assert obstacles(story) == []


def test_later_the_reason_of_the_cut_is_what_is_said() -> None:
    story = told(iter([RANKED, status(200, {"": "after a shock: f4 300000"})]), iter([feed_line(0), feed_line(200)]))
    assert obstacles(story) == ["the account (HIBERNATE): recovery from the last shock leaves 30 % of the leverage"]


def test_a_recording_that_is_too_short_says_so_and_what_was_still_missing() -> None:
    story = told(iter([status(19, FRESH)]), iter([feed_line(0), feed_line(20)]))
    first, second = why_nothing_traded(story)
    assert first.startswith("the market lasted 20 s, and nothing is granted before the sensors have listened for 1 min 00 s")
    assert second.startswith("still missing at the end: the account's depth, taker")


def test_a_run_that_was_never_granted_anything_says_so() -> None:
    story = told(iter([RANKED, status(300, {"": "latched"})]), iter([feed_line(0), feed_line(300)]))
    assert why_nothing_traded(story) == [
        "the account was never granted any leverage",
        "still missing at the end: the account (HIBERNATE): latched",
    ]


def test_a_run_that_was_free_to_trade_and_did_not_says_how_long() -> None:
    lines = [
        line for line in agent_lines() if line["type"] in ("ranking", "posture", "cap") and line.get("reason") in (None, "", "run ended")
    ]
    (only,) = why_nothing_traded(told(iter(lines)))
    assert only.startswith("leverage was granted 1 min 39 s before the end")


def test_a_run_that_traded_has_nothing_to_explain() -> None:
    assert why_nothing_traded(told()) == []
