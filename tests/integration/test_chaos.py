"""Sums that come out exact while workers and members are killed: the state of a Python stage is as if nothing had happened.

Three members run a job journal -> `OnceEach` (one instance) -> `Sums` (by key group of the asset) -> map. Two writers publish numbered
batches for `DOLPHIN_CHAOS_SECONDS` (20; a long run is 60), while a guardian or worker is killed every second or so and members are killed
and started again, all with SIGKILL at times drawn from a seed that is printed (`DOLPHIN_CHAOS_SEED` repeats it). A writer that does not
know whether a batch was taken sends it again; everything after the journal is exactly-once by itself.
"""

import asyncio
import os
import random
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import pytest
import pytest_asyncio
from chaos_sums import Found, Shard, differences
from hazelcast.asyncio import HazelcastClient
from hazelcast.errors import HazelcastError
from hazelcast.internal.asyncio_proxy.map import Map
from waiting import until

from dolphin.cluster.client import open_client
from dolphin.cluster.jobs import Jobs
from dolphin.cluster.wire import Batch
from dolphin.core.contract.packing import unpack
from dolphin.host.member import Gates, MemberProcess
from dolphin.pipeline import Pipeline

REPOSITORY: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent
CLUSTER_CONFIG: Final = REPOSITORY / "cluster-config"
CHAOS_S: Final = float(os.environ.get("DOLPHIN_CHAOS_SECONDS", "20"))
SEED: Final = int(os.environ.get("DOLPHIN_CHAOS_SEED") or secrets.randbelow(1_000_000))

MARK: Final = "DOLPHIN_CHAOS_RUN"
MEMBERS: Final = 3
SHARDS: Final = ("0", "1")
PAUSE_S: Final = 0.02
RETRIES: Final = 200
SETTLE_S: Final = 90.0
"""For the job to catch up after the last kill; on a busy machine a restart takes tens of seconds."""

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300 + CHAOS_S)]


def sums() -> Pipeline:
    """The job: one instance for the whole cluster, then one for each key group, spread over the members."""
    pipeline = Pipeline("sums", snapshot_interval_s=0.5)
    once = pipeline.read_journal("MARKET_EVENTS").python("once", "chaos_functions:OnceEach", max_failures=50)
    totals = once.python("totals", "chaos_functions:Sums", keyed_by="asset", max_failures=50)
    totals.to_map("DOLPHIN_FEATURES", key="{asset}")
    return pipeline


@dataclass(slots=True)
class Cluster:
    """Three members of cluster-config/three-members.yaml, all on loopback and told apart by their ports; any may be dead."""

    jar: Path
    folder: Path
    ports: list[int]
    members: list[MemberProcess] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MEMBERS))
    """Its threads live as long as the members, which die with the thread that started them."""

    def start(self, number: int) -> MemberProcess:
        port = self.ports[number]
        config = self.folder / f"config{number}"
        config.mkdir(exist_ok=True)
        for file in CLUSTER_CONFIG.glob("*.yaml"):
            # A killed process shows by its broken connections; a slow machine must not look like a dead one.
            text = file.read_text().replace("max.no.heartbeat.seconds: 5", "max.no.heartbeat.seconds: 60")
            # There are no gates here, and so no database.
            (config / file.name).write_text(text.replace("map-store:\n        enabled: true", "map-store:\n        enabled: false"))
        return MemberProcess.start(
            jar=self.jar,
            log=self.folder / f"member{number}.log",
            port=port,
            cluster_name="chaos",
            config=config / "three-members.yaml",
            join=[f"127.0.0.1:{port}" for port in self.ports],
            python_path=(REPOSITORY, REPOSITORY / "src", HERE),
            gates=Gates.in_file(self.folder / f"gates{number}.sqlite"),
            jvm_flags=("-Xmx300m",),
        )

    def start_all(self) -> None:
        self.members = list(self.pool.map(self.start, range(MEMBERS)))

    async def start_again(self, number: int) -> None:
        self.members[number] = await asyncio.get_running_loop().run_in_executor(self.pool, self.start, number)

    def stop_all(self) -> None:
        for member in self.members:
            member.kill()
        self.pool.shutdown()


def processes_of(mark: str) -> list[psutil.Process]:
    """Everything alive that inherited `mark`, except this process."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def stage_processes(mark: str) -> list[psutil.Process]:
    """Guardians and workers."""
    found: list[psutil.Process] = []
    for process in processes_of(mark):
        with suppress(psutil.Error):
            if any("dolphin.stage" in word for word in process.cmdline()):
                found.append(process)
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """In the environment of all that this test starts."""
    value = secrets.token_hex(8)
    monkeypatch.setenv(MARK, value)
    return value


@pytest.fixture
def cluster(jar: Path, tmp_path: Path, mark: str) -> Iterator[Cluster]:
    started = Cluster(jar, tmp_path, free_ports(MEMBERS))
    started.start_all()
    yield started
    started.stop_all()


@pytest_asyncio.fixture
async def client(cluster: Cluster) -> AsyncIterator[HazelcastClient]:
    opened = await open_client(cluster.members[0].address, "chaos")
    yield opened
    await opened.shutdown()


class Writer:
    """Publishes the batches of one shard, each until it is acknowledged."""

    def __init__(self, events: Map[str, Batch], shard: str) -> None:
        self._events = events
        self.shard = Shard(shard, SEED)
        self.repeats = 0

    async def run(self, seconds: float) -> None:
        async with asyncio.timeout(seconds + 60):
            end = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < end:
                await self._send(self.shard.draw())
                await asyncio.sleep(PAUSE_S)

    async def _send(self, batch: Batch) -> None:
        for _ in range(RETRIES):
            try:
                await self._events.set(self.shard.name, batch)
                return
            except (HazelcastError, OSError, TimeoutError):
                self.repeats += 1
                await asyncio.sleep(0.1)
        raise AssertionError(f"the cluster took no batch in {RETRIES} attempts")


class Chaos:
    """Kills at random, by a seed."""

    def __init__(self, cluster: Cluster, mark: str) -> None:
        self._cluster = cluster
        self._mark = mark
        self._random = random.Random(SEED)
        self.killed_stage_processes = 0
        self.killed_members = 0

    async def kill_workers(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(self._random.uniform(0.3, 2.0))
            victims = await asyncio.to_thread(stage_processes, self._mark)
            if victims:
                with suppress(psutil.Error):
                    self._random.choice(victims).send_signal(signal.SIGKILL)
                    self.killed_stage_processes += 1

    async def kill_members(self, seconds: float) -> None:
        """One member in each 20 s, never two at a time: each map has one backup."""
        for _ in range(max(1, round(seconds / 20))):
            before = self._random.uniform(2, 8)
            await asyncio.sleep(before)
            number = self._random.randrange(MEMBERS)
            self._cluster.members[number].kill()
            self.killed_members += 1
            await asyncio.sleep(self._random.uniform(1, 3))
            await self._cluster.start_again(number)
            await asyncio.sleep(max(0.0, 12 - before))


async def test_keyed_sums_are_exact_while_workers_and_members_are_killed(cluster: Cluster, client: HazelcastClient, mark: str) -> None:
    print(f"DOLPHIN_CHAOS_SEED={SEED} DOLPHIN_CHAOS_SECONDS={CHAOS_S:g}")
    jobs = Jobs(client)
    assert (await jobs.submit(sums()))["status"] == "running"
    events = await client.get_map("MARKET_EVENTS")
    results = await client.get_map("DOLPHIN_FEATURES")
    writers = [Writer(events, shard) for shard in SHARDS]
    chaos = Chaos(cluster, mark)

    async with asyncio.TaskGroup() as tasks:
        for writer in writers:
            tasks.create_task(writer.run(CHAOS_S))
        tasks.create_task(chaos.kill_workers(CHAOS_S))
        tasks.create_task(chaos.kill_members(CHAOS_S))

    assert chaos.killed_stage_processes > 0
    assert chaos.killed_members > 0
    print(f"killed {chaos.killed_stage_processes} workers, {chaos.killed_members} members; {sum(w.repeats for w in writers)} repeats")
    first, second = (writer.shard for writer in writers)
    expected = first.with_(second)
    with suppress(TimeoutError):  # the comparison that follows says more
        async with asyncio.timeout(SETTLE_S):
            while await _differences(results, expected):  # noqa: ASYNC110 - the other side is another process
                await asyncio.sleep(0.2)
    assert await _differences(results, expected) == [], f"the job: {await jobs.show('sums')}"

    await jobs.act("cancel", "sums")
    await until(lambda: _is_gone(mark), "no worker process is left after the job")


async def _differences(results: Map[str, bytearray], expected: Found) -> list[str]:
    try:
        rows = [unpack(packed) for packed in await results.values()]
    except HazelcastError as unknown:
        return [f"the results cannot be read: {unknown}"]
    return differences(expected, {row.pop("asset"): row for row in rows})


async def _is_gone(mark: str) -> bool:
    return not await asyncio.to_thread(stage_processes, mark)
