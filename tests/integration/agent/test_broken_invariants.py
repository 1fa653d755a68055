"""What the agent finds broken latches the governor, on a real member: R and the cap are 0 until a person has looked."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hazelcast.asyncio import HazelcastClient
from running import RunningAgent
from scripted import Quote, Script
from scripted_controller import T0, Controller
from waiting import until, value_of

from dolphin.cluster.signals import to_leverage
from dolphin.core.contract.packing import pack, unpack
from dolphin.core.control.params import LAW_HASH
from dolphin.host.member import MemberProcess
from dolphin.storage.ledger import SqliteLedger

pytestmark = pytest.mark.integration

HOUR = 3_600_000_000_000


@pytest.fixture
def account(request: pytest.FixtureRequest) -> str:
    """Tests share a member, so each has an account of its own."""
    return f"broken-{abs(hash(request.node.name)):x}"


@pytest.fixture
async def agent(member: MemberProcess, tmp_path: Path, account: str) -> AsyncIterator[RunningAgent]:
    async with RunningAgent(member, tmp_path, account=account, assets="AUSDT", run_id="first") as running:
        yield running


async def entitle(hazelcast: HazelcastClient, script: Script, agent: RunningAgent, account: str) -> Controller:
    """The account and its asset as the jobs would entitle them."""
    await script.market()
    await agent.until(lambda line: line["type"] == "equity")
    controller = Controller(hazelcast, account)
    await controller.speak()
    vote = {"kind": "vote", "source": "taker", "severity_ppm": 0, "is_clear": True, "reason": "", "cause_id": ""}
    for seq in range(1, 8):
        await to_leverage(hazelcast, f"{account}/AUSDT", pack({**vote, "seq": seq, "time_ns": T0, "expires_at_ns": T0 + HOUR}))
    await agent.until(lambda line: line["type"] == "cap" and line["asset"] == "AUSDT" and line["to_ppm"] == 6_000_000)
    await agent.until(lambda line: line["type"] == "posture" and line["to"] == "APEX")
    return controller


async def latch_of(hazelcast: HazelcastClient, account: str) -> str:
    """Waits for the latch; what it says."""
    posture = await hazelcast.get_map("POSTURE")

    async def is_latched() -> bool:
        value = await posture.get(account)
        return value is not None and unpack(bytes(value))["rule"]["latch"] != ""

    await until(is_latched, "the governor is latched")
    return unpack(await value_of(hazelcast, "POSTURE", account))["rule"]["latch"]


async def test_a_damaged_command_latches_and_the_agent_stays_in_hibernate_when_it_has_read_the_map_again(
    hazelcast: HazelcastClient, agent: RunningAgent, account: str
) -> None:
    script = Script(hazelcast, {"AUSDT": Quote(99.9, 100.1, 5_000.0)}, account)
    controller = await entitle(hazelcast, script, agent, account)
    await script.raw_leverage(b"\x00not a command")
    fallen = await agent.until(lambda line: line["type"] == "posture" and line["to"] == "HIBERNATE")
    assert fallen["reason"] == "a damaged command arrived"
    assert await latch_of(hazelcast, account) == "agent: a damaged command arrived"
    await controller.speak()
    leverage = unpack(await value_of(hazelcast, "LEVERAGE", account))
    assert (leverage["cap_ppm"], leverage["posture"]) == (0, "HIBERNATE"), "the controller's next demand lifts nothing"
    await script.market()
    assert await agent.end() == 0
    assert not [line for line in agent.of("posture") if line["from"] == "HIBERNATE"][1:], "never entitled in between"
    assert agent.of("summary")[0]["broken_invariants"] == {"found": 1, "told": 1}


@pytest.mark.parametrize("breach", ["another writer", "a broken chain"])
async def test_a_ledger_that_is_lost_or_does_not_add_up_latches_and_ends_the_agent(
    hazelcast: HazelcastClient, agent: RunningAgent, account: str, tmp_path: Path, breach: str
) -> None:
    script = Script(hazelcast, {"AUSDT": Quote(99.9, 100.1, 5_000.0)}, account)
    await entitle(hazelcast, script, agent, account)
    if breach == "another writer":
        SqliteLedger.open(tmp_path / "ledger.sqlite", account=account, owner="second")
    else:
        connection = sqlite3.connect(tmp_path / "ledger.sqlite")
        connection.execute("DROP TRIGGER head_follows_entries")
        connection.execute("UPDATE head SET hash = 'f' WHERE account = ?", (account,))
        connection.commit()
        connection.close()
    await script.rank("AUSDT")
    await agent.until(lambda line: line["type"] == "ranking")
    await script.market()
    latch = await latch_of(hazelcast, account)
    assert latch.startswith("agent: the ledger cannot be kept: ")
    assert ("another writer has taken the ledger" if breach == "another writer" else "the ledger does not verify") in latch
    assert await agent.end() == 1, "a process that cannot keep its ledger ends"
    assert not agent.of("fill"), "what is not booked does not leave"


async def test_a_market_under_another_law_latches_and_ends_the_agent(hazelcast: HazelcastClient, agent: RunningAgent, account: str) -> None:
    script = Script(hazelcast, {"AUSDT": Quote(99.9, 100.1, 5_000.0)}, account)
    await entitle(hazelcast, script, agent, account)
    await script.market(made_under="0" * 16)
    assert await latch_of(hazelcast, account) == f"agent: two laws at work: configuration hash {'0' * 16} in the market, {LAW_HASH} here"
    assert await agent.end() == 1
