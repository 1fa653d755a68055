"""How a running system is: what its supervisor, the heartbeats, the jobs and the gates say, looked at within bounds and judged.

Every screen that shows a running system begins with this verdict (`headline`), so that none of them can call dead what lives, or well what
is silent.
"""

import asyncio
import time
from typing import Final, NamedTuple

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.watch import ClusterWatch, Sighting
from dolphin.cluster.writes import TROUBLE
from dolphin.config import load_config
from dolphin.core.contract.names import DEFAULT_ACCOUNT
from dolphin.core.health.jobs import taken_out
from dolphin.core.health.parts import PARTS, PartKind
from dolphin.core.health.restart import Lifecycle
from dolphin.core.health.verdict import Health, Sight, Supervision, Verdict, judge
from dolphin.core.units import SECOND_NS
from dolphin.errors import BadInput, DolphinError
from dolphin.host.home import Home, RunFiles
from dolphin.host.leftovers import is_there
from dolphin.host.standing import PartStanding, Standing, is_supervised, last_standing
from dolphin.operator.gate_state import Gates, waits_of_account, words_on_account
from dolphin.operator.site import GLANCE_S, look_with
from dolphin.operator.views.account import AccountView, view

GATES_LIMIT_S: Final = 3.0
LOOK_LIMIT_NS: Final = 60 * SECOND_NS
"""A supervisor that writes without having looked at its parts for so long is silent: a look may start jobs, and takes no longer."""
CLIENT: Final = "dolphin-status"


class Assessment(NamedTuple):
    """A verdict and what it was made from."""

    verdict: Verdict
    standing: Standing | None
    """None: no system of this home's supervisor."""
    sighting: Sighting | None
    account: AccountView | None
    """None where the gates cannot be read."""
    gates: Gates | None


def assess(home: Home, member: str | None = None, cluster_name: str = "", account: str | None = None) -> Assessment:
    """Looks at the system of `home`, or at the cluster of `member`, within a few seconds; never raises for what it finds.

    Raises:
        BadInput: the cluster knows other accounts, but not the `account` that was named.
    """
    return asyncio.run(_assess(None if member is not None else last_standing(home), home, member, cluster_name, account))


async def _assess(standing: Standing | None, home: Home, member: str | None, cluster_name: str, account: str | None) -> Assessment:
    if member is None and (standing is None or standing.state == "failed"):
        why = "no system is up here" if standing is None else f"no system is up here: the last one failed ({standing.what})"
        return Assessment(Verdict(Health.DOWN, f"DOWN: {why}", (), (why,), None), standing, None, None, None)
    watch = ClusterWatch(cluster_name or (standing.cluster_name if standing else ""), name=CLIENT)
    watch.address = member or (standing.member if standing else "")
    try:
        sighting = await watch.see()
        if standing is not None:  # what was said before a look that can take seconds is not held against who said it
            standing = last_standing(home) or standing
        sight = _sight(standing, sighting)
        gates = None if sighting is None or watch.hazelcast is None else await _gates(watch.hazelcast, account, _account(home, standing))
    finally:
        await watch.close()
    seen, holds, waits = _of_account(gates, sighting)
    return Assessment(judge(sight, holds, waits), standing, sighting, seen, gates)


def _sight(standing: Standing | None, sighting: Sighting | None) -> Sight:
    """As it is now, right after the look: every age is counted from here."""
    jobs = {} if sighting is None else sighting.jobs
    names = [part.name for part in PARTS if part.kind is PartKind.JOB]
    return Sight(
        now_ns=time.time_ns(),
        supervised_wall_ns=None if standing is None else min(standing.written_wall_ns, standing.looked_wall_ns + LOOK_LIMIT_NS),
        is_supervisor_dead=standing is not None and not is_supervised(standing),
        supervision={} if standing is None else {name: _supervision(part) for name, part in standing.parts.items()},
        beats=None if sighting is None else sighting.beats,
        ended=frozenset() if standing is None else frozenset(name for name, part in standing.parts.items() if _has_ended(part)),
        suspended={name: word for name in names if (word := taken_out(jobs.get(name)))},
    )


def _has_ended(part: PartStanding) -> bool:
    return part.process is not None and not is_there(part.process)


def _supervision(part: PartStanding) -> Supervision:
    return Supervision(Lifecycle(part.phase), part.since_wall_ns, part.restarts, part.why)


def _account(home: Home, standing: Standing | None) -> str:
    if standing is None:
        return DEFAULT_ACCOUNT
    try:
        return load_config(RunFiles(home.run(standing.run_id)).config).paper.account
    except DolphinError:
        return DEFAULT_ACCOUNT


async def _gates(hazelcast: HazelcastClient, named: str | None, own: str) -> Gates | None:
    try:
        async with asyncio.timeout(GATES_LIMIT_S):
            return await look_with(hazelcast, named or own, GLANCE_S)
    except BadInput:
        if named is not None:
            raise
        return None
    except (*TROUBLE, TimeoutError, DolphinError):
        return None


def _of_account(gates: Gates | None, sighting: Sighting | None) -> tuple[AccountView | None, tuple[str, ...], tuple[str, ...]]:
    """The account, what holds it down by a person's or an invariant's word, and what else keeps it from trading."""
    if sighting is None:
        return None, (), ()
    if gates is None:
        return None, (), ("the gates of the account cannot be read",)
    try:
        seen = view(gates)
    except DolphinError as error:
        return None, (str(error),), ()
    agent = next(part.name for part in PARTS if part.kind is PartKind.AGENT)
    beat = sighting.beats.get(agent)
    detail = () if beat is None or not beat.detail or not beat.is_nominal else (f"the {agent}: {beat.detail}",)
    lapsed = ("the lease is over: nothing is granted",) if seen.lease_left_ns <= 0 else ()
    waits = (*lapsed, *detail, *(waits_of_account(gates.posture) if detail or lapsed else ()))
    return seen, words_on_account(gates.posture, gates.leverage), waits
