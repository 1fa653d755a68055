"""A lease that ended in a silence is told apart from one that ended because the machine was too slow."""

import pytest
from a_run import SPEED, START, WALL, S

from dolphin.operator.views.lease_ends import SILENCE, TOO_SLOW, UNKNOWN, FeedSample, LeaseEnd, cause_of, told

END = LeaseEnd("", START + 100 * S)


def sample(market_s: float, *, wall_s: float | None = None, lag_s: float = 0.0) -> FeedSample:
    """Where the feed was; its wall time, if not that of its pace."""
    wall_ns = WALL + int((market_s / SPEED if wall_s is None else wall_s) * S)
    return FeedSample(wall_ns, START + int(market_s * S), int(lag_s * S))


@pytest.mark.parametrize(
    ("samples", "cause"),
    [
        ((), UNKNOWN),
        ((sample(88), sample(96)), SILENCE),  # the feed had ended
        ((sample(96), sample(104)), TOO_SLOW),  # the market went on, no command came
        ((sample(96), sample(104, lag_s=5)), TOO_SLOW),  # the feed itself was behind its clock
        ((sample(96), sample(104, wall_s=30.0)), SILENCE),  # it stood still for 18 s
        ((sample(104), sample(112)), TOO_SLOW),  # before the first line that was kept
    ],
)
def test_why_a_lease_ended(samples: tuple[FeedSample, ...], cause: str) -> None:
    assert cause_of(END, samples, SPEED) == cause


def test_each_cause_is_one_line_with_its_count_and_times() -> None:
    ends = [END, LeaseEnd("A", START + 110 * S), LeaseEnd("B", START + 120 * S)]
    lines = told(ends, [TOO_SLOW, SILENCE, TOO_SLOW])
    assert lines[0].startswith("1 ended at 00:01:50: nothing came")
    assert lines[1].startswith("2 ended from 00:01:40 to 00:02:00: the market went on")
    assert told([], []) == []
