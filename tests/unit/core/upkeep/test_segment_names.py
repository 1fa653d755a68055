"""A closed segment is known by its name."""

from hypothesis import given
from hypothesis import strategies as st

from dolphin.core.upkeep.segments import PACKED, ClosedSegment, SegmentRule, base_of, closed_name, closed_of, whole

NAMES = st.sampled_from(["agent.ndjson", "member.log", "trace.ndjson"])


@given(name=NAMES, plain=st.sets(st.integers(1, 10**7)), packed=st.sets(st.integers(1, 10**7)))
def test_a_name_that_was_made_is_read_back_and_others_are_left_alone(name: str, plain: set[int], packed: set[int]) -> None:
    found = [closed_name(name, number) for number in plain] + [closed_name(name, number) + PACKED for number in packed]
    others = [name, f"{name}.new", f"x{name}.000001", f"{name}.000001.gz.part", f"{name}.12", f"{name}x.000001", "feed.ndjson.000001"]
    assert closed_of(name, found + others) == [ClosedSegment(number, number not in plain) for number in sorted(plain | packed)]


@given(size=st.integers(0, 10**7), age_s=st.floats(0, 10**5), adding=st.integers(0, 10**5))
def test_no_segment_is_longer_than_the_rule_says_but_for_one_write(size: int, age_s: float, adding: int) -> None:
    rule = SegmentRule()
    if not rule.is_over(size, age_s, adding) and size:
        assert size + adding <= rule.max_bytes
        assert age_s < rule.max_age_s
    assert not rule.is_over(0, age_s, adding), "an empty segment is never closed"


@given(text=st.binary(max_size=40), at=st.integers(0, 40))
def test_whole_lines_are_all_up_to_the_last_end_of_line(text: bytes, at: int) -> None:
    tail = text[min(at, len(text)) :]
    if b"\n" in tail:
        assert text[: whole(len(text), tail)] == text[: text.rfind(b"\n") + 1]


@given(name=st.sampled_from(["agent.ndjson", "trace.ndjson", "member.log", "report.json"]), number=st.integers(1, 10**7))
def test_a_segment_belongs_to_the_file_that_it_was_and_any_other_file_to_itself(name: str, number: int) -> None:
    assert base_of(closed_name(name, number)) == base_of(closed_name(name, number) + PACKED) == base_of(name) == name
    assert base_of(f"{name}{PACKED}") == f"{name}{PACKED}"
