"""Following a journal that another process is writing: newline-delimited JSON, complete lines only."""

from pathlib import Path

import msgspec

from dolphin.core.contract.lines import Line


class Tail:
    """Reads what has been added to `path` since the last call; the file may not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Line]:
        """The complete lines added since the last call, oldest first."""
        try:
            with self._path.open("rb") as journal:
                journal.seek(self._offset)
                text = journal.read()
        except FileNotFoundError:
            return []
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        return [msgspec.json.decode(line, type=Line) for line in complete.splitlines() if line]
