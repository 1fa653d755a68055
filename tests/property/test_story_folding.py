"""Folding: whatever a journal says, every cut is in exactly one fall, and a fall says no more and no less than its cuts."""

from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.audit.steps import RUN_ENDED
from dolphin.core.control.belief import LEASE_EXPIRED
from dolphin.operator.views.slides import SLIDE_GAP_NS, by_weight
from dolphin.operator.views.story import Story

CAPS = st.integers(0, 6).map(lambda number: number * 1_000_000)
REASONS = st.sampled_from(("taker: z 5", RUN_ENDED, LEASE_EXPIRED))
CHANGE = st.tuples(st.sampled_from(("", "A", "B")), CAPS, st.integers(0, 2 * SLIDE_GAP_NS), REASONS)


def journal(changes: list[tuple[str, int, int, str]]) -> list[dict[str, Any]]:
    """The lines of caps that really change, as gates decide them and as an agent holds them, whom time takes everything away from."""
    decided, held, now_ns, lines = {"": 0, "A": 0, "B": 0}, {"": 0, "A": 0, "B": 0}, 1, list[dict[str, Any]]()
    for asset, to_ppm, passed_ns, reason in changes:
        now_ns += passed_ns
        is_decided = reason not in (LEASE_EXPIRED, RUN_ENDED)
        now_held = to_ppm if is_decided else 0
        line = {"market_time_ns": now_ns, "asset": asset, "reason": reason, "cause_ids": [f"{asset}#{now_ns}"], "event_time_ns": now_ns}
        if is_decided and to_ppm < decided[asset]:
            lines.append(line | {"type": "command", "posture": "APEX", "from_ppm": decided[asset], "to_ppm": to_ppm})
        if now_held != held[asset]:
            lines.append(line | {"type": "cap", "from_ppm": held[asset], "to_ppm": now_held})
        decided[asset] = to_ppm if is_decided else decided[asset]
        held[asset] = now_held
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
        assert slide.from_ppm - slide.to_ppm == sum(cut["from_ppm"] - cut["to_ppm"] for cut in slide.cuts)
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
def test_what_is_lowered_is_a_cut_a_lapse_or_the_orderly_end(changes: list[tuple[str, int, int, str]]) -> None:
    lines = journal(changes)
    story = told(lines)
    assert [(cut["asset"], cut["to_ppm"]) for cut in sorted(story.cuts, key=lambda cut: cut["event_time_ns"])] == [
        (line["asset"], line["to_ppm"]) for line in lines if line["type"] == "command"
    ]
    taken = [line for line in lines if line["type"] == "cap" and line["to_ppm"] < line["from_ppm"]]
    assert (story.ended is not None) == any(line["reason"] == RUN_ENDED for line in taken)
    assert len(story.lease_ends) == sum(line["reason"] == LEASE_EXPIRED for line in taken)


POSTURES = st.sampled_from(("APEX", "TURTLE", "HIBERNATE"))


@given(st.lists(CHANGE, max_size=40), st.lists(POSTURES, max_size=8))
def test_what_was_decided_is_the_same_whatever_leases_did(changes: list[tuple[str, int, int, str]], postures: list[str]) -> None:
    moved: list[dict[str, Any]] = [
        {"type": "command", "market_time_ns": 1, "asset": "", "posture": posture, "from_ppm": 0, "to_ppm": 0, "reason": "", "cause_ids": []}
        | {"event_time_ns": number}
        for number, posture in enumerate(postures)
    ]
    lines = journal(changes) + moved
    unlapsed = [line for line in lines if line["type"] == "command"]
    assert told(lines).decided == told(unlapsed).decided
    assert told(lines).cuts == told(unlapsed).cuts
    assert told(lines).slides == told(unlapsed).slides


@given(st.lists(CHANGE, max_size=40))
def test_the_heaviest_fall_comes_first_and_none_is_lost(changes: list[tuple[str, int, int, str]]) -> None:
    slides = [slide.to_json() for slide in told(journal(changes)).slides.all]
    ordered = by_weight(slides)
    assert sorted(map(msgspec.json.encode, ordered)) == sorted(map(msgspec.json.encode, slides))
    weights = [(slide["asset"] == "", slide["from_ppm"] - slide["to_ppm"]) for slide in ordered]
    assert weights == sorted(weights, reverse=True)
