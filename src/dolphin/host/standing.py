"""How the system of a home stands, as its supervisor last wrote it: for whoever looks for a system that is up."""

from pathlib import Path
from typing import Literal

import msgspec

from dolphin.host.home import Home


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a system stands, as its supervisor last wrote it."""

    pid: int
    state: Literal["starting", "up", "failed"]
    what: str
    """What is being started, or why it failed."""
    run_id: str
    market: str
    member: str = ""
    cluster_name: str = ""


def read_standing(home: Home) -> Standing | None:
    """The standing of the system in `home`; None if none is up, also after a crash of its supervisor."""
    try:
        standing = msgspec.json.decode(home.supervisor.read_bytes(), type=Standing)
    except FileNotFoundError:
        return None
    return standing if standing.state == "failed" or is_supervisor(standing.pid) else None


def is_supervisor(pid: int) -> bool:
    """Whether `pid` is still the supervisor, and not a stranger that got its number after a crash."""
    try:
        return b"dolphin.run.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
