"""A trace as a file: what a run wrote, as events again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from dolphin.core.audit.trace import MAX_EVENTS, TraceEvent
from dolphin.errors import BadInput
from dolphin.host.segments import Segments, is_there

_DECODER: Final = msgspec.json.Decoder(TraceEvent)


def read_trace(path: Path) -> list[TraceEvent]:
    """The events in `path`; a last line that was not finished is left out, as a killed run leaves one.

    Raises:
        BadInput: the file cannot be read, is empty or too long, or a line is no event.
        DolphinError: a closed segment of it is damaged.
    """
    if not is_there(path):
        raise BadInput("it cannot be read (no such file)", field="trace", value=str(path), remedy="Name a trace.ndjson.")
    events = list(_decode(path, Segments(path).read().split(b"\n")[:-1]))
    if not events:
        raise BadInput("there is no event in it", field="trace", value=str(path), remedy="Name the trace of a run that has traded.")
    return events


def _decode(path: Path, lines: list[bytes]) -> Iterator[TraceEvent]:
    for number, line in enumerate(lines, 1):
        if number > MAX_EVENTS:
            raise BadInput(f"more than {MAX_EVENTS} events", field="trace", value=str(path), remedy="Check its first part.")
        try:
            yield _DECODER.decode(line)
        except msgspec.DecodeError as error:
            raise BadInput(f"line {number} is no event ({error})", field="trace", value=str(path), remedy="Mend or shorten it.") from error
