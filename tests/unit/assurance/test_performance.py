"""The page of measurements says what was measured, missed targets too, and passes over no benchmark."""

import pytest

from dolphin.assurance.performance import PAGE, Result, benchmarks, kept, page, verdict

RESULT = {
    "name": "stage",
    "machine": {"cpu": "x"},
    "host": {"hiccup_p99_us": 120.0},
    "peer": "stock",
    "ours": {"p50_us": 10.0},
    "peer_result": {"p50_us": 50.0},
    "floor": {"p50_us": 5.0},
    "ratios": {"p50_to_peer": 0.2, "p50_to_floor": 2.0},
    "targets": {"p50_to_peer": {"op": "<=", "value": 0.1}, "p50_to_floor": {"op": "<=", "value": 3.0}},
}


def test_a_missed_target_is_said_to_be_missed() -> None:
    assert verdict(RESULT, "p50_to_peer") == "target <= 0.1: MISSED"
    assert verdict(RESULT, "p50_to_floor") == "target <= 3: met"
    assert "MISSED" in page(["stage"], [RESULT])


def test_the_idle_host_stands_beside_what_was_measured_on_it() -> None:
    assert "Idle: hiccup_p99_us 120." in page(["stage"], [RESULT])


def test_a_benchmark_without_a_result_is_not_passed_over() -> None:
    told = page(["scan", "stage"], [RESULT])
    assert told.index("## scan") < told.index("`./dolphin bench scan --save`") < told.index("## stage")


def test_the_committed_page_is_the_one_that_the_kept_results_give() -> None:
    assert PAGE.read_text() == page(benchmarks(), kept())


def test_every_benchmark_has_a_kept_result() -> None:
    assert {result["name"] for result in kept()} == benchmarks().keys()


@pytest.mark.parametrize("result", kept(), ids=lambda result: result["name"])
def test_a_target_is_a_ratio(result: Result) -> None:
    assert result["targets"].keys() <= result["ratios"].keys()
    assert not [name for name in result["ratios"] if name.endswith(("_us", "_s", ", us", ", s"))]
