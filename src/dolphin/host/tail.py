"""Following a journal that another process is writing: newline-delimited JSON, complete lines only, across its segments."""

from pathlib import Path

import msgspec

from dolphin.core.contract.lines import Line
from dolphin.host.segments import Segments


class Tail:
    """Reads what has been added to `path` since the last call; the file may not exist yet, and may be rotated while it is read."""

    def __init__(self, path: Path) -> None:
        self._segments = Segments(path)

    def read(self) -> list[Line]:
        """The complete lines added since the last call, oldest first."""
        return [msgspec.json.decode(line, type=Line) for line in self._segments.read().splitlines() if line]
