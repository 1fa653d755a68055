"""What a client that was opened once does to its loop."""

import asyncio
import gc
import logging

import pytest
from hazelcast.errors import TargetDisconnectedError

from dolphin.cluster.client import let_go


@pytest.mark.parametrize(("error", "lines"), [(TargetDisconnectedError("gone"), 0), (ValueError("a bug"), 1)], ids=["given up", "a bug"])
async def test_only_a_call_that_was_given_up_may_fail_unheard(error: Exception, lines: int, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.get_running_loop().set_exception_handler(let_go)
    abandoned = asyncio.get_running_loop().create_future()
    abandoned.set_exception(error)
    with caplog.at_level(logging.ERROR, logger="asyncio"):
        del abandoned
        gc.collect()
    assert len(caplog.records) == lines
