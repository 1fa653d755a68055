"""A fault in a pipeline file, with the line of the call that has it."""

import sys
from dataclasses import dataclass
from pathlib import Path

from dolphin.errors import BadInput

_HERE = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a source file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class PipelineFault(BadInput):
    """A pipeline that cannot be built as it is written; the message starts with `file:line`."""

    def __init__(self, site: Site, what: str, *, remedy: str) -> None:
        self.site = site
        super().__init__(f"{site}: {what}", remedy=remedy)


def call_site() -> Site:
    """The line outside this package that the current call came from."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return Site(frame.f_code.co_filename, frame.f_lineno)
