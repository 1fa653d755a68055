"""When a worker writes its answers: together while requests are at hand and answered fast, else at once."""

import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dolphin.stage import protocol
from dolphin.stage.protocol import FrameReader, FrameType
from dolphin.stage.worker import Connection

SLOW_NS = 1_000_000


@dataclass
class Member:
    """The other end of a worker's connection, and the worker's clock."""

    worker: Connection
    requests: socket.socket
    answers: socket.socket
    now_ns: int = 0

    def ask(self, count: int) -> None:
        frames = [protocol.encode(FrameType.SNAPSHOT, seq) for seq in range(count)]
        self.requests.sendall(b"".join(piece for frame in frames for piece in frame))

    def answer(self, taking_ns: int) -> None:
        frame = self.worker.receive()
        assert frame is not None
        self.now_ns += taking_ns
        self.worker.send(protocol.state(frame.seq, []))

    def heard(self) -> list[int]:
        reader = FrameReader(1 << 20)
        seqs: list[int] = []
        while True:
            try:
                reader.filled(self.answers.recv_into(reader.space(), flags=socket.MSG_DONTWAIT))
            except BlockingIOError:
                return seqs
            while (frame := reader.next()) is not None:
                seqs.append(frame.seq)


@pytest.fixture
def member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Member]:
    path = os.path.relpath(tmp_path / "s")  # the address of a Unix socket is short
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen(2)
        worker = Connection(path)
        requests, answers = server.accept()[0], server.accept()[0]
    with requests, answers:
        made = Member(worker, requests, answers)
        monkeypatch.setattr(time, "perf_counter_ns", lambda: made.now_ns)
        yield made


def test_answers_to_requests_that_wait_leave_together_when_the_last_is_taken(member: Member) -> None:
    member.ask(3)
    for _ in range(3):
        member.answer(taking_ns=0)
    assert member.heard() == []
    member.requests.shutdown(socket.SHUT_WR)
    assert member.worker.receive() is None
    assert member.heard() == [0, 1, 2]


def test_an_answer_that_took_long_leaves_at_once_with_those_before_it(member: Member) -> None:
    member.ask(3)
    member.answer(taking_ns=0)
    member.answer(taking_ns=SLOW_NS)
    assert member.heard() == [0, 1]
    member.answer(taking_ns=SLOW_NS)
    assert member.heard() == [2]


def test_a_forked_copy_takes_no_request(member: Member) -> None:
    member.ask(1)
    child = os.fork()
    if child == 0:
        os._exit(0 if member.worker.receive() is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert member.worker.receive() is not None
