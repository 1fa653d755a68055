"""A member in the foreground, for as long as it is wanted; what `dolphin member` and its systemd unit do.

The JVM cannot speak to systemd by itself, so its parent does: it is alive when the member has run a task that came over its own socket.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from dolphin.cluster.client import client
from dolphin.cluster.pulse import pulse
from dolphin.errors import DolphinError
from dolphin.host.member import MemberProcess
from dolphin.host.notify import PINGS_A_LIMIT, Service
from dolphin.host.tasks import beside

LOOK_S: Final = 0.2
"""How often it is looked whether the process is still there."""
AGAIN_S: Final = 1.0
"""Until a member that has not answered is asked again."""


async def attend(member: MemberProcess, service: Service, tell: Callable[[], None]) -> signal.Signals:
    """Returns SIGTERM or SIGINT when it has come. `tell` says that the member is up, once it can be ended in good order.

    Raises:
        DolphinError: the member ended by itself.
    """
    loop, asked = asyncio.get_running_loop(), asyncio.Queue[signal.Signals]()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.put_nowait, number)
    tell()
    service.ready(f"member {member.address} of cluster {member.cluster_name}")
    async with beside(_ask(member, service)):
        while asked.empty():
            if (status := member.exit_status()) is not None:
                raise DolphinError(f"the member ended by itself (status {status})", remedy=f"Its log is {member.log}.")
            await asyncio.sleep(LOOK_S)
    service.stopping(f"member {member.address} is leaving the cluster")
    return asked.get_nowait()


async def _ask(member: MemberProcess, service: Service) -> None:
    """Asks the member again and again, where somebody wants to know. One that does not answer is not told of: that is the message."""
    while service.watchdog_s is not None:
        with suppress(Exception):  # whatever the library raises, it was no answer
            async with client(member.address, member.cluster_name, name="dolphin-pulse") as hazelcast:
                while True:
                    seen = await pulse(hazelcast, member.address)
                    service.alive(f"member {member.address} of cluster {member.cluster_name}, which has {seen}")
                    await asyncio.sleep(service.watchdog_s / PINGS_A_LIMIT)
        await asyncio.sleep(AGAIN_S)
