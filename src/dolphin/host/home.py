"""Where a system keeps its state: one directory the operator names (`--home`), laid out as in docs/contracts.md, "Run directory"."""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dolphin.errors import BadInput
from dolphin.host.private import narrow, narrow_below

REPLACED = "replaced-"
"""How the names of folders begin to which a restore moves what was there."""
UNPACKING = ".restore-"
"""How the names of folders begin in which it unpacks."""
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Home:
    """The paths below one `--home` directory."""

    root: Path

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.sqlite"

    @property
    def gates(self) -> Path:
        """The gates of the live market; a replay has its own market time, and so its own gates in its run."""
        return self.root / "gates.sqlite"

    @property
    def member_log(self) -> Path:
        """Of a member that runs by itself (`dolphin member`); that of a system is in its run."""
        return self.root / "member.log"

    @property
    def supervisor(self) -> Path:
        """Pid and ports of a system that is up."""
        return self.root / "run" / "supervisor.json"

    @property
    def supervisor_log(self) -> Path:
        """What the process behind `dolphin up` says."""
        return self.root / "run" / "supervisor.log"

    @property
    def reserve(self) -> Path:
        """Room on the disk that is set aside (`dolphin.host.space`)."""
        return self.root / "reserve"

    @property
    def runs(self) -> Path:
        """The folders of all runs."""
        return self.root / "runs"

    @property
    def restoring(self) -> Path:
        """There from the moment at which a restore has begun to change this home until it is done."""
        return self.root / "run" / "restoring"

    @property
    def is_used(self) -> bool:
        """Whether a system of ours has kept anything here; a folder called `runs` alone may be anybody's."""
        has_folders = self.lock.parent.is_dir() and self.runs.is_dir()
        return has_folders or any(path.is_file() for path in (self.ledger, self.gates, self.lock))

    @property
    def lock(self) -> Path:
        """Held while a system runs here (`dolphin.host.home_lock`)."""
        return self.root / "run" / "lock"

    def run(self, run_id: str) -> Path:
        return self.runs / run_id


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run."""

    directory: Path

    @property
    def agent_journal(self) -> Path:
        return self.directory / "agent.ndjson"

    @property
    def feed_journal(self) -> Path:
        return self.directory / "feed.ndjson"

    @property
    def config(self) -> Path:
        """The settings that the run was started with."""
        return self.directory / "config.toml"

    @property
    def trace(self) -> Path:
        """What the agent did, for `dolphin trace check`."""
        return self.directory / "trace.ndjson"

    @property
    def report(self) -> Path:
        return self.directory / "report.json"

    def options(self, name: str) -> Path:
        """What the process `name` was started with."""
        return self.directory / f"{name}.json"

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"


def open_home(root: Path) -> Home:
    """The home at `root`, made if it is missing, and for its user's eyes only. For whoever is going to write into it.

    Raises:
        BadInput: it cannot be made or written to.
    """
    home = Home(root)
    try:
        if home.is_used:
            _make_private(home)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.lock.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"the state directory cannot be made ({error.strerror})", field="--home", value=str(root), remedy="Name a writable directory."
        ) from error
    if not os.access(root, os.W_OK):
        raise BadInput("the state directory is not writable", field="--home", value=str(root), remedy="Name a writable directory.")
    return Home(root.resolve())


def _make_private(home: Home) -> None:
    """Narrows what an older version, or a process with another mask, has made; a folder that holds other things too keeps its own mode."""
    found = list(home.root.iterdir())
    files = [path for path in found if path.name.startswith((home.ledger.name, home.gates.name, home.member_log.name))]
    ours = {*files, home.reserve, home.runs, home.lock.parent}
    if all(path in ours or path.name.startswith((REPLACED, UNPACKING)) for path in found):
        narrow(home.root)
    for path in (*files, home.reserve):
        narrow(path)
    for folder in (home.runs, home.lock.parent):
        narrow_below(folder)


def new_run_id() -> str:
    """Sorts by start time; two runs of one second still differ."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
