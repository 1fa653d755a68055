"""What the agent writes of itself: the journal (`agent.ndjson`) for people and reports, the trace (`trace.ndjson`) for the model checker.

The journal has one line a decision, in the order they were made.

A decision line holds market time only, so that two runs in lockstep write the same lines; whatever carries a wall clock or a run id goes
into lines of the types that `dolphin.operator.views.report.NOT_DECISIONS` leaves out (`ready`, `status`, `summary`).

The trace has one line for each linearisation point (`dolphin.core.audit.trace`). It never holds the order gate up: events go to a thread
through a bounded queue, and when that is full, or the disk is, the trace is cut there for good. What stands before a cut is complete; what
is lost is counted, and a disk that fails is said on the log.
"""

import queue
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from dolphin.core.audit.trace import MAX_EVENTS, Cut, TraceEvent
from dolphin.core.contract.lines import Line

MAX_WAITING: Final = 10_000
"""Events that may wait for the disk."""
CLOSE_TIMEOUT_S: Final = 5.0


def say(what: str) -> None:
    """One line on the process's log. The log may be on the disk that is full: then there is nobody left to tell, and nothing raises."""
    with suppress(OSError, ValueError):
        print(what, file=sys.stderr, flush=True)


class Journal:
    """Appends JSON lines to one file, each complete and in the file when `write` returns.

    A file that cannot be written (a full disk) holds nothing up: the lines that it lacks are counted, and the first is said on the log.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._encoder = msgspec.json.Encoder()
        self._line = bytearray()
        self.counts: dict[str, int] = {}
        """Lines by type, also of those that are missing."""
        self.missing = 0
        """Lines that could not be written."""

    def write(self, line: Line) -> None:
        """Adds one line, which has at least `type` and `market_time_ns`."""
        self._encoder.encode_into(line, self._line)
        self._line += b"\n"
        try:
            self._file.write(self._line)
        except OSError as error:
            if not self.missing:
                say(f"agent: the journal cannot be written ({error.strerror}); the agent goes on")
            self.missing += 1
        self.counts[line["type"]] = self.counts.get(line["type"], 0) + 1

    def close(self) -> None:
        self._file.close()


class Trace:
    """Appends events to one file, in the order in which they are given; never waits."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._waiting: queue.SimpleQueue[TraceEvent | None] = queue.SimpleQueue()
        self._left = MAX_EVENTS - 1
        """Events that may still be given; one line is kept for the cut."""
        self._given = 0
        self._written = 0
        """Events that are in the file; counted by the writer alone."""
        self._is_failed = False
        """The writer has given up; set by the writer alone."""
        self._writer = threading.Thread(target=self._write, args=(path,), name="trace", daemon=True)
        self._writer.start()

    @property
    def lost(self) -> int:
        """Events that were given and are not in the file; as long as the trace is open, those that wait for the disk among them."""
        return self._given - self._written

    def add(self, event: TraceEvent) -> None:
        """Has `event` written after those before it, unless the trace has been cut."""
        self._given += 1
        if self._left <= 0 or self._is_failed:
            return
        self._left -= 1
        if self._waiting.qsize() >= MAX_WAITING:
            self._cut(event.market_time_ns, "the disk did not keep up")
        elif self._left == 0:
            self._cut(event.market_time_ns, "the longest trace that is written")
        else:
            self._waiting.put(event)

    def close(self) -> None:
        """Writes what is waiting, for a bounded time."""
        self._left = 0
        self._waiting.put(None)
        self._writer.join(CLOSE_TIMEOUT_S)

    def _cut(self, market_time_ns: int, reason: str) -> None:
        self._left = 0
        self._waiting.put(Cut(market_time_ns=market_time_ns, reason=reason))

    def _write(self, path: Path) -> None:
        encode = msgspec.json.encode
        held = 0
        """Events written that the file may not have yet."""
        try:
            with path.open("ab") as file:
                while (event := self._waiting.get()) is not None:
                    file.write(encode(event) + b"\n")
                    held += not isinstance(event, Cut)
                    if self._waiting.empty():
                        file.flush()
                        self._written, held = self._written + held, 0
            self._written += held
        except Exception as error:  # whatever it is (a full disk, above all), the trace ends where it is, and trading goes on
            self._is_failed = True
            say(f"agent: the trace cannot be written from here on ({type(error).__name__}: {error}); the agent goes on")
