"""The page of measurements says what was measured, missed targets too."""

from dolphin.assurance.performance import PAGE, kept, page, verdict

RESULT = {
    "name": "stage",
    "machine": {"cpu": "x"},
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
    assert "MISSED" in page([RESULT])


def test_the_committed_page_is_the_one_that_the_kept_results_give() -> None:
    assert PAGE.read_text() == page(kept())
