"""What a supervisor writes of itself, this process being one."""

import os

from dolphin.core.health.parts import PARTS
from dolphin.core.health.restart import Lifecycle
from dolphin.core.units import SECOND_NS
from dolphin.host.home import Home
from dolphin.host.leftovers import process_of
from dolphin.host.standing import PartStanding, Standing, write_standing

NOW = 1_700_000_000 * SECOND_NS


def say(home: Home, wall_ns: int, looked_ns: int | None = None) -> None:
    """All parts are up, written at `wall_ns`."""
    me = process_of("supervisor", os.getpid())
    assert me is not None
    parts = {part.name: PartStanding(phase=Lifecycle.UP.value, since_wall_ns=NOW, restarts=0, why="", process=None) for part in PARTS}
    write_standing(
        home,
        Standing(
            pid=me.pid,
            started=me.started,
            state="up",
            what="",
            run_id="r",
            market="a market",
            member="127.0.0.1:1",
            cluster_name="c",
            is_joined=False,
            written_wall_ns=wall_ns,
            looked_wall_ns=wall_ns if looked_ns is None else looked_ns,
            parts=parts,
        ),
    )
