"""A file that grows without end, as segments: one that is written, and closed ones that are numbered from 1.

    agent.ndjson               what is written now
    agent.ndjson.000002        closed a moment ago
    agent.ndjson.000001.gz     closed and compressed

A segment ends with a whole line. A reader's place is a segment's number and an offset in its text, whatever the segment is called by then.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

PACKED: Final = ".gz"
_CLOSED: Final = re.compile(r"\.(\d{6,})(\.gz)?")
_CLOSED_END: Final = re.compile(_CLOSED.pattern + "$")


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """When a segment is closed: before it would pass `max_bytes`, or when its first line is `max_age_s` old."""

    max_bytes: int = 2 * 1024 * 1024
    max_age_s: float = 3600.0

    def is_over(self, size: int, age_s: float, adding: int) -> bool:
        """Whether a segment of `size` bytes is closed before `adding` more are written. An empty one never is."""
        return size > 0 and (size + adding > self.max_bytes or age_s >= self.max_age_s)


class ClosedSegment(NamedTuple):
    """A closed segment."""

    number: int
    is_packed: bool


def closed_name(name: str, number: int) -> str:
    """What segment `number` of the file `name` is called when it has been closed."""
    return f"{name}.{number:06}"


def base_of(name: str) -> str:
    """The name of the file that `name` is, or is a closed segment of."""
    return _CLOSED_END.sub("", name)


def closed_of(name: str, found: Iterable[str]) -> list[ClosedSegment]:
    """The closed segments of `name` among the names `found` in its folder, in order, each once: one that is being packed has two names."""
    packed: dict[int, bool] = {}
    for each in found:
        if each.startswith(name) and (match := _CLOSED.fullmatch(each[len(name) :])):
            number = int(match[1])
            packed[number] = packed.get(number, True) and match[2] is not None
    return [ClosedSegment(number, packed[number]) for number in sorted(packed)]


def whole(size: int, tail: bytes) -> int:
    """How much of a file of `size` bytes is whole lines, by its last bytes `tail`: what a killed writer left of a line is not."""
    return size - len(tail) + tail.rfind(b"\n") + 1
