"""Sizing: one target from entitlement, plunge and volatility, against Nautilus's FixedRiskSizer and an empty call."""

from typing import Any

from bench.measurement.host import probe_host
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    samples = samples_of("bench.agent_rig.sizing_probe", seconds)
    ours = percentiles({"target": "target"}, samples)
    peer = percentiles({"target": "peer"}, samples)
    return {
        "peer": "nautilus_trader FixedRiskSizer",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": percentiles({"target": "floor"}, samples),
        "ratios": {"ours_over_peer_p50": ours["target_p50_us"] / peer["target_p50_us"]},
        "targets": {},
    }
