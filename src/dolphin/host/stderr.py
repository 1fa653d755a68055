"""A line on standard error, which is often a log file on a disk that is full just then."""

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Writes one line; whoever calls goes on whether or not it could be written."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
