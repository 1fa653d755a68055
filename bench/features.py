"""Features: MARKET rows per second through the feature stage, against a plain Python loop and a copy of the rows' bytes.

`bulk` is a batch of 20,000 rows of 50 assets from nothing known, Arrow in and out; the peer gets the same rows as tuples and computes less.
`small` is a batch of 10 rows, where pyarrow's cost per column rules. `start_s` is the stage's constructor with a warm numba cache.
"""

from statistics import median
from typing import Any

from bench.measurement.host import probe_host
from bench.measurement.percentiles import median_p50_us
from bench.signal_rig.features_probe import BULK_ROWS
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    samples = samples_of("bench.signal_rig.features_probe", seconds)
    rows_per_s = {name: BULK_ROWS / median_p50_us(samples[name]) * 1e6 for name in ("bulk", "peer", "floor")}
    start_s = median(start.quantile_us(50) for start in samples["start"]) / 1e6
    return {
        "peer": "a plain Python loop",
        "host": host.as_dict(),
        "ours": {"rows_per_s": rows_per_s["bulk"], **percentiles({"small": "small"}, samples), "start_s": start_s},
        "peer_result": {"rows_per_s": rows_per_s["peer"]},
        "floor": {"rows_per_s": rows_per_s["floor"]},
        "ratios": {
            "rows_over_peer": rows_per_s["bulk"] / rows_per_s["peer"],
            "rows_over_floor": rows_per_s["bulk"] / rows_per_s["floor"],
        },
        "targets": {"rows_over_peer": {"op": ">=", "value": 3.0}},
    }
