"""The one way to get a Hazelcast client: asyncio, known classes, and time limits of seconds.

The library's defaults wait 120 s for an answer, 60 s for a heartbeat and for ever for a connection. A safety path that waits that long
has failed; here each has a named bound.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from hazelcast.asyncio import HazelcastClient
from hazelcast.config import Config, IntType, ReconnectMode
from hazelcast.errors import HazelcastError

from dolphin.cluster.wire import FACTORIES
from dolphin.errors import DolphinError

INVOCATION_TIMEOUT_S: Final = 5.0
HEARTBEAT_INTERVAL_S: Final = 0.5
HEARTBEAT_TIMEOUT_S: Final = 3.0
CONNECT_TIMEOUT_S: Final = 5.0


async def open_client(address: str, cluster_name: str, *, name: str | None = None) -> HazelcastClient:
    """A connected client of the cluster that the member at `address` belongs to; close it with `shutdown()`.

    Args:
        address: "host:port", or several separated by commas: the first that answers tells of all others.
        name: how the client shows in Management Center.

    Raises:
        DolphinError: no member answers there, or its cluster has another name.
    """
    # Its logger tells of every retry, and has no handler of its own.
    logging.getLogger("hazelcast").setLevel(logging.ERROR)
    asyncio.get_running_loop().set_exception_handler(let_go)
    try:
        async with asyncio.timeout(2 * CONNECT_TIMEOUT_S):
            return await HazelcastClient.create_and_start(_config(address, cluster_name, name))
    except Exception as error:  # the library raises its own family and bare RuntimeError, IllegalStateError, OSError
        raise unanswered(address, cluster_name) from error


def unanswered(address: str, cluster_name: str) -> DolphinError:
    """The error that no member of the cluster answers at `address`."""
    return DolphinError(
        f"no member of cluster {cluster_name!r} answers there",
        field="member",
        value=address,
        remedy="Start the system (dolphin up), or name a running member and its cluster.",
    )


@asynccontextmanager
async def client(address: str, cluster_name: str, *, name: str | None = None) -> AsyncIterator[HazelcastClient]:
    """`open_client` for the length of a block."""
    opened = await open_client(address, cluster_name, name=name)
    try:
        yield opened
    finally:
        await opened.shutdown()


def let_go(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handles what a loop has no hearer for. A call that we gave up in time leaves a task of the library's behind, whose end is nothing."""
    if not isinstance(context.get("exception"), HazelcastError):
        loop.default_exception_handler(context)


def _config(address: str, cluster_name: str, name: str | None) -> Config:
    config = Config()
    config.cluster_name = cluster_name
    config.cluster_members = address.split(",")
    if name is not None:
        config.client_name = name
    config.default_int_type = IntType.LONG  # nanoseconds do not fit the 32 bits that are the library's default
    config.data_serializable_factories = FACTORIES
    config.invocation_timeout = INVOCATION_TIMEOUT_S
    config.heartbeat_interval = HEARTBEAT_INTERVAL_S
    config.heartbeat_timeout = HEARTBEAT_TIMEOUT_S
    config.connection_timeout = CONNECT_TIMEOUT_S
    config.cluster_connect_timeout = CONNECT_TIMEOUT_S
    config.retry_initial_backoff = 0.05
    config.retry_max_backoff = 1.0
    config.reconnect_mode = ReconnectMode.ON
    return config
