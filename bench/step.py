"""Step: one evaluation of the survival controller in Python, against a call that does nothing.

`calm` has nothing to report, `degraded` computes every factor and writes reasons; `entry` is one leverage signal through the reference
of the entry processor, msgpack in and out. A sample includes reading the clock twice, ours and the floor's alike.
"""

from typing import Any

from bench.measurement.host import probe_host
from bench.measurement.percentiles import median_p50_us
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    samples = samples_of("bench.safety_rig.step_probe", seconds)
    ours = percentiles({"calm": "calm", "degraded": "degraded", "entry": "entry"}, samples)
    floor_us = median_p50_us(samples["floor"])
    return {
        "peer": "an empty call",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": percentiles({"call": "floor"}, samples),
        "floor": percentiles({"call": "floor"}, samples),
        "ratios": {
            "calm_over_empty_call": ours["calm_p50_us"] / floor_us,
            "calm_p50_us": ours["calm_p50_us"],
            "degraded_p50_us": ours["degraded_p50_us"],
        },
        "targets": {
            "calm_p50_us": {"op": "<", "value": 10.0},
            "degraded_p50_us": {"op": "<", "value": 10.0},
        },
    }
