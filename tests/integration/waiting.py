"""Waiting for what another process does, with a bound that only a hang reaches, and a look at what it has stored."""

import asyncio
from collections.abc import Awaitable, Callable

from hazelcast.asyncio import HazelcastClient

BOUND_S = 30.0
_POLL_S = 0.02


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Returns once `holds`; fails the test with `what` if it never does."""
    try:
        async with asyncio.timeout(BOUND_S):
            while not await holds():  # noqa: ASYNC110 - the other side is another process
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AssertionError(f"never came true: {what}") from None


async def value_of(hazelcast: HazelcastClient, map_name: str, key: str) -> bytes:
    """The bytes that a map has under `key`; fails the test if there are none."""
    value = await (await hazelcast.get_map(map_name)).get(key)
    assert value is not None, f"{map_name} has no {key}"
    return bytes(value)
