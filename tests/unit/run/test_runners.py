"""What the runners of jobs and workers make of what they see; the member and the processes are stand-ins."""

import asyncio
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, Self, cast

import pytest

from dolphin.cluster.watch import ClusterWatch, Sighting
from dolphin.config import Config
from dolphin.core.contract.names import LAW_ATTRIBUTE
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.law import LAW
from dolphin.core.units import SECOND_NS
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import Home
from dolphin.run.plan import Market, Plan
from dolphin.run.runners import GAP_NS, JOB_LIMIT_S, JobRunner, WorkerRunner, _goes_on_from

T0: Final = 1_700_000_000 * SECOND_NS


def plan_in(home: Path) -> Plan:
    market = Market("synthetic", (), ("BTCUSDT",), 1.0, loop=True)
    return Plan(Home(home), "r1", Config(), market, jar=None)


# a replay goes on


def test_a_replay_that_nobody_has_seen_begins_at_its_beginning() -> None:
    assert _goes_on_from(8.0, None) == (0, 0)


def test_a_replay_goes_on_from_the_last_batch_that_anybody_has_seen_and_a_heartbeat_later_by_its_own_clock() -> None:
    furthest = Heartbeat(market_time_ns=100 * SECOND_NS, wall_ns=T0 + SECOND_NS, moved_wall_ns=T0)
    assert _goes_on_from(1.0, furthest) == (100 * SECOND_NS + GAP_NS, T0)
    assert _goes_on_from(8.0, furthest) == (100 * SECOND_NS + 8 * GAP_NS, T0)
    assert _goes_on_from(0.0, furthest) == (100 * SECOND_NS + GAP_NS, T0), "as fast as possible: no clock runs, but it goes on"


# jobs


class FakeJobs:
    """The member's jobs."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails: Exception | None = None
        self.hangs = False

    async def submit(self, pipeline: Any) -> Any:
        await self._do(f"submit {pipeline.name}")

    async def act(self, verb: str, name: str) -> Any:
        await self._do(f"{verb} {name}")

    async def _do(self, what: str) -> None:
        self.done.append(what)
        if self.hangs:
            await asyncio.sleep(3600.0)
        if self.fails is not None:
            raise self.fails


class FakeCluster:
    """A cluster whose governor knows these accounts."""

    def __init__(self) -> None:
        self.accounts: list[str] = []
        self.laws = [{LAW_ATTRIBUTE: LAW.digest()}]

    @property
    def cluster_service(self) -> Self:
        return self

    def get_members(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(attributes=law) for law in self.laws]

    async def get_map(self, _name: str) -> Self:
        return self

    async def key_set(self) -> list[str]:
        return self.accounts


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def jobs() -> FakeJobs:
    return FakeJobs()


@pytest.fixture
def runner(jobs: FakeJobs, cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobRunner:
    watch = ClusterWatch("dolphin", name="test")
    watch.hazelcast = cast(Any, cluster)
    monkeypatch.setattr("dolphin.run.runners.Jobs", lambda _: jobs)
    return JobRunner("ars", plan_in(tmp_path), watch)


def seen(status: str, failure: str = "") -> Sighting:
    return Sighting({}, {"ars": {"name": "ars", "status": status} | ({"failure": failure} if failure else {})})


async def test_a_job_that_runs_is_taken_over_and_one_that_is_unknown_is_submitted(runner: JobRunner, jobs: FakeJobs) -> None:
    await runner.start(seen("running"))
    assert jobs.done == []
    await runner.start(Sighting({}, {}))
    assert jobs.done == ["submit ars"]


async def test_jobs_that_decide_for_other_accounts_are_not_taken_over(runner: JobRunner, cluster: FakeCluster) -> None:
    cluster.accounts = ["other", "third"]
    with pytest.raises(BadInput, match=r"paper.account = 'paper': the cluster decides for other accounts.*\(other, third\)"):
        await runner.start(seen("running"))
    cluster.accounts = ["other", "paper"]
    await runner.start(seen("running"))


@pytest.mark.parametrize("law", [{LAW_ATTRIBUTE: "0123456789abcdef"}, {}, None], ids=str)
async def test_nothing_is_started_where_a_member_decides_by_another_law(
    runner: JobRunner, jobs: FakeJobs, cluster: FakeCluster, law: dict[str, str] | None
) -> None:
    cluster.laws = [*cluster.laws, law]  # type: ignore[list-item]
    for sighting in (seen("running"), Sighting({}, {})):
        with pytest.raises(BadInput, match="the cluster decides by another law"):
            await runner.start(sighting)
    assert jobs.done == []


async def test_a_job_that_a_failure_suspended_goes_on_and_one_that_failed_begins_anew(runner: JobRunner, jobs: FakeJobs) -> None:
    for status, does in (("suspended", "resume ars"), ("failed", "submit ars")):
        assert not runner.is_running(seen(status, "it fell"))
        assert not runner.is_suspended(seen(status, "it fell"))
        assert runner.fault(seen(status, "it fell")).what == "it fell"
        await runner.start(seen(status, "it fell"))
        assert jobs.done[-1] == does


async def test_a_job_that_a_person_took_out_stays_out(runner: JobRunner, jobs: FakeJobs) -> None:
    for status in ("suspended", "cancelled"):
        assert runner.is_running(seen(status))
        assert runner.is_suspended(seen(status))
        with pytest.raises(DolphinError, match=f"a person has {status} it"):
            await runner.start(seen(status))
    assert jobs.done == []


async def test_a_job_that_we_cancelled_because_it_hung_is_no_persons_and_is_submitted_again(runner: JobRunner, jobs: FakeJobs) -> None:
    await runner.kill()
    assert not runner.is_running(seen("cancelled"))
    await runner.start(seen("cancelled"))
    assert jobs.done == ["cancel ars", "submit ars"]
    assert runner.is_suspended(seen("cancelled")), "the next one is a person's again"


async def test_what_a_member_does_not_take_is_a_fault_within_a_limit(runner: JobRunner, jobs: FakeJobs) -> None:
    jobs.fails = OSError("gone")
    with pytest.raises(DolphinError, match="the member does not take it"):
        await runner.start(Sighting({}, {}))
    jobs.fails, jobs.hangs = None, True
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(DolphinError, match="the member does not take it"):
        await runner.start(Sighting({}, {}))
    await runner.kill()
    assert asyncio.get_running_loop().time() - began_s <= 2 * JOB_LIMIT_S + 1.0


# workers


def test_a_worker_that_has_ended_has_no_number_any_more_and_says_why_it_ended(tmp_path: Path) -> None:
    says = "import sys; print('agent: no such account. Name another.', file=sys.stderr); sys.exit(2)"
    runner = WorkerRunner("agent", plan_in(tmp_path), lambda: [sys.executable, "-c", says], on_parent_death=signal.SIGKILL)
    assert runner.pid is None
    assert not runner.is_running(None)
    asyncio.run(runner.start(None))
    assert runner._child is not None
    assert runner.pid == runner._child.pid
    assert runner._child.wait(60.0) == 2
    assert runner.pid is None, "its number may be a stranger's"
    assert not runner.is_running(None)
    fault = runner.fault(None)
    assert isinstance(fault, BadInput)
    assert fault.what == "no such account. Name another."


def test_of_a_worker_that_a_signal_ended_the_signal_is_told_and_not_what_it_last_wrote(tmp_path: Path) -> None:
    says = "print('all is well', flush=True); import time; time.sleep(600)"
    runner = WorkerRunner("feed", plan_in(tmp_path), lambda: [sys.executable, "-c", says], on_parent_death=signal.SIGKILL)
    asyncio.run(runner.start(None))
    asyncio.run(runner.kill())
    assert runner.fault(None).what == "SIGKILL ended it"
