"""Whatever stops renewing a lease, the lease ends: a hung function, a suspended job, a lost database, a lost member.

The watcher hears what an agent hears (market batches, commands) and judges by the agent's rule, `dolphin.core.control.lease`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from deadman_functions import ACCOUNT, HANG, LEASE_NS
from hazelcast.asyncio import HazelcastClient
from postgres import Postgres
from test_pipelines import listen, market_batch
from waiting import BOUND_S, until

from dolphin.cluster.client import open_client
from dolphin.cluster.jobs import Jobs
from dolphin.core.control import lease
from dolphin.core.control.command import Command, decode
from dolphin.core.units import ONE
from dolphin.host.member import MemberProcess
from dolphin.host.tasks import beside
from dolphin.pipeline import Pipeline

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
START_NS = 1_700_000_000_000_000_000
SILENCE_LIMIT_NS = 1_000_000_000
UNNOTICED_NS = 1_000_000_000
"""What was in the database a second ago is believed to be there (`dolphin.jet.gates.store.GateWatch`)."""
PAUSE_S = 0.05
SHARD = "deadman"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def mortal(jar: Path, postgres_if_installed: Postgres | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemberProcess]:
    """A member that the last test kills."""
    log = tmp_path_factory.mktemp("deadman") / "member.log"
    python_path = (REPOSITORY, REPOSITORY / "src", HERE)
    gates = None if postgres_if_installed is None else postgres_if_installed.gates
    with MemberProcess.start(jar=jar, log=log, cluster_name="deadman", python_path=python_path, gates=gates) as started:
        yield started


class Watcher:
    """Publishes a market that goes on in real time, and believes what an agent would."""

    def __init__(self, hazelcast: HazelcastClient) -> None:
        self._hazelcast = hazelcast
        self._began_ns = time.monotonic_ns()
        self._first_ns = START_NS + self._began_ns  # later than that of the test before
        self.clock: lease.MarketClock | None = None
        self.command: Command | None = None
        self.latest_expiry_ns = 0

    def market_ns(self) -> int:
        """What time it is on the market."""
        return self._first_ns + time.monotonic_ns() - self._began_ns

    async def publish(self, asset: str = "BTCUSDT") -> int:
        """Sends one batch and returns its market time."""
        at_ns = self.market_ns()
        await (await self._hazelcast.get_map("MARKET_EVENTS")).set(SHARD, market_batch(SHARD, at_ns, [asset]))
        return at_ns

    async def publish_for_ever(self) -> None:
        while True:
            with suppress(Exception):  # the member may be gone: then nobody hears anything any more
                await self.publish()
            await asyncio.sleep(PAUSE_S)

    def hear_market(self, market_ns: int) -> None:
        self.clock = lease.observe(self.clock, market_ns, time.monotonic_ns(), ONE)

    def hear_command(self, command: Command) -> None:
        if command.account == ACCOUNT and command.issued_at_ns >= self._first_ns and command.is_newer_than(self.command):
            self.command = command
            self.latest_expiry_ns = max(self.latest_expiry_ns, command.expires_at_ns)

    def is_granted(self) -> bool:
        """The agent's rule."""
        if self.command is None or self.command.cap_ppm == 0:
            return False
        return lease.holds(self.clock, time.monotonic_ns(), self.command.expires_at_ns, SILENCE_LIMIT_NS)

    async def assert_ends(self, failed_ns: int) -> None:
        """Nothing renews beyond a lease from the failure, and a lease and the silence limit later nothing is granted."""
        async with asyncio.timeout(BOUND_S):
            while self.market_ns() < failed_ns + LEASE_NS + SILENCE_LIMIT_NS:  # noqa: ASYNC110 - time passes by itself
                await asyncio.sleep(PAUSE_S)
        assert not self.is_granted()
        assert self.latest_expiry_ns <= failed_ns + LEASE_NS


@asynccontextmanager
async def granted(member: MemberProcess) -> AsyncIterator[tuple[Watcher, Jobs]]:
    """A watcher to whom a running job grants; the market goes on until the block ends."""
    hazelcast = await open_client(member.address, member.cluster_name)
    jobs = Jobs(hazelcast)
    watcher = Watcher(hazelcast)
    markets, commands = await listen(hazelcast, f"market.{SHARD}"), await listen(hazelcast, "leverage-changes")

    async def listen_for_ever() -> None:
        while True:
            while markets:
                watcher.hear_market(markets.pop(0).time_ns)
            while commands:
                watcher.hear_command(decode(bytes(commands.pop(0))))  # pyright: ignore[reportArgumentType]
            await asyncio.sleep(PAUSE_S / 5)

    relay = Pipeline("market")
    relay.read_journal("MARKET_EVENTS", start="newest").to_topic("market.{key}")
    control = Pipeline("renewals")
    stage = control.read_journal("MARKET_EVENTS", start="newest").python("renew", "deadman_functions:Renewals")
    stage.apply("leverage", map_name="LEVERAGE", key="{key}", payload="value").to_topic("leverage-changes")

    async def is_granted() -> bool:
        return watcher.is_granted()

    try:
        async with beside(listen_for_ever()):
            for pipeline in (relay, control):
                await jobs.submit(pipeline)
            async with beside(watcher.publish_for_ever()):
                await until(is_granted, "a lease that holds")
                yield watcher, jobs
    finally:
        if member.exit_status() is None:
            for name in ("market", "renewals"):
                with suppress(Exception):
                    await jobs.act("cancel", name)
        await hazelcast.shutdown()


async def test_a_hung_function_ends_as_an_expired_lease(mortal: MemberProcess) -> None:
    async with granted(mortal) as (watcher, _):
        failed_ns = await watcher.publish(HANG)
        await watcher.assert_ends(failed_ns)


async def test_a_suspended_job_ends_as_an_expired_lease_and_a_resumed_one_grants_again(mortal: MemberProcess) -> None:
    async with granted(mortal) as (watcher, jobs):
        await jobs.act("suspend", "renewals")
        await watcher.assert_ends(watcher.market_ns())
        await jobs.act("resume", "renewals")

        async def is_granted() -> bool:
            return watcher.is_granted()

        await until(is_granted, "a lease that holds again")


async def test_a_lost_database_ends_as_an_expired_lease_and_the_job_goes_on_by_itself(mortal: MemberProcess, postgres: Postgres) -> None:
    async with granted(mortal) as (watcher, _):
        postgres.fail()
        try:
            await watcher.assert_ends(watcher.market_ns() + UNNOTICED_NS)
        finally:
            postgres.go_on()

        async def is_granted() -> bool:
            return watcher.is_granted()

        await until(is_granted, "a lease that holds again")


async def test_a_lost_member_ends_as_an_expired_lease(mortal: MemberProcess) -> None:
    async with granted(mortal) as (watcher, _):
        mortal.kill()
        await watcher.assert_ends(watcher.market_ns())
