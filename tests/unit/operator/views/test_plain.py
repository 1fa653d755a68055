"""Reasons in plain words: none that the rules can write keeps a unit that only a machine reads."""

import re
from typing import Any

import pytest

from dolphin.core.control.assessment import Inputs, Memory, assess
from dolphin.core.control.params import SurvivalParams
from dolphin.core.order_gate.admission import DenyReason
from dolphin.operator.views.plain import DENIED, plain, some

S = 1_000_000_000
CALM: dict[str, Any] = {
    "heartbeat_age_ns": 0,
    "jitter_ns": 0,
    "latency_ns": 0,
    "depth_ratio_ppm": 1_000_000,
    "spread_ratio_ppm": 1_000_000,
    "is_taker_shock": False,
}
WORST = [
    {"jitter_ns": 500_000_000},
    {"latency_ns": 1_500_000_000},
    {"depth_ratio_ppm": 200_000},
    {"is_taker_shock": True},
    {"heartbeat_age_ns": 7 * S},
    {"depth_ratio_ppm": None},
    {"jitter_ns": 900_000_000, "latency_ns": 1_900_000_000, "depth_ratio_ppm": 0, "is_taker_shock": True},
]


@pytest.mark.parametrize("reading", WORST, ids=str)
def test_whatever_the_survival_controller_blames_reads_as_words(reading: dict[str, Any]) -> None:
    params = SurvivalParams()
    memory, _ = assess(Memory(), Inputs(now_ns=S, **CALM), params)
    shocked, demand = assess(memory, Inputs(now_ns=2 * S, **(CALM | reading)), params)
    _, after = assess(shocked, Inputs(now_ns=3 * S, **CALM), params)
    assert demand.reasons
    for reason in (*demand.reasons, *after.reasons):
        assert not re.search(r"\bf[1-5]\b|\bns\b|\d{5,}", plain(reason)), reason


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("jitter: f3 part 894137", "unsteady message delay leaves 89.4 % of the leverage"),
        (
            "after a shock: f4 300000; depth: f3 part 250000",
            "recovery from the last shock leaves 30 % of the leverage; thin order books leave 25 % of the leverage",
        ),
        ("invariant broken: heartbeat lost for 7000000000 ns", "invariant broken: heartbeat lost for 7.0 s"),
        ("lease expired", "the lease ran out: no newer command came in time"),
        ("recovering toward R 634999", "recovering, at most 1 % a minute, toward 63.4 %"),
        ("taker: buy share 0.041 in 1 min, robust z 5.3", "taker: buy share 0.041 in 1 min, robust z 5.3"),
        ("something new: f2 123456 after 1234567890 ns", "something new: f2 12.3 % after 1.2 s"),
    ],
)
def test_a_reason_in_words(reason: str, words: str) -> None:
    assert plain(reason) == words


def test_every_denial_of_the_order_gate_has_its_words() -> None:
    assert DENIED.keys() == {reason.value for reason in DenyReason}


def test_a_few_names_and_how_many_more() -> None:
    assert some(["A", "B"]) == "A, B"
    assert some("ABCDE") == "A, B, C and 2 more"
