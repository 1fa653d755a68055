"""The loop of a worker process: frames in, the function called, frames out, one at a time and in order.

It has no timers and takes no decisions: deadlines, restarts and kills belong to the Java side. It ends when the
request socket does, and after the first error, because a function that raised may have left its state half changed. A
forked copy of it (a function may use `multiprocessing`) loses the sockets at the fork and leaves if it ever returns
to the loop.
"""

import contextlib
import faulthandler
import gc
import json
import os
import platform
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dolphin.core.arrow.ipc import StreamReader
from dolphin.stage import protocol
from dolphin.stage.function import StageFunction, load
from dolphin.stage.harness import MARKET_TIME, Harness, Stamped
from dolphin.stage.output import Encoder, parse
from dolphin.stage.protocol import Frame, FrameReader, FrameType, Pieces

_CONFIG_LIMIT_BYTES = 1 << 20
_SOCKET_BUFFER_BYTES = 1 << 20
_PIECES_PER_WRITE = 512
_TOGETHER_NS = 100_000
"""An answer may wait so long for those that follow it (and then for the one under way)."""

ROWS_SCHEMA = pa.schema([pa.field("key", pa.utf8()), pa.field("value", pa.binary())])


class Connection:
    """The two sockets of a worker.

    Answers wait for company: while requests are at hand and are answered fast, their answers are written together.
    """

    def __init__(self, path: str) -> None:
        """Connects both to `path`: requests first, then answers."""
        self._requests = _connect(path)
        self._answers = _connect(path)
        self.reader = FrameReader(_CONFIG_LIMIT_BYTES)
        self._unsent: list[bytes | memoryview] = []
        self._unsent_since_ns = 0
        self._is_forked_copy = False
        os.register_at_fork(after_in_child=self._abandon)

    def _abandon(self) -> None:
        self._is_forked_copy = True
        self._requests.close()
        self._answers.close()

    def receive(self) -> Frame | None:
        """The next request; None when Java has closed the connection or this process is a forked copy."""
        while not self._is_forked_copy:
            frame = self.reader.next()
            if frame is not None:
                return frame
            self.flush()
            count = self._requests.recv_into(self.reader.space())
            if not count:
                break
            self.reader.filled(count)
            self._unsent_since_ns = time.perf_counter_ns()
        return None

    def send(self, pieces: Pieces) -> None:
        """Takes a whole frame for writing: at once, if a function is slow enough for the wait to be felt."""
        self._unsent += pieces
        if len(self._unsent) >= _PIECES_PER_WRITE or time.perf_counter_ns() - self._unsent_since_ns > _TOGETHER_NS:
            self.flush()

    def flush(self) -> None:
        """Writes what waits. A forked copy of the worker ends here."""
        if self._is_forked_copy:
            os._exit(0)
        for start in range(0, len(self._unsent), _PIECES_PER_WRITE):
            _send_all(self._answers, self._unsent[start : start + _PIECES_PER_WRITE])
        self._unsent.clear()
        self._unsent_since_ns = time.perf_counter_ns()


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BUFFER_BYTES)
    connection.connect(path)
    return connection


def _send_all(connection: socket.socket, pieces: Pieces) -> None:
    sent = connection.sendmsg(pieces)
    for piece in pieces:
        if sent >= len(piece):
            sent -= len(piece)
        else:
            connection.sendall(memoryview(piece)[sent:])
            sent = 0


class Session:
    """One configured function, answering requests."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Loads the function that `config` names; raises what that raises."""
        self.function: StageFunction = load(config["function"], config["params"])
        _settle_pandas()
        self._harness = Harness(self.function, is_keyed=config["keyed"], wall_clock_ns=time.time_ns)
        self._reader = StreamReader()
        self._encoder = Encoder(parse(config["outputs"]))

    def ready(self) -> bytes:
        """What Java needs to know of the function."""
        return json.dumps({"is_stateful": self.function.is_stateful, "has_watermark": self.function.has_watermark}).encode()

    def answers(self, frame: Frame) -> Iterator[Pieces]:
        """The answer in frames, each to be sent before the next is made; none for a request that has none."""
        match frame.type:
            case FrameType.BATCH:
                time_ns, key, arrow = protocol.read_batch(frame.body)
                yield from self._process(frame.seq, key, time_ns, self._reader.read(arrow))
            case FrameType.ROWS:
                time_ns, key, rows = protocol.read_rows(frame.body)
                yield from self._process(frame.seq, key, time_ns, _from_rows(rows, time_ns))
            case FrameType.WATERMARK:
                time_ns, _ = protocol.read_i64(frame.body, 0)
                start_ns = time.perf_counter_ns()
                yield from self._result(frame.seq, start_ns, 0, time_ns, self._harness.watermark(time_ns))
            case FrameType.SNAPSHOT:
                yield protocol.state(frame.seq, self._harness.snapshot())
            case FrameType.RESTORE:
                key, offset = protocol.read_text(frame.body, 0)
                state, _ = protocol.read_blob(frame.body, offset)
                self._harness.restore(key, bytes(state))
            case _:
                raise protocol.ProtocolError(f"a worker does not take {frame.type.name}")

    def _process(self, seq: int, key: str, time_ns: int, batch: pa.RecordBatch) -> Iterator[Pieces]:
        start_ns = time.perf_counter_ns()
        return self._result(seq, start_ns, batch.num_rows, time_ns, [(key, self._harness.process(key, batch))])

    def _result(
        self, seq: int, start_ns: int, rows_in: int, time_ns: int, results_by_key: list[tuple[str, list[Stamped]]]
    ) -> Iterator[Pieces]:
        """The batches first and alone, where rows have still to be encoded."""
        items = [item for key, results in results_by_key for result in results for item in self._encoder.batches(key, time_ns, result)]
        if items and self._encoder.has_rows:
            yield protocol.part(seq, items)
            items = []
        items += [item for _, results in results_by_key for result in results for item in self._encoder.rows(result)]
        yield protocol.result(seq, time.perf_counter_ns() - start_ns, rows_in, items)


class _NoPandas:
    """An import finder for which there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _settle_pandas() -> None:
    """Lets pyarrow's first conversion find no pandas, unless the function's module has imported it.

    It looks once, and the import would take most of a worker's start. `to_pandas()` looks again and still works.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)  # pyright: ignore[reportArgumentType]
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)  # pyright: ignore[reportArgumentType]


def _from_rows(rows: list[tuple[str, bytes]], time_ns: int) -> pa.RecordBatch:
    keys = pa.array([key for key, _ in rows], type=pa.utf8())
    values = pa.array([value for _, value in rows], type=pa.binary())
    schema = ROWS_SCHEMA.with_metadata({MARKET_TIME: str(time_ns).encode()})
    return pa.RecordBatch.from_arrays([keys, values], schema=schema)


def run(path: str) -> int:
    """Serves one connection to its end; returns the process's exit status."""
    _bound_output_and_core()
    connection = Connection(path)
    connection.send(protocol.hello(os.getpid(), platform.python_version()))
    session: Session | None = None
    while (frame := connection.receive()) is not None:
        try:
            if session is None:
                session = _configure(connection, frame)
                connection.send(protocol.encode(FrameType.READY, frame.seq, session.ready()))
                continue
            for answer in session.answers(frame):
                connection.send(answer)
        except (ConnectionError, protocol.ProtocolError):
            raise
        except BaseException as raised:
            connection.send(protocol.error(frame.seq, _describe(raised)))
            connection.flush()
            return 1
    return 0


def _configure(connection: Connection, frame: Frame) -> Session:
    if frame.type is not FrameType.CONFIG:
        raise protocol.ProtocolError(f"{frame.type.name} before CONFIG")
    config = json.loads(bytes(frame.body))
    connection.reader.max_frame_bytes = config["max_frame_bytes"]
    if config["max_memory_bytes"]:
        resource.setrlimit(resource.RLIMIT_AS, (config["max_memory_bytes"], config["max_memory_bytes"]))
    session = Session(config)
    gc.freeze()  # what has been imported stays: collections need not look at it again
    return session


def _describe(raised: BaseException) -> str:
    if isinstance(raised, SystemExit):
        return f"the function called sys.exit({raised.code!r})\n{traceback.format_exc()}"
    return traceback.format_exc()


def _bound_output_and_core() -> None:
    faulthandler.enable(all_threads=True)
    faulthandler.register(signal.SIGUSR2, all_threads=True, chain=False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(line_buffering=True)  # pyright: ignore[reportAttributeAccessIssue]
