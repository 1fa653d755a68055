"""Rank: scoring and ordering 400 assets, against the same ranking in pandas and a bare numpy argsort.

`rules` is the rule on arrays with hysteresis; `stage` is the whole stage, Arrow in and out, with learning of weights and the names of
what is missing.
"""

from typing import Any

from bench.measurement.host import probe_host
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    samples = samples_of("bench.signal_rig.rank_probe", seconds)
    ours = percentiles({"rules": "rules", "stage": "stage"}, samples)
    peer = percentiles({"rules": "peer"}, samples)
    return {
        "peer": "pandas",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": percentiles({"rules": "floor"}, samples),
        "ratios": {
            "peer_over_rules_p50": peer["rules_p50_us"] / ours["rules_p50_us"],
            "peer_over_stage_p50": peer["rules_p50_us"] / ours["stage_p50_us"],
        },
        "targets": {"peer_over_rules_p50": {"op": ">=", "value": 3.0}, "peer_over_stage_p50": {"op": ">=", "value": 1.0}},
    }
