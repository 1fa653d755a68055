"""Changing a gate from Python: the entry processor is called until it is known what came of it.

After an exception the database may hold the new value while the owner's memory holds the old one (it died between the two, or its copy
was stale). So the key is evicted, which the database does not see, and the next call loads what the database holds; a signal that had
been applied is an old one then. `dolphin.jet.gates.store.Rereading` does the same inside the cluster.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final

from hazelcast.asyncio import HazelcastClient

from dolphin.cluster.wire import Identified
from dolphin.core.contract.packing import unpack
from dolphin.errors import DolphinError

MAX_ATTEMPTS: Final = 6
ANSWER_TIMEOUT_S: Final = 3.0
"""Longest wait for one answer: a call that went to a member just before it died was seen to wait a minute."""
FIRST_PAUSE_S: Final = 0.05
"""Doubled after each attempt: about 1.5 s in all."""


async def apply_signal(hazelcast: HazelcastClient, map_name: str, key: str, processor: Identified) -> dict[str, Any]:
    """The answer of `processor` on `key` of `map_name`, a map that writes through (docs/contracts.md, "Leverage"), unpacked.

    Raises:
        DolphinError: it is not known whether the signal was applied, or the database does not answer; sending it again is safe.
    """
    gates = await hazelcast.get_map(map_name)
    failure: Exception | None = None
    for attempt in range(MAX_ATTEMPTS):
        if failure is not None:
            await asyncio.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))
            with suppress(Exception):  # a copy that could not be evicted is refused by the database if it is stale
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    await gates.evict(key)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return unpack(await gates.execute_on_key(key, processor))
        except Exception as error:  # the library raises its own family, RuntimeError, OSError and what the member threw
            failure = error
    raise DolphinError(
        f"the gate cannot be changed now: {_first_line(failure)}",
        field=map_name,
        value=key,
        remedy="Look at the member's log, then send the same signal again; one that was applied already changes nothing.",
    ) from failure


def _first_line(failure: Exception | None) -> str:
    said = str(failure).splitlines()
    return said[0] if said else "no answer in time"
