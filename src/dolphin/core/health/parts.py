"""The parts of a running system, a literal table. Supervisor, `status`, `down` and the screens read it; nothing else knows the parts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dolphin.core.contract.names import AGENT, FIRST_SHARD, JOBS, MEMBER, feed_part
from dolphin.core.units import SECOND_NS

MINUTE_NS: Final = 60 * SECOND_NS


class PartKind(StrEnum):
    """How a part runs, and so how it is started and ended."""

    MEMBER = "member"
    JOB = "job"
    FEED = "feed"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a part that ended is started again, in wall time."""

    first_pause_ns: int
    """Before the first new start; doubled with each further one within `within_ns`."""
    longest_pause_ns: int
    budget: int
    """New starts within `within_ns`; one more failure is a crash loop, and it is given up."""
    within_ns: int


POLICY: Final = Policy(first_pause_ns=SECOND_NS // 2, longest_pause_ns=30 * SECOND_NS, budget=5, within_ns=10 * MINUTE_NS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of the table. Ages and limits are wall time."""

    name: str
    """Its key in `SYSTEM_HEALTH`."""
    kind: PartKind
    proof: str
    """What its heartbeat proves."""
    loss: str
    """What its death means, for a person."""
    after: tuple[str, ...] = (MEMBER,)
    """Parts that have to be up before it is started."""
    within: tuple[str, ...] = (MEMBER,)
    """Parts whose end ends it too: it is started again after them."""
    first: str
    """What has to be so before it has any effect again."""
    silent_after_ns: int = 2 * SECOND_NS
    """A heartbeat older than this is none. They come twice a second: three are missing."""
    ended_after_ns: int = 10 * SECOND_NS
    """A part that is silent for so long is ended and started again."""
    start_limit_ns: int = MINUTE_NS
    """From its start to its first heartbeat."""
    stop_limit_ns: int = 20 * SECOND_NS
    """From being asked to end to its end; then it is ended at once. The agent closes everything within it."""
    policy: Policy = POLICY


def _job(name: str, loss: str) -> Part:
    return Part(
        name=name,
        kind=PartKind.JOB,
        proof="the end of its graph turns, and how far in market time everything before it is done",
        loss=loss,
        first="its stages have warmed up again; until then the sensors count as silent",
    )


PARTS: Final = (
    Part(
        name=MEMBER,
        kind=PartKind.MEMBER,
        proof="its maps answer, and how far any part of the system has come in market time",
        start_limit_ns=2 * MINUTE_NS,
        loss="no lease is renewed: the agent closes everything within the lease; postures and cuts are in the gates' database",
        after=(),
        within=(),
        first="every gate is read from the database before a signal is taken",
    ),
    Part(
        name=AGENT,
        kind=PartKind.AGENT,
        proof="its loop turns, and the market time that it has acted on",
        loss="nothing leaves any more, not even exits; positions on the paper venue end with it",
        first="its ledger is reconciled with the venue; HIBERNATE until it matches",
    ),
    _job("ars", "no features and no ranking: no lease is renewed, and nothing new is bought"),
    _job("acb", "no breaker votes: the assets' leases run out, and no asset is entitled to anything"),
    _job("survival", "no demand reaches the governor: the account's lease runs out, and everything is closed"),
    Part(
        name=feed_part(FIRST_SHARD),
        kind=PartKind.FEED,
        proof="its loop turns, and the market time of the last batch that the cluster took",
        loss="no market: every sensor falls silent and the leases run out",
        after=(MEMBER, *JOBS, AGENT),
        first="its order books are whole again",
    ),
)
"""In the order in which they are started, the slowest of those that could be at once first; they are ended in the opposite one."""
