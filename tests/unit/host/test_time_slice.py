"""What we start runs in short slices, and so does what that starts; nothing else of its scheduling changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dolphin.host.child import Child
from dolphin.host.time_slice import SLICE_NS, keep_slices_short, slice_ns

NEEDS_SLICES = pytest.mark.skipif(slice_ns() is None, reason="Linux before 6.12 has one slice for all")

TELL = "from dolphin.host.time_slice import slice_ns; print(slice_ns(), flush=True); "


@NEEDS_SLICES
def test_a_child_and_its_threads_and_children_have_short_slices(tmp_path: Path) -> None:
    script = (
        TELL
        + f"import subprocess, sys, threading; subprocess.run([sys.executable, '-c', {TELL!r}]); "
        + "t = threading.Thread(target=lambda: print(slice_ns(), flush=True)); t.start(); t.join()"
    )
    child = Child("prompt", [sys.executable, "-c", script], tmp_path / "log")
    assert child.wait(60) == 0
    assert (tmp_path / "log").read_text().split() == [str(SLICE_NS)] * 3


def test_policy_and_niceness_stay_what_they_were() -> None:
    script = (
        "import os; os.nice(3); os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))\n"
        "from dolphin.host.time_slice import keep_slices_short; keep_slices_short()\n"
        "print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.getpriority(os.PRIO_PROCESS, 0))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", str(os.getpriority(os.PRIO_PROCESS, 0) + 3)]


def test_a_machine_of_another_kind_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert not keep_slices_short()
    assert slice_ns() is None
