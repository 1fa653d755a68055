"""The table of parts is whole: everything it names is in it, and every part can be started in its order."""

import pytest

from dolphin.core.contract.names import JOBS
from dolphin.core.health.parts import PARTS, Part, PartKind


def test_every_job_is_a_part_in_the_order_of_submission() -> None:
    assert tuple(part.name for part in PARTS if part.kind is PartKind.JOB) == JOBS


def test_no_two_parts_have_one_name() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_comes_after_those_that_it_needs(part: Part) -> None:
    before = {each.name for each in PARTS[: PARTS.index(part)]}
    assert set(part.after) <= before
    assert set(part.within) <= set(part.after)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_says_what_it_is_for_and_its_limits_follow_each_other(part: Part) -> None:
    assert all((part.proof, part.loss, part.first))
    assert 0 < part.silent_after_ns < part.ended_after_ns < part.start_limit_ns
    assert 0 < part.policy.first_pause_ns <= part.policy.longest_pause_ns < part.policy.within_ns
    assert part.policy.budget >= 1
