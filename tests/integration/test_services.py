"""Feed and agent as services: ready by their first work, heard of while they work, and their logs say what was lost and for how long."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from foreground import Manager, foreground

from dolphin.config import Live, SyntheticMarket
from dolphin.feeds.options import FeedOptions
from dolphin.host.child import Child
from dolphin.host.home import RunFiles
from dolphin.host.member import MemberProcess
from dolphin.host.options import WorkerOptions, write_options
from dolphin.trading.options import AgentOptions

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

WATCHDOG_S = 2.0
SOON_S = 90.0


@pytest.fixture
def services(tmp_path: Path) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def manager(services: ExitStack, folder: Path) -> Manager:
    folder.mkdir()
    opened = Manager(folder)
    services.callback(opened.close)
    return opened


def start(services: ExitStack, name: str, module: str, options: WorkerOptions, hears: Manager) -> Child:
    files = RunFiles(options.run_dir)
    path = write_options(options, files.options(name))
    command = [sys.executable, "-m", module, str(path)]
    return services.enter_context(Child(name, command, files.log(name), hears.environment(WATCHDOG_S)))


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)


def test_feed_and_agent_are_heard_of_while_they_work_and_tell_of_a_member_that_stood_still(
    services: ExitStack, jar: Path, tmp_path: Path
) -> None:
    of_feed, of_agent = (manager(services, tmp_path / f"of-{name}") for name in ("feed", "agent"))
    member = services.enter_context(MemberProcess.start(jar=jar, log=tmp_path / "member.log", cluster_name="services"))
    common = {"member": member.address, "cluster_name": "services", "run_id": "r", "run_dir": tmp_path / "run"}
    agent = start(services, "agent", "agent.worker", AgentOptions(**common, ledger=tmp_path / "l", assets=("BTCUSDT",)), of_agent)
    assert of_agent.hears("READY=1", SOON_S)
    assert "STATUS=trades paper on paper" in of_agent.heard
    assert of_agent.hears("WATCHDOG=1", SOON_S)

    options = FeedOptions(**common, source="synthetic", synthetic=SyntheticMarket(assets=2, minutes=60.0))
    feed = start(services, "feed", "dolphin.feeds.worker", options, of_feed)
    assert of_feed.hears("READY=1", SOON_S)
    assert of_feed.hears("WATCHDOG=1", SOON_S)

    os.kill(member.pid, signal.SIGSTOP)
    try:
        until(lambda: "Z feed: the cluster is lost: no member answers" in feed.log.read_text(), "the feed tells of the loss")
        of_feed.drain()
        assert not of_feed.hears("WATCHDOG=1", WATCHDOG_S / 2), "no batch is taken"
    finally:
        os.kill(member.pid, signal.SIGCONT)
    until(lambda: "Z feed: the cluster is back after " in feed.log.read_text(), "the feed finds it again")
    until(lambda: "Z agent: the cluster is back after " in agent.log.read_text(), "so does the agent")
    assert of_feed.hears("WATCHDOG=1", SOON_S), "batches are taken again"

    for child, hears in ((feed, of_feed), (agent, of_agent)):
        child.stop(30.0)
        assert child.exit_status() == 0, child.last_words()
        assert hears.hears("STOPPING=1", WATCHDOG_S)


def test_an_exchange_that_is_away_is_no_reason_to_end_the_feed(services: ExitStack, jar: Path, tmp_path: Path) -> None:
    of_feed = manager(services, tmp_path / "of-feed")
    member = services.enter_context(MemberProcess.start(jar=jar, log=tmp_path / "member.log", cluster_name="services"))
    with foreground("exchange", "--assets", "2") as exchange:
        told = exchange.ready()
        live = Live(symbols=told["symbols"], ws_url=told["ws_url"], rest_url=told["rest_url"])
        common = {"member": member.address, "cluster_name": "services", "run_id": "r", "run_dir": tmp_path / "run"}
        feed = start(services, "feed", "dolphin.feeds.worker", FeedOptions(**common, source="live", live=live), of_feed)
        assert of_feed.hears("READY=1", SOON_S)
    until(lambda: "Z feed: the exchange is lost: " in feed.log.read_text(), "the feed tells of the loss")
    of_feed.drain()
    assert of_feed.hears("STATUS=connects again in ", SOON_S)
    assert of_feed.hears("WATCHDOG=1", SOON_S), "each attempt is progress"
    assert feed.exit_status() is None
