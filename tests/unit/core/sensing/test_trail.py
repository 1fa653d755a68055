"""The trailing sample: bounded, deterministic, robust."""

import pytest

from dolphin.core.sensing.trail import CAPACITY, Trail
from dolphin.core.units import DAY_NS, SECOND_NS


def test_it_keeps_one_sample_a_second_at_first() -> None:
    trail = Trail()
    for tenth in range(100):
        trail.add(tenth * SECOND_NS // 10, float(tenth))
    assert trail.statistics().size == 10
    assert trail.is_warm(99 * SECOND_NS // 10, 9 * SECOND_NS, 10)
    assert not trail.is_warm(99 * SECOND_NS // 10, 9 * SECOND_NS, 11)
    assert not trail.is_warm(8 * SECOND_NS, 9 * SECOND_NS, 10)


def test_it_spans_a_day_in_bounded_memory_and_then_forgets_the_oldest() -> None:
    trail = Trail()
    for second in range(0, 2 * 86_400, 5):
        trail.add(second * SECOND_NS, float(second))
    statistics = trail.statistics()
    assert CAPACITY // 2 <= statistics.size <= CAPACITY
    assert 2 * 86_400 - statistics.smallest >= DAY_NS // SECOND_NS
    assert statistics.smallest > 0


def test_its_statistics_shrug_off_a_few_outliers() -> None:
    trail = Trail()
    for second in range(300):
        trail.add(second * SECOND_NS, 1e9 if second % 100 == 0 else float(second % 7))
    statistics = trail.statistics()
    assert statistics.median == 3.0
    assert statistics.scale == pytest.approx(1.4826 * 2.0)
    assert (statistics.low, statistics.smallest) == (0.0, 0.0)
    assert statistics.high == 6.0 or statistics.high == 1e9


def test_it_comes_back_from_its_list_and_goes_on_the_same() -> None:
    trail = Trail(3_600 * SECOND_NS)
    for second in range(700):
        trail.add(second * SECOND_NS, float(second * 7919 % 101))
    again = Trail.from_list(trail.to_list())
    for second in range(700, 1_400):
        for each in (trail, again):
            each.add(second * SECOND_NS, float(second * 7919 % 101))
    assert again.to_list() == trail.to_list()
    assert again.statistics() == trail.statistics()
