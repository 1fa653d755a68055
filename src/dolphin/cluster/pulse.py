"""Whether one member answers, itself: not its cluster, which goes on without it."""

import json
from typing import Final

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.wire import JobCommand
from dolphin.errors import DolphinError

_EXECUTOR: Final = "dolphin-pulse"
"""Not that of the jobs, whose threads may all be waiting for a cluster that has lost its majority."""


async def pulse(hazelcast: HazelcastClient, address: str) -> int:
    """Has the member at `address` ("host:port") run a task, and returns how many members it sees, itself included.

    Raises:
        DolphinError: the client is not connected to it, or it answers what it should not.
        Exception: the library's, where it does not answer in time.
    """
    members = hazelcast.cluster_service.get_members()
    member = next((each for each in members if f"{each.address.host}:{each.address.port}" == address), None)
    if member is None:
        raise DolphinError("the cluster does not know this member", field="member", value=address, remedy="Look at its log.")
    executor = await hazelcast.get_executor(_EXECUTOR)
    answer = json.loads(await executor.execute_on_member(member, JobCommand('{"verb":"ping"}')))
    if "members" not in answer:
        raise DolphinError(f"the member does not know its pulse: {answer}", remedy="Start it from the jar of this version.")
    return int(answer["members"])
