"""Step: one evaluation of the survival controller, in Python and inside the member, each against a call that does nothing.

Python: `calm` has nothing to report, `degraded` computes every factor and writes reasons; `entry` is one leverage signal through the
reference of the entry processor, msgpack in and out. Java, with the member's flags: `member_step` is the governor's decision on a demand,
`member_entry` the same on the map's bytes, as the entry processor on POSTURE does it. A sample includes reading the clock twice, ours and
the floor's alike.
"""

from typing import Any

from bench.measurement.host import probe_host
from bench.measurement.percentiles import median_p50_us
from bench.safety_rig.member_probe import member_samples
from bench.signal_rig.fresh import percentiles, samples_of


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    python = samples_of("bench.safety_rig.step_probe", seconds / 2)
    java = member_samples(seconds / 2)
    ours = percentiles({"calm": "calm", "degraded": "degraded", "entry": "entry"}, python)
    ours |= percentiles({"member_step": "step", "member_entry": "entry"}, java)
    empty_us, java_empty_us = median_p50_us(python["floor"]), median_p50_us(java["empty"])
    return {
        "peer": "an empty call, in the same language",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": percentiles({"calm": "floor"}, python) | percentiles({"member_step": "empty"}, java),
        "floor": percentiles({"calm": "floor"}, python) | percentiles({"member_step": "empty"}, java),
        "ratios": {
            "calm_over_empty_call": ours["calm_p50_us"] / empty_us,
            "member_step_over_empty_call": ours["member_step_p50_us"] / java_empty_us,
        },
        "targets": {},
    }
