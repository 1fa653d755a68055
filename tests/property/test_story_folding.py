"""Folding: whatever a journal says, every cut is in exactly one fall, and a fall says no more and no less than its cuts."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.audit.steps import RUN_ENDED
from dolphin.core.control.belief import LEASE_EXPIRED
from dolphin.operator.views.lapses import decided_path
from dolphin.operator.views.slides import SLIDE_GAP_NS, by_weight
from dolphin.operator.views.story import Story

CAPS = st.integers(0, 6).map(lambda number: number * 1_000_000)
REASONS = st.sampled_from(("taker: z 5", RUN_ENDED, LEASE_EXPIRED))
CHANGE = st.tuples(st.sampled_from(("", "A", "B")), CAPS, st.integers(0, 2 * SLIDE_GAP_NS), REASONS)


def journal(changes: list[tuple[str, int, int, str]]) -> list[dict[str, Any]]:
    """The lines of caps that really change, each from where it stood."""
    stands, now_ns, lines = {"": 0, "A": 0, "B": 0}, 1, []
    for asset, to_ppm, passed_ns, reason in changes:
        now_ns += passed_ns
        to_ppm = 0 if reason in (LEASE_EXPIRED, RUN_ENDED) else to_ppm
        if to_ppm != stands[asset]:
            line = {"type": "cap", "market_time_ns": now_ns, "asset": asset, "from_ppm": stands[asset], "to_ppm": to_ppm, "reason": reason}
            lines.append(line | {"cause_ids": [f"{asset}#{now_ns}"], "event_time_ns": now_ns})
            stands[asset] = to_ppm
    return lines


def told(lines: list[dict[str, Any]]) -> Story:
    story = Story()
    for line in lines:
        story.read_agent(line)
    return story


@given(st.lists(CHANGE, max_size=40))
def test_every_cut_is_in_exactly_one_fall_and_in_order(changes: list[tuple[str, int, int, str]]) -> None:
    story = told(journal(changes))
    folded = [cut for slide in story.slides.all for cut in slide.cuts]
    assert sorted(map(msgspec.json.encode, folded)) == sorted(map(msgspec.json.encode, story.cuts))
    for slide in story.slides.all:
        assert [cut["event_time_ns"] for cut in slide.cuts] == sorted(cut["event_time_ns"] for cut in slide.cuts)


@given(st.lists(CHANGE, max_size=40))
def test_a_fall_goes_from_its_first_cut_to_its_last_and_only_down(changes: list[tuple[str, int, int, str]]) -> None:
    for slide in told(journal(changes)).slides.all:
        assert slide.fall_ppm == sum(cut["from_ppm"] - cut["to_ppm"] for cut in slide.cuts)
        assert all(before["to_ppm"] == after["from_ppm"] for before, after in pairwise(slide.cuts))
        assert all(after["event_time_ns"] - before["event_time_ns"] <= SLIDE_GAP_NS for before, after in pairwise(slide.cuts))
        assert {cut["asset"] for cut in slide.cuts} == {slide.asset}
        assert slide.decisive in slide.cuts
        assert not any(cut["reason"] == RUN_ENDED for cut in slide.cuts)


@given(st.lists(CHANGE, max_size=40))
def test_no_two_falls_of_one_key_could_be_one(changes: list[tuple[str, int, int, str]]) -> None:
    slides = told(journal(changes)).slides.all
    for key in ("", "A", "B"):
        for before, after in pairwise([slide for slide in slides if slide.asset == key]):
            assert not before.takes(after.cuts[0])


@given(st.lists(CHANGE, max_size=40))
def test_what_is_lowered_is_a_cut_or_the_orderly_end(changes: list[tuple[str, int, int, str]]) -> None:
    lines = journal(changes)
    story = told(lines)
    lowered = list(lowered_by_commands(lines))
    assert [(cut["asset"], cut["to_ppm"]) for cut in story.cuts] == [
        (line["asset"], line["to_ppm"]) for line in lowered if line["reason"] != RUN_ENDED
    ]
    assert (story.ended is not None) == any(line["reason"] == RUN_ENDED for line in lowered)
    assert len(story.lease_ends) == sum(line["reason"] == LEASE_EXPIRED for line in lines)


def lowered_by_commands(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Changes to less than the last command had granted: time takes everything away, and is asked nothing."""
    stands: dict[str, int] = {}
    for line in lines:
        before: int = stands[line["asset"]] if line["asset"] in stands else line["from_ppm"]
        if line["reason"] == LEASE_EXPIRED:
            stands[line["asset"]] = before
            continue
        stands[line["asset"]] = line["to_ppm"]
        if line["to_ppm"] < before:
            yield line


POSTURES = st.sampled_from(("APEX", "STALKER", "TURTLE", "HIBERNATE"))


@given(st.lists(st.tuples(POSTURES, st.booleans()), max_size=30))
def test_the_decided_path_is_connected_and_ends_where_the_path_ends(changes: list[tuple[str, bool]]) -> None:
    path: list[dict[str, Any]] = []
    for to, is_by_time in changes:
        before = path[-1]["to"] if path else "HIBERNATE"
        after, reason = ("HIBERNATE", LEASE_EXPIRED) if is_by_time else (to, "why")
        if after != before:
            path.append({"from": before, "to": after, "reason": reason})
    decided = decided_path(path)
    assert all(before["to"] == after["from"] for before, after in pairwise(decided))
    assert (decided[-1]["to"] if decided else "HIBERNATE") == (path[-1]["to"] if path else "HIBERNATE")
    assert sum(step["reason"] == LEASE_EXPIRED for step in decided) <= 1


@given(st.lists(CHANGE, max_size=40))
def test_the_heaviest_fall_comes_first_and_none_is_lost(changes: list[tuple[str, int, int, str]]) -> None:
    slides = [slide.to_json() for slide in told(journal(changes)).slides.all]
    ordered = by_weight(slides)
    assert sorted(map(msgspec.json.encode, ordered)) == sorted(map(msgspec.json.encode, slides))
    weights = [(slide["asset"] == "", slide["from_ppm"] - slide["to_ppm"]) for slide in ordered]
    assert weights == sorted(weights, reverse=True)
