"""Order gate: one order through it with much exposure, against the pre-trade check of Nautilus's RiskEngine and an empty call.

`admit` is all that an order pays: exposure of 20 positions and 10 working orders counted, the rule, the reservation; `decide` is the rule.
"""

from typing import Any

from bench.measurement.host import probe_host
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    samples = samples_of("bench.agent_rig.gate_probe", seconds)
    ours = percentiles({"admit": "admit", "decide": "decide"}, samples)
    peer = percentiles({"admit": "peer"}, samples)
    return {
        "peer": "nautilus_trader RiskEngine.execute",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": percentiles({"admit": "floor"}, samples),
        "ratios": {
            "admit_over_peer_p50": ours["admit_p50_us"] / peer["admit_p50_us"],
            "decide_over_peer_p50": ours["decide_p50_us"] / peer["admit_p50_us"],
        },
        "targets": {"decide_over_peer_p50": {"op": "<=", "value": 1.0}},
    }
