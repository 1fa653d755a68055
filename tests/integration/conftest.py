"""A real member, started once for the session on a free port of loopback."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hazelcast.asyncio import HazelcastClient
from rich.console import Console

from dolphin.cluster.client import open_client
from dolphin.cluster.jobs import Jobs
from dolphin.host.build import ensure_jar
from dolphin.host.member import MemberProcess

REPOSITORY = Path(__file__).resolve().parents[2]
TESTS = REPOSITORY / "tests" / "integration"


@pytest.fixture(scope="session")
def jar() -> Path:
    """The project's jar, built if its sources have changed."""
    return ensure_jar(Console(stderr=True))


@pytest.fixture(scope="session")
def member(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemberProcess]:
    """The member that tests share; a test that harms its member starts its own."""
    log = tmp_path_factory.mktemp("member") / "member.log"
    python_path = (REPOSITORY, REPOSITORY / "src", TESTS)
    with MemberProcess.start(jar=jar, log=log, cluster_name="tests", python_path=python_path) as started:
        yield started


@pytest_asyncio.fixture
async def hazelcast(member: MemberProcess) -> AsyncIterator[HazelcastClient]:
    """A client of the shared member; the jobs that a test leaves are cancelled."""
    opened = await open_client(member.address, member.cluster_name)
    yield opened
    jobs = Jobs(opened)
    for state in await jobs.list():
        if state["status"] not in ("cancelled", "failed", "completed"):
            await jobs.act("cancel", state["name"])
    await opened.shutdown()
