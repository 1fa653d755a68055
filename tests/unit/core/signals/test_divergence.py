"""Plunges: when they trip, when they end, and what silence does to them."""

import numpy as np
import pytest

from dolphin.core.signals.divergence import MIN_HISTORY, Z_LIMIT, plunge, trailing_z


def test_a_z_needs_something_to_be_compared_with() -> None:
    history = np.full(100, np.nan)
    history[: MIN_HISTORY - 1] = np.arange(MIN_HISTORY - 1)
    assert np.isnan(trailing_z(3.0, history))
    history[MIN_HISTORY] = 5.0
    assert np.isfinite(trailing_z(3.0, history))


@pytest.mark.parametrize(("value", "expected"), [(1e9, Z_LIMIT), (-1e9, -Z_LIMIT), (np.nan, np.nan)])
def test_a_z_is_bounded(value: float, expected: float) -> None:
    np.testing.assert_equal(trailing_z(value, np.arange(50.0)), expected)


def test_depth_is_the_fall_from_the_recent_height() -> None:
    assert plunge(1.0, np.array([0.5, 2.5, np.nan, 1.0]), False).depth == 1.5
    assert plunge(3.0, np.array([np.nan, 3.0]), False).depth == 0.0


@pytest.mark.parametrize(
    ("z", "height", "was", "expected"),
    [
        (-2.5, 1.0, False, True),
        (-2.5, 0.5, False, False),  # deep only 3.0: not above
        (-2.0, 5.0, False, False),  # z not below -2
        (-1.5, 5.0, True, True),  # in force above half of both thresholds
        (-1.0, 5.0, True, True),
        (-0.9, 5.0, True, False),  # z has come back to half
        (-2.5, -1.1, True, False),  # depth has come back below half
        (-1.5, 5.0, False, False),
    ],
)
def test_a_plunge_trips_on_both_and_ends_at_half_of_either(z: float, height: float, was: bool, expected: bool) -> None:
    assert plunge(z, np.array([height, z]), was).is_plunge is expected


@pytest.mark.parametrize("was", [True, False])
def test_silence_does_not_end_a_plunge_and_does_not_begin_one(was: bool) -> None:
    result = plunge(np.nan, np.array([3.0, np.nan]), was)
    assert result.is_plunge is was
    assert np.isnan(result.depth)
