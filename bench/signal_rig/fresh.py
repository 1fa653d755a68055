"""Timings of functions that only compute, taken in fresh processes.

A probe is a module whose `main` calls `report`: it times its functions in turn, one call each, until its seconds are up, and prints the
samples. `samples_of` starts it anew several times, each with one BLAS thread, as the stages run.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from bench.measurement.percentiles import Latencies, median_p50_us, worst_p99_us
from dolphin.errors import DolphinError
from dolphin.host.home import REPOSITORY

STARTS: Final = 5
_WARM_UP_CALLS: Final = 5
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])}


def report(
    functions: Mapping[str, Callable[[], Any]], seconds: float, once: Mapping[str, int] = MappingProxyType({}), calls: int = 1
) -> None:
    """Time `functions` interleaved, `calls` in a row, for `seconds` and print {name: [ns, ...]}, with what was timed `once`."""
    samples: dict[str, list[int]] = {name: [] for name in functions}
    for function in functions.values():
        for _ in range(_WARM_UP_CALLS):
            function()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for name, function in functions.items():
            times = samples[name]
            for _ in range(calls):
                start = time.perf_counter_ns()
                function()
                times.append(time.perf_counter_ns() - start)
    print(json.dumps(samples | {name: [ns] for name, ns in once.items()}))


def samples_of(probe: str, seconds: float) -> dict[str, list[Latencies]]:
    """Latencies of each of the probe's functions, an entry for each of STARTS fresh processes; `seconds` in all."""
    starts: list[dict[str, list[int]]] = []
    for _ in range(STARTS):
        done = subprocess.run(
            [sys.executable, "-m", probe, str(seconds / STARTS)], env=os.environ | _ENVIRONMENT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise DolphinError(
                f"{probe} failed: {done.stderr.strip().splitlines()[-1]}", remedy=f"Run python -m {probe} 1 to see all of it."
            )
        starts.append(json.loads(done.stdout))
    return {name: [Latencies(start[name]) for start in starts] for name in starts[0]}


def percentiles(names: Mapping[str, str], samples: Mapping[str, list[Latencies]]) -> dict[str, float]:
    """{reading_p50_us, reading_p99_us} of the functions `names` maps readings to: median of medians, worst p99."""
    readings = {}
    for reading, name in names.items():
        readings[f"{reading}_p50_us"] = median_p50_us(samples[name])
        readings[f"{reading}_p99_us"] = worst_p99_us(samples[name])
    return readings
