"""Scan: eigenvalues and loadings of 400 assets over 50 and 750 samples, against numpy.linalg.eigvalsh of the full matrix.

Ours also yields the market mode's vector, which eigvalsh does not. `step` is a whole scan: both windows, velocities, divergence, plunge,
null values. The floor is the one matrix product that any way must take. One BLAS thread everywhere, as in the stages.
"""

from typing import Any

from bench.measurement.host import probe_host
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    samples = samples_of("bench.signal_rig.scan_probe", seconds)
    ours = percentiles({"w50": "ours_50", "w750": "ours_750", "step": "step"}, samples)
    peer = percentiles({"w50": "peer_50", "w750": "peer_750"}, samples)
    return {
        "peer": "numpy.linalg.eigvalsh(numpy.corrcoef(...))",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": percentiles({"w50": "floor_50", "w750": "floor_750"}, samples),
        "ratios": {
            "peer_over_ours_w50_p50": peer["w50_p50_us"] / ours["w50_p50_us"],
            "peer_over_ours_w750_p50": peer["w750_p50_us"] / ours["w750_p50_us"],
            "step_over_interval_p99": ours["step_p99_us"] / 5e6,
        },
        "targets": {
            "peer_over_ours_w50_p50": {"op": ">=", "value": 5.0},
            "peer_over_ours_w750_p50": {"op": ">=", "value": 0.8},
        },
    }
