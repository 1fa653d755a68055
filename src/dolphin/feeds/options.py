"""What the feed process is asked to do (`feed.json` in the run directory)."""

from pathlib import Path
from typing import Annotated, Final

import msgspec

from dolphin.config import Live, Source, SyntheticMarket
from dolphin.errors import BadInput
from dolphin.host.options import WorkerOptions

MAX_SPEED: Final = 1_000.0


class FeedOptions(WorkerOptions, frozen=True, kw_only=True):
    """One source of frames, and how fast it is played into one shard."""

    source: Source
    speed: Annotated[float, msgspec.Meta(ge=0.0, le=MAX_SPEED)] = 1.0
    """Market seconds per second; 0 is as fast as the jobs keep up."""
    is_lockstep: bool = False
    """One batch at a time, jobs and agent in step; at speed 0 only."""
    is_loop: bool = False
    """Start again at the end."""
    from_ns: int = 0
    """Market time that a replay goes on from; 0: from its beginning."""
    from_wall_ns: int = 0
    """When the market was there: it has run on since, at `speed`."""
    jobs: tuple[str, ...] = ()
    """Jobs whose progress is waited for."""
    paths: tuple[Path, ...] = ()
    """Of a recording: files, folders or patterns."""
    synthetic: SyntheticMarket = SyntheticMarket()
    live: Live = Live()

    def __post_init__(self) -> None:
        """BadInput where values contradict each other."""
        if self.source == "live" and self.speed != 1.0:
            raise BadInput("a live market has one speed", field="speed", value=self.speed, remedy="Give 1 or leave it out.")
        if self.is_lockstep and self.speed != 0.0:
            raise BadInput("lockstep sets the pace itself", field="speed", value=self.speed, remedy="Give 0.")
        if (self.source == "recording") != bool(self.paths):
            raise BadInput(
                "paths belong to a recording", field="paths", value=len(self.paths), remedy="Name the recording's, and no others."
            )
