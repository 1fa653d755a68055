"""Nothing that a worker starts outlives it: the real guardian and worker, with this test in the part of the member."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dolphin.core.arrow.ipc import StreamWriter
from dolphin.stage import protocol
from dolphin.stage.protocol import Frame, FrameReader, FrameType

pytestmark = pytest.mark.integration

PATIENCE_S = 30.0
FUNCTIONS = """
    import os, subprocess, sys, time

    def echo(batch):
        return batch

    def leaves_processes_behind(batch):
        for new_session in (False, True):
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", os.environ["MARK"]], start_new_session=new_session)
        return batch

    def forks(batch):
        os.fork()
        return batch

    def hangs(batch):
        print("at it")
        time.sleep(600)
"""


class Member:
    """What the Java side does to a worker, no more."""

    def __init__(self, folder: Path, function: str) -> None:
        (folder / "functions_of_the_guardian_test.py").write_text(textwrap.dedent(FUNCTIONS))
        self.mark = f"mark-{folder.name}-{os.getpid()}"
        path = str(folder / "s")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen(2)
            environment = os.environ | {"MARK": self.mark, "PYTHONPATH": f"{folder}{os.pathsep}{os.environ['PYTHONPATH']}"}
            command = [sys.executable, "-m", "dolphin.stage.guardian", path, self.mark]
            self.guardian = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
            )
            self.requests, _ = server.accept()
            self.answers, _ = server.accept()
        self.answers.settimeout(PATIENCE_S)
        self._reader = FrameReader(1 << 20)
        config: dict[str, Any] = {"stage": "s", "function": f"functions_of_the_guardian_test:{function}", "params": {}, "keyed": False}
        config |= {"max_frame_bytes": 1 << 20, "max_memory_bytes": 0, "outputs": [{"kind": "batches"}]}
        self.send(protocol.encode(FrameType.CONFIG, 0, json.dumps(config).encode()))
        assert self.receive().type is FrameType.HELLO
        assert self.receive().type is FrameType.READY

    def send(self, pieces: protocol.Pieces) -> None:
        self.requests.sendall(b"".join(pieces))

    def send_batch(self, seq: int) -> None:
        body = (0).to_bytes(8, "little") + protocol.text("k") + b"".join(StreamWriter().pieces(pa.record_batch({"x": [1]}), {}))
        self.send(protocol.encode(FrameType.BATCH, seq, body))

    def receive(self) -> Frame:
        while (frame := self._reader.next()) is None:
            count = self.answers.recv_into(self._reader.space())
            assert count, "the worker closed its socket"
            self._reader.filled(count)
        return frame

    def processes(self) -> list[int]:
        """Every process of this worker: all carry the mark on their command line or in their environment."""
        found: list[int] = []
        for entry in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if self.mark.encode() in Path(f"/proc/{entry}/environ").read_bytes() and int(entry) != os.getpid():
                    found.append(int(entry))
        return found

    def await_nothing_left(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.processes():
            assert time.monotonic() < deadline, f"still there: {self.processes()}"
            time.sleep(0.01)


@pytest.fixture
def member(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Member]:
    started = Member(tmp_path, request.param)
    yield started
    started.guardian.kill()
    started.guardian.wait(PATIENCE_S)
    for stream in (started.guardian.stdin, started.guardian.stdout, started.requests, started.answers):
        assert stream is not None
        stream.close()
    started.await_nothing_left()


@pytest.mark.parametrize("member", ["leaves_processes_behind"], indirect=True)
@pytest.mark.parametrize("end", ["stdin", "kill command", "worker killed", "requests closed"])
def test_detached_processes_go_with_their_worker(member: Member, end: str) -> None:
    member.send_batch(1)
    assert member.receive().type is FrameType.RESULT
    assert len(member.processes()) == 4, "guardian, worker and the two it left behind"
    assert member.guardian.stdin is not None
    match end:
        case "stdin":  # what the kernel does when a member is killed with -9
            member.guardian.stdin.close()
        case "kill command":
            member.guardian.stdin.write(b"K")
            member.guardian.stdin.flush()
        case "worker killed":
            os.kill(next(pid for pid in member.processes() if parent(pid) == member.guardian.pid), signal.SIGKILL)
        case _:
            member.requests.close()
    member.guardian.wait(PATIENCE_S)
    member.await_nothing_left()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("member", ["echo"], indirect=True)
def test_a_worker_is_named_as_the_kernel_has_room_for(member: Member) -> None:
    member.send_batch(1)
    assert member.receive().type is FrameType.RESULT
    names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in member.processes()}
    assert member.mark[:15] in names


@pytest.mark.parametrize("member", ["echo"], indirect=True)
def test_a_worker_dies_with_its_guardian(member: Member) -> None:
    member.guardian.kill()
    member.await_nothing_left()


@pytest.mark.parametrize("member", ["echo"], indirect=True)
def test_the_exit_status_tells_the_signal(member: Member) -> None:
    os.kill(next(pid for pid in member.processes() if parent(pid) == member.guardian.pid), signal.SIGSEGV)
    assert member.guardian.wait(PATIENCE_S) == 128 + signal.SIGSEGV


@pytest.mark.parametrize("member", ["forks"], indirect=True)
def test_a_forked_copy_of_the_worker_never_answers(member: Member) -> None:
    for seq in (1, 2, 3):
        member.send_batch(seq)
        frame = member.receive()
        assert (frame.type, frame.seq) == (FrameType.RESULT, seq)
    member.requests.close()
    assert member.answers.recv(1) == b"", "somebody answered twice"


@pytest.mark.parametrize("member", ["hangs"], indirect=True)
def test_a_hanging_function_is_shown_before_it_is_killed(member: Member) -> None:
    member.send_batch(1)
    assert member.guardian.stdin is not None
    assert member.guardian.stdout is not None
    assert member.guardian.stdout.readline() == b"at it\n"
    member.guardian.stdin.write(b"D")
    member.guardian.stdin.flush()
    assert b"in hangs" in member.guardian.stdout.read()
