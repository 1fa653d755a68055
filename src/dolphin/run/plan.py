"""What a run is: its market, its home, its settings, and what its workers are started with. Settled before anything is started."""

import sys
from dataclasses import dataclass
from pathlib import Path

from dolphin.config import Config, Source
from dolphin.core.contract.names import JOBS
from dolphin.feeds.options import FeedOptions
from dolphin.host.home import Home, RunFiles
from dolphin.host.member import Gates
from dolphin.host.options import WorkerOptions, write_options
from dolphin.trading.options import AgentOptions


@dataclass(frozen=True, slots=True)
class Market:
    """What is played, and how fast."""

    source: Source
    paths: tuple[Path, ...]
    assets: tuple[str, ...]
    speed: float
    """Market seconds per second; 0 is as fast as possible, in lockstep: no batch enters before the last one is decided and acted on."""
    loop: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs to know, settled before anything is started."""

    home: Home
    run_id: str
    config: Config
    market: Market
    jar: Path | None
    """The member's; None where a cluster is joined."""
    join: tuple[str, ...] = ()
    """Members of the cluster to run on, HOST:PORT; none: a member of its own."""

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.home.run(self.run_id))

    @property
    def gates(self) -> Gates | None:
        """Where the live market's gates are kept from run to run; None for a replay, whose gates are its own."""
        if self.market.source != "live":
            return None
        chosen = self.config.gates
        return Gates(chosen.url, chosen.user) if chosen.url else Gates.in_file(self.home.gates)

    @property
    def settings(self) -> dict[str, str]:
        """What the pipelines ask for."""
        return {"account": self.config.paper.account}

    def command(self, name: str, module: str, options: WorkerOptions) -> list[str]:
        """Writes `options` for the worker `name` and returns how it is run."""
        return [sys.executable, "-m", module, str(write_options(options, self.files.options(name)))]

    def agent_options(self, member: str) -> AgentOptions:
        return AgentOptions(
            member=member,
            cluster_name=self.config.member.cluster_name,
            run_id=self.run_id,
            run_dir=self.files.directory,
            ledger=self.home.ledger,
            paper=self.config.paper,
            assets=tuple(sorted(set(self.market.assets))),
            speed=self.market.speed,
        )

    def feed_options(self, member: str, from_ns: int = 0, from_wall_ns: int = 0) -> FeedOptions:
        """`from_ns`: market time that a replay goes on from, where it was at `from_wall_ns`."""
        market = self.market
        return FeedOptions(
            member=member,
            cluster_name=self.config.member.cluster_name,
            run_id=self.run_id,
            run_dir=self.files.directory,
            source=market.source,
            speed=market.speed,
            is_lockstep=market.speed == 0,
            is_loop=market.loop,
            from_ns=from_ns,
            from_wall_ns=from_wall_ns,
            jobs=JOBS,
            paths=market.paths,
            synthetic=self.config.synthetic,
            live=self.config.live,
        )
