"""Readings by path, and the stamp that may come after the command it belongs to."""

from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from dolphin.trading.latency import FEED_TO_CAP_CHANGE, MAX_NS, PERCENTILES, STAMPS_KEPT, Latencies


def count(latencies: Latencies) -> float:
    return latencies.summary_us().get(FEED_TO_CAP_CHANGE, {"n": 0})["n"]


def test_a_cap_change_is_measured_from_the_feeds_stamp_of_its_batch() -> None:
    latencies = Latencies()
    latencies.remember_batch(7, 1_000)
    latencies.record_cap_change(7, 251_000)
    assert 249 <= latencies.summary_us()[FEED_TO_CAP_CHANGE]["p50"] <= 251


def test_the_stamp_may_come_after_the_command() -> None:
    latencies = Latencies()
    latencies.record_cap_change(7, 251_000)
    latencies.record_cap_change(7, 252_000)
    assert count(latencies) == 0
    latencies.remember_batch(7, 1_000)
    assert count(latencies) == 2


def test_what_waits_for_a_stamp_is_bounded() -> None:
    latencies = Latencies()
    for market_time_ns in range(STAMPS_KEPT + 5):
        latencies.record_cap_change(market_time_ns, 1)
    for market_time_ns in range(STAMPS_KEPT + 5):
        latencies.remember_batch(market_time_ns, 0)
    assert count(latencies) == STAMPS_KEPT


def test_readings_out_of_range_are_kept_within_it() -> None:
    latencies = Latencies()
    latencies.record("path", -5)
    latencies.record("path", 10 * MAX_NS)
    assert latencies.summary_us()["path"]["n"] == 2


@given(st.lists(st.integers(1, MAX_NS), min_size=1, max_size=50))
def test_the_quantiles_are_the_librarys_own(readings_ns: list[int]) -> None:
    latencies, histogram = Latencies(), HdrHistogram(1, MAX_NS, 3)
    for elapsed_ns in readings_ns:
        latencies.record("path", elapsed_ns)
        histogram.record_value(elapsed_ns)
    summary = latencies.summary_us()["path"]
    assert {name: summary[name] for name in PERCENTILES} == {
        name: histogram.get_value_at_percentile(percentile) / 1e3 for name, percentile in PERCENTILES.items()
    }
