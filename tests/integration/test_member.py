"""A member starts, says where it is, and ends with whoever started it; what hinders it is one clear line."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from other_law import with_clears

from dolphin.errors import BadInput, DolphinError
from dolphin.host.member import CONFIGS, Gates, MemberProcess
from dolphin.host.time_slice import SLICE_NS, slice_ns

pytestmark = pytest.mark.integration


def test_a_port_in_use_is_named(jar: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"port = {port}: port {port} is in use"):
            MemberProcess.start(jar=jar, log=tmp_path / "member.log", port=port)


def test_a_bad_configuration_is_named(jar: Path, tmp_path: Path) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text("hazelcast:\n  nonsense: [1\n")
    with pytest.raises(BadInput, match=r"configuration .*bad.yaml is not usable"):
        MemberProcess.start(jar=jar, log=tmp_path / "member.log", config=config)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("jdbc:sqlite:/no/such/folder/gates.sqlite", "/no/such/folder"),
        ("jdbc:postgresql://127.0.0.1:1/gates", "cannot be used: Connection refused"),
    ],
)
def test_a_member_that_cannot_keep_its_gates_does_not_start(jar: Path, tmp_path: Path, url: str, what: str) -> None:
    log = tmp_path / "member.log"
    with pytest.raises(BadInput) as caught:
        MemberProcess.start(jar=jar, log=log, gates=Gates(url))
    assert what in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "Members {size:1" not in log.read_text(), "it must not have joined"


def test_a_file_is_not_a_store_for_three_members(jar: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="SQLite file, which is for one member"):
        MemberProcess.start(jar=jar, log=tmp_path / "member.log", config=CONFIGS / "three-members.yaml")


def test_a_member_whose_law_is_not_whole_does_not_start(jar: Path, tmp_path: Path) -> None:
    other, log = with_clears(0, jar, tmp_path), tmp_path / "member.log"
    with pytest.raises(BadInput) as caught:
        MemberProcess.start(jar=other, log=log)
    assert "law.toml: breaker.clears = 0: must be a whole number from 1 to 100. Restore src/dolphin/core/law.toml" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "Members {size:1" not in log.read_text(), "it must not have joined"


def test_a_missing_java_is_named(jar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="no java found"):
        MemberProcess.start(jar=jar, log=tmp_path / "member.log")


def test_a_missing_jar_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the jar is missing"):
        MemberProcess.start(jar=tmp_path / "no.jar", log=tmp_path / "member.log")


def test_a_machine_that_cannot_hold_the_heap_is_told(jar: Path, tmp_path: Path) -> None:
    with pytest.raises(DolphinError, match="the member did not start"):
        MemberProcess.start(jar=jar, log=tmp_path / "member.log", jvm_flags=("-Xmx1k",))


@pytest.mark.skipif(slice_ns() is None, reason="Linux before 6.12 has one slice for all")
def test_whoever_wakes_up_in_a_member_goes_before_its_compilers(jar: Path, tmp_path: Path) -> None:
    with MemberProcess.start(jar=jar, log=tmp_path / "member.log") as member:
        slices: dict[str, set[bool]] = {}
        for task in Path(f"/proc/{member.pid}/task").iterdir():
            with suppress(OSError):  # it has ended meanwhile
                name = (task / "comm").read_text().strip()
                slices.setdefault(name.split()[0], set()).add(slice_ns(int(task.name)) == SLICE_NS)
    background = {name: slices.pop(name) for name in ("C1", "C2", "ZWorker#0", "dolphin-gate-wa")}
    assert set().union(*background.values()) == {False}
    assert set().union(*slices.values()) == {True}


def test_a_member_dies_with_its_parent(jar: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from dolphin.host.member import MemberProcess\n"
        f"m = MemberProcess.start(jar=Path({str(jar)!r}), log=Path({str(tmp_path / 'member.log')!r}))\n"
        "print(m.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(500):
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                time.sleep(0.02)
                continue
        return
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the member outlived its parent")
