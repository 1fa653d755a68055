"""What the agent process is started with (`agent.json` in the run directory).

It is here and not in `agent` because whoever starts the agent must be able to say it without importing NautilusTrader.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from dolphin.config import Paper
from dolphin.errors import BadInput
from dolphin.host.options import WorkerOptions


class AgentOptions(WorkerOptions, frozen=True, kw_only=True):
    """One paper account, traded from the cluster's topics."""

    ledger: Path
    paper: Paper = Paper()
    assets: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Symbols, sorted: the order in which the agent goes through them is part of what it decides."""
    speed: Annotated[float, msgspec.Meta(ge=0.0)] = 1.0
    """Market seconds per second; 0: in lockstep with the feed, market time moves with messages only."""

    def __post_init__(self) -> None:
        """BadInput where the assets are not sorted or one is named twice."""
        if list(self.assets) != sorted(set(self.assets)):
            raise BadInput("not sorted, or one twice", field="assets", value=",".join(self.assets), remedy="Sort them and name each once.")

    @property
    def is_lockstep(self) -> bool:
        """Whether it steps with the feed's progress instead of applying messages as they come."""
        return self.speed == 0
