"""The governor's step in Java, under the member's own flags and libraries: compiled and started anew several times."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from bench.measurement.percentiles import Latencies
from bench.signal_rig.fresh import STARTS
from dolphin.errors import DolphinError
from dolphin.host.java import find_java
from dolphin.host.member import JVM_FLAGS, class_path

_SOURCE: Final = Path(__file__).parent / "java" / "dolphin" / "jet" / "gates" / "GovernorProbe.java"
_MAIN: Final = "dolphin.jet.gates.GovernorProbe"


def member_samples(seconds: float) -> dict[str, list[Latencies]]:
    """Latencies of `step`, `entry` and `empty`, one entry for each of STARTS fresh processes; `seconds` in all."""
    java = find_java()
    with tempfile.TemporaryDirectory(prefix="dolphin-step") as classes:
        _run([str(java.with_name("javac")), "-d", classes, "-cp", class_path(), str(_SOURCE)])
        command = [str(java), *JVM_FLAGS, "-cp", f"{classes}:{class_path()}", _MAIN, str(seconds / STARTS)]
        starts = [json.loads(_run(command)) for _ in range(STARTS)]
    return {name: [Latencies(start[name]) for start in starts] for name in ("step", "entry", "empty")}


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise DolphinError(f"the Java probe ended: {said[0]}", remedy="A JDK (java and javac) and the built jar are needed.")
    return done.stdout
