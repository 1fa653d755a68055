"""How each kind of part is started and ended: the member and the workers are processes of ours, jobs live in the member.

Nothing here waits: a start is begun, an end is asked for, and what came of it is seen at the next look (`dolphin.run.keeper`).
"""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.jobs import Jobs
from dolphin.cluster.watch import ClusterWatch, Sighting
from dolphin.cluster.writes import TROUBLE
from dolphin.core.contract.names import LAW_ATTRIBUTE, POSTURE
from dolphin.core.health import jobs as job_rule
from dolphin.core.health.heartbeat import Heartbeat
from dolphin.core.health.parts import PARTS, Part, PartKind
from dolphin.core.law import LAW
from dolphin.errors import BadInput, DolphinError, error_of
from dolphin.host.child import Child
from dolphin.host.member import MemberProcess, StartingMember
from dolphin.pipeline.files import load_pipeline
from dolphin.run.keeper import Runner
from dolphin.run.plan import Plan

JOB_LIMIT_S: Final = 15.0
"""For a job to get going; a look takes no longer than that."""
GAP_NS: Final = 1_000_000_000
"""Wall time between what a feed that died has sent and what the next one begins with, at the least: longer than a heartbeat takes to tell
of a batch."""


class MemberRunner:
    """The member: where it listens is settled at its first start and stays."""

    def __init__(self, plan: Plan, watch: ClusterWatch) -> None:
        self._plan = plan
        self._watch = watch
        self._port = plan.config.member.port
        self._starting: StartingMember | None = None
        self._member: MemberProcess | None = None
        self._fault: DolphinError | None = None

    @property
    def pid(self) -> int | None:
        return _pid(self._process)

    @property
    def _process(self) -> MemberProcess | Child | None:
        return self._member if self._starting is None else self._starting.child

    def is_running(self, sighting: Sighting | None) -> bool:
        if self._starting is not None:
            self._poll(self._starting)
        return self.pid is not None

    def is_suspended(self, sighting: Sighting | None) -> bool:
        return False

    def tend(self) -> None:
        if self._member is not None:
            self._member.tend_log()

    def fault(self, sighting: Sighting | None) -> DolphinError:
        return self._fault or DolphinError("it ended by itself", remedy=f"Its log is {self._plan.files.log('member')}.")

    async def start(self, sighting: Sighting | None) -> None:
        plan, self._fault = self._plan, None
        assert plan.jar is not None
        await self._watch.close()
        self._starting = StartingMember.launch(
            log=plan.files.log("member"),
            jar=plan.jar,
            port=self._port,
            cluster_name=plan.config.member.cluster_name,
            gates=plan.gates,
        )

    async def ask_to_end(self) -> None:
        if self._process is not None:
            self._process.ask_to_end()

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _poll(self, starting: StartingMember) -> None:
        try:
            member = starting.poll()
        except DolphinError as error:
            self._fault, self._member = error, None
            starting.child.kill()
        else:
            if member is None:
                return
            self._member, self._watch.address = member, member.address
            self._port = int(member.address.rpartition(":")[2])
        self._starting = None


class JoinedRunner:
    """Members that somebody else runs: they are there as long as they answer, and nothing is done to them."""

    pid = None

    def __init__(self, watch: ClusterWatch, addresses: str) -> None:
        watch.address = addresses
        self._is_looked_for = False

    def is_running(self, sighting: Sighting | None) -> bool:
        return self._is_looked_for

    def is_suspended(self, sighting: Sighting | None) -> bool:
        return False

    def fault(self, sighting: Sighting | None) -> DolphinError:
        return DolphinError("no member answers", remedy="Start the cluster, or name one of its members that is up.")

    def tend(self) -> None: ...
    async def start(self, sighting: Sighting | None) -> None:
        self._is_looked_for = True

    async def ask_to_end(self) -> None:
        self._is_looked_for = False

    async def kill(self) -> None:
        self._is_looked_for = False


class JobRunner:
    """One job. A job that a person suspended or cancelled is theirs."""

    pid = None

    def __init__(self, name: str, plan: Plan, watch: ClusterWatch) -> None:
        self._name = name
        self._pipeline = load_pipeline(name, plan.settings)
        self._account = plan.config.paper.account
        self._watch = watch
        self._is_renewed = False
        """We have cancelled it, to begin it anew."""

    def is_running(self, sighting: Sighting | None) -> bool:
        return sighting is None or job_rule.is_there(sighting.jobs.get(self._name)) or self.is_suspended(sighting)

    def is_suspended(self, sighting: Sighting | None) -> bool:
        return not self._is_renewed and sighting is not None and bool(job_rule.taken_out(sighting.jobs.get(self._name)))

    def fault(self, sighting: Sighting | None) -> DolphinError:
        why = "the member is away" if sighting is None else job_rule.failure_of(sighting.jobs.get(self._name))
        return DolphinError(why, remedy=f"The whole of it: dolphin job show {self._name}.")

    def tend(self) -> None: ...

    async def start(self, sighting: Sighting | None) -> None:
        job = None if sighting is None else sighting.jobs.get(self._name)
        self._require_our_law()
        if job_rule.is_there(job):  # of a cluster that stands
            await self._require_account()
            return
        if self.is_suspended(sighting):
            remedy = f"Look at it: dolphin job show {self._name} --member {self._watch.address}; then resume it, or submit it again."
            raise DolphinError(f"a person has {job_rule.taken_out(job)} it, so that nothing would be decided", remedy=remedy)
        try:
            async with asyncio.timeout(JOB_LIMIT_S):
                if job is not None and job["status"] == "suspended":
                    await self._jobs().act("resume", self._name)
                else:
                    await self._jobs().submit(self._pipeline)
            self._is_renewed = False
        except (*TROUBLE, TimeoutError) as error:
            raise DolphinError(f"the member does not take it ({type(error).__name__})", remedy="Look at the member's log.") from error

    async def ask_to_end(self) -> None:
        """It ends with the member."""

    async def kill(self) -> None:
        """A job that does not answer is begun anew."""
        self._is_renewed = True
        try:
            async with asyncio.timeout(JOB_LIMIT_S):
                await self._jobs().act("cancel", self._name)
        except (*TROUBLE, TimeoutError, DolphinError):
            return  # it is gone, or the member is

    def _require_our_law(self) -> None:
        laws = {
            (member.attributes or {}).get(LAW_ATTRIBUTE, "none that it tells") for member in self._hazelcast().cluster_service.get_members()
        }
        if others := sorted(laws - {LAW.digest()}):
            remedy = f"Run one release with one law.toml here and there: this one has {LAW.digest()}."
            raise BadInput("the cluster decides by another law", field="law", value=others[0], remedy=remedy)

    async def _require_account(self) -> None:
        """Jobs that have decided for others only would leave our account without a word for ever."""
        try:
            async with asyncio.timeout(JOB_LIMIT_S):
                known = {str(key) for key in await (await self._hazelcast().get_map(POSTURE)).key_set()}
        except (*TROUBLE, TimeoutError) as error:
            raise DolphinError(f"the member does not answer ({type(error).__name__})", remedy="Look at the member's log.") from error
        if known and self._account not in known:
            remedy = f"Set paper.account to one that those jobs decide for ({', '.join(sorted(known))}), or cancel them first."
            raise BadInput("the cluster decides for other accounts", field="paper.account", value=self._account, remedy=remedy)

    def _jobs(self) -> Jobs:
        return Jobs(self._hazelcast())

    def _hazelcast(self) -> HazelcastClient:
        if self._watch.hazelcast is None:
            raise DolphinError("the member is away", remedy="It is started again first.")
        return self._watch.hazelcast


class WorkerRunner:
    """The agent, or a feed: a process of ours. `prepare` writes its options and returns its command."""

    def __init__(self, name: str, plan: Plan, prepare: Callable[[], list[str]], *, on_parent_death: signal.Signals) -> None:
        self._name = name
        self._plan = plan
        self._prepare = prepare
        self._on_parent_death = on_parent_death
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        return _pid(self._child)

    @property
    def exit_status(self) -> int | None:
        """None while it runs, or was never started."""
        return None if self._child is None else self._child.exit_status()

    def is_running(self, sighting: Sighting | None) -> bool:
        return self.pid is not None

    def is_suspended(self, sighting: Sighting | None) -> bool:
        return False

    def fault(self, sighting: Sighting | None) -> DolphinError:
        child = self._child
        status = self.exit_status
        if child is None:
            said = "it was never started"
        elif status is not None and status < 0:  # what it last wrote has nothing to do with its end
            said = f"{signal.Signals(-status).name} ended it"
        else:
            said = child.last_words(1).removeprefix(f"{child.name}: ")
        return error_of(status)(said, remedy=f"Its log is {self._plan.files.log(self._name)}.")

    def tend(self) -> None:
        if self._child is not None:
            self._child.tend_log()

    async def start(self, sighting: Sighting | None) -> None:
        log = self._plan.files.log(self._name)
        self._child = Child(self._name, self._prepare(), log, on_parent_death=self._on_parent_death)

    async def ask_to_end(self) -> None:
        if self._child is not None:
            self._child.ask_to_end()

    async def kill(self) -> None:
        if self._child is not None:
            self._child.kill()


def runners_of(plan: Plan, watch: ClusterWatch) -> dict[str, Runner]:
    """A runner for each part of the table."""
    return {part.name: _runner(part, plan, watch) for part in PARTS}


def _runner(part: Part, plan: Plan, watch: ClusterWatch) -> Runner:
    match part.kind:
        case PartKind.MEMBER:
            return JoinedRunner(watch, ",".join(plan.join)) if plan.join else MemberRunner(plan, watch)
        case PartKind.JOB:
            return JobRunner(part.name, plan, watch)
        case PartKind.AGENT:
            return WorkerRunner("agent", plan, lambda: _agent(plan, watch), on_parent_death=signal.SIGTERM)
        case PartKind.FEED:
            return WorkerRunner("feed", plan, lambda: _feed(plan, watch), on_parent_death=signal.SIGKILL)


def _agent(plan: Plan, watch: ClusterWatch) -> list[str]:
    return plan.command("agent", "agent.worker", plan.agent_options(watch.address))


def _feed(plan: Plan, watch: ClusterWatch) -> list[str]:
    from_ns, from_wall_ns = _goes_on_from(plan.market.speed, watch.furthest)
    return plan.command("feed", "dolphin.feeds.worker", plan.feed_options(watch.address, from_ns, from_wall_ns))


def _pid(process: MemberProcess | Child | None) -> int | None:
    """None for one that has ended: its number may be a stranger's by now."""
    return None if process is None or process.exit_status() is not None else process.pid


def _goes_on_from(speed: float, furthest: Heartbeat | None) -> tuple[int, int]:
    """What a replay goes on from, wherever the last batch that anybody has seen was sent: a market time, and the wall time of that.

    The gates of a replay outlive the member, and take nothing that is older than what they know; and an agent whose clock has run on takes
    a market that is behind it for one whose leases have run out. So it goes on later than it was, never earlier.
    """
    if furthest is None:
        return 0, 0
    return furthest.market_time_ns + round(GAP_NS * max(1.0, speed)), furthest.moved_wall_ns
