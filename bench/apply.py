"""Apply: the leverage entry processor on the owner, inside a member, against an IMap set with the same durability.

`renew` changes nothing that must survive a stop and `cut` does, so `renew` is compared with a set on a plain map and `cut` with a set on a
map behind the same store (SQLite, flushed to disk at every commit). `offloaded` is `renew` as it would be if Hazelcast handed every call to
the store over to another thread. The floor of a call is an entry processor that does nothing.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.measurement.host import probe_host
from bench.measurement.percentiles import Latencies
from bench.signal_rig.fresh import STARTS, percentiles
from dolphin.errors import DolphinError
from dolphin.host.java import find_java
from dolphin.host.member import JVM_FLAGS, ONE_MEMBER, Gates, class_path

_PROBE: Final = Path(__file__).parent / "apply_rig" / "ApplyProbe.java"


def run(seconds: float) -> dict[str, Any]:
    """Measures for about `seconds`; the object of docs/performance.md."""
    host = probe_host()
    starts = [_start(seconds / STARTS) for _ in range(STARTS)]
    samples = {name: [Latencies(start[name]) for start in starts] for name in starts[0]}
    ours = percentiles({"renew": "renew", "cut": "cut", "offloaded": "offloaded"}, samples)
    peer = percentiles({"renew": "set", "cut": "stored_set"}, samples)
    return {
        "peer": "IMap.set",
        "host": host.as_dict(),
        "ours": ours,
        "peer_result": peer,
        "floor": percentiles({"renew": "touch"}, samples),
        "ratios": {
            "renew_over_set_p50": ours["renew_p50_us"] / peer["renew_p50_us"],
            "cut_over_stored_set_p50": ours["cut_p50_us"] / peer["cut_p50_us"],
            "offloaded_over_set_p50": ours["offloaded_p50_us"] / peer["renew_p50_us"],
        },
        "targets": {
            "renew_over_set_p50": {"op": "<=", "value": 2.2},
            "cut_over_stored_set_p50": {"op": "<=", "value": 2.0},
        },
    }


def _start(seconds: float) -> dict[str, list[int]]:
    """{name: [ns, ...]} of a fresh member with a fresh database."""
    with tempfile.TemporaryDirectory(prefix="dolphin-apply") as folder:
        properties = ["-Ddolphin.port=0", "-Ddolphin.cluster=bench-apply", *Gates.in_file(Path(folder) / "gates.sqlite").properties()]
        command = [str(find_java()), *JVM_FLAGS, *properties, "-cp", class_path(), str(_PROBE), str(ONE_MEMBER), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise DolphinError(f"the member under test ended: {said[-1]}", remedy="The benchmark cannot be run here as it is.")
    return json.loads(done.stdout.strip().splitlines()[-1])
