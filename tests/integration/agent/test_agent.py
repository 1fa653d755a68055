"""The agent process against a real member and a scripted cluster side: orders, leases, cuts, damage, restarts, determinism."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hazelcast.asyncio import HazelcastClient
from running import Line, RunningAgent
from scripted import MS, SECOND, Quote, Script

from dolphin.core.control.posture import Posture
from dolphin.core.ledger import verify
from dolphin.host.member import MemberProcess
from dolphin.operator.views.report import NOT_DECISIONS
from dolphin.storage.sqlite import SqliteStore

pytestmark = pytest.mark.integration

ASSETS = "AUSDT,BUSDT"


@pytest.fixture
def quotes() -> dict[str, Quote]:
    return {"AUSDT": Quote(99.9, 100.1, 5_000.0), "BUSDT": Quote(9.99, 10.01, 50_000.0)}


@pytest.fixture
async def agent(member: MemberProcess, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[RunningAgent]:
    async with RunningAgent(member, tmp_path, account=account_of(request), assets=ASSETS, run_id="first") as running:
        yield running


@pytest.fixture
def script(hazelcast: HazelcastClient, quotes: dict[str, Quote], request: pytest.FixtureRequest) -> Script:
    return Script(hazelcast, quotes, account_of(request))


def account_of(request: pytest.FixtureRequest) -> str:
    """Tests share a member, so each has an account of its own."""
    return request.node.name.replace("_", "-")[:32]


def ledger_events(home: Path, account: str) -> list[Line]:
    """The account's entries, oldest first; fails the test if they do not verify."""
    store = SqliteStore.read(home / "ledger.sqlite")
    try:
        records = list(store.records(account))
        assert verify(account, records, store.head(account)).fault is None
    finally:
        store.close()
    return [msgspec.json.decode(record.content)["event"] for record in records]


def is_fill(line: Line) -> bool:
    return line["type"] == "fill"


async def open_positions(agent: RunningAgent, script: Script) -> None:
    """Entitled, ranked, and both assets bought."""
    await script.market()
    await agent.until(lambda line: line["type"] == "equity")
    await script.entitle()
    await script.rank("AUSDT", "BUSDT")
    await agent.until(lambda line: line["type"] == "ranking")
    await script.market()
    for asset in script.quotes:
        await agent.until(lambda line, asset=asset: is_fill(line) and line["asset"] == asset)


async def test_orders_flow_and_the_ledger_has_each_intent_before_its_fill(
    agent: RunningAgent, script: Script, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    await open_positions(agent, script)
    assert await agent.end() == 0

    account = account_of(request)
    events = ledger_events(tmp_path, account)
    intended: set[str] = set()
    for event in events:
        if event["type"] == "order_intent":
            intended.add(event["order_id"])
        if event["type"] in ("fill", "order_outcome"):
            assert event["order_id"] in intended
    bought = next(event for event in events if event["type"] == "order_intent")
    assert {command["asset"] for command in bought["commands"]} == {"", bought["asset"]}
    assert events[-1]["type"] == "run_end"
    summary = agent.of("summary")[0]
    assert summary["positions"] == summary["working"] == 0, "a run ends flat"
    assert summary["latency_us"]["topic_to_agent"]["n"] >= 2
    assert summary["latency_us"]["order_to_fill"]["n"] >= 4


async def test_a_lease_that_runs_out_is_hibernate_without_any_message(
    agent: RunningAgent, script: Script, record_property: Callable[[str, object], None]
) -> None:
    await open_positions(agent, script)
    received_ns = script.now_ns
    await script.lever("", Posture.APEX, lease_ns=1 * SECOND)

    fallen = await agent.until(lambda line: line["type"] == "posture" and line["to"] == "HIBERNATE")
    assert fallen["reason"] == "lease expired"
    assert fallen["cause_ids"] == ["AUSDT@bookTicker#2"], "the message that was heard last"
    late_ns = fallen["market_time_ns"] - (received_ns + SECOND)
    assert late_ns >= 0, "not before the lease ran out"
    record_property("late_us", late_ns / 1e3)
    for asset in script.quotes:
        await agent.until(lambda line, asset=asset: is_fill(line) and line["asset"] == asset and line["side"] == "SELL")
    assert agent.of("fill")[-1]["market_time_ns"] >= fallen["market_time_ns"]
    await agent.end()
    assert agent.of("summary")[0]["positions"] == 0
    assert "Z agent: the account's lease is lost: it ran out" in agent.child.log.read_text()


async def test_a_cut_cap_is_told_with_its_cause_and_brings_the_position_under_it(agent: RunningAgent, script: Script) -> None:
    await open_positions(agent, script)
    await script.lever("AUSDT", cap_ppm=450_000)
    cut = await agent.until(lambda line: line["type"] == "cap" and line["asset"] == "AUSDT" and line["to_ppm"] == 450_000)
    assert cut["from_ppm"] == 2_000_000
    assert cut["cause_ids"] == ["AUSDT@bookTicker#2"]
    sold = await agent.until(lambda line: is_fill(line) and line["side"] == "SELL")
    assert sold["asset"] == "AUSDT"
    for _ in range(6):
        await script.market()
    valued = await agent.until(lambda line: line["type"] == "equity" and line["market_time_ns"] > sold["market_time_ns"])
    equity_usd = Decimal(valued["equity_micro_usd"]) / 1_000_000
    assert 0 < Decimal(valued["positions"]["AUSDT"]) * Decimal("100.1") <= equity_usd * Decimal("0.45")

    await script.lever("AUSDT", cap_ppm=0)
    await agent.until(lambda line: is_fill(line) and line["qty"] == valued["positions"]["AUSDT"])
    await agent.end()


async def test_a_fall_to_stalker_or_turtle_rests_passive_orders_and_takes_back_entries(agent: RunningAgent, script: Script) -> None:
    await script.market()
    await agent.until(lambda line: line["type"] == "equity")
    await script.entitle(Posture.STALKER)
    await script.rank("AUSDT")
    await agent.until(lambda line: line["type"] == "ranking")
    await script.market()
    entry = await agent.until(lambda line: line["type"] == "order")
    assert (entry["style"], entry["price"], entry["is_reduce_only"]) == ("post_only", "99.9", False)

    await script.entitle(Posture.TURTLE, cap_ppm=0)
    taken_back = await agent.until(lambda line: line["type"] == "cancelled")
    assert taken_back["order_id"] == entry["order_id"]

    await script.entitle(Posture.STALKER)
    for _ in range(5):
        await script.market()
    second = await agent.until(lambda line: line["type"] == "order" and line["order_id"] != entry["order_id"])
    script.quotes["AUSDT"] = Quote(99.7, 99.9, 5_000.0)
    await script.market()
    filled = await agent.until(is_fill)
    assert (filled["order_id"], filled["is_maker"]) == (second["order_id"], True)

    await script.entitle(Posture.TURTLE, cap_ppm=0)
    for _ in range(5):
        await script.market()
    leaving = await agent.until(lambda line: line["type"] == "order" and line["is_reduce_only"])
    assert (leaving["style"], leaving["price"]) == ("post_only", "99.9")
    await agent.end()


async def test_a_damaged_command_is_hibernate_until_the_map_was_read_again(agent: RunningAgent, script: Script) -> None:
    await open_positions(agent, script)
    await script.raw_leverage(b"\x00not a command")
    fallen = await agent.until(lambda line: line["type"] == "posture" and line["to"] == "HIBERNATE")
    assert fallen["reason"] == "a damaged command arrived"
    await agent.until(
        lambda line: line["type"] == "posture" and line["from"] == "HIBERNATE" and line["market_time_ns"] >= fallen["market_time_ns"]
    )
    await agent.end()
    assert agent.of("summary")[0]["ignored_commands"]["damaged"] == 1


async def test_a_killed_run_is_closed_out_in_the_ledger_and_the_next_starts_in_hibernate(
    agent: RunningAgent, script: Script, member: MemberProcess, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    await open_positions(agent, script)
    for _ in range(5):
        await script.market()
    before = (await agent.until(lambda line: line["type"] == "equity" and len(line["positions"]) == 2))["equity_micro_usd"]
    agent.child.kill()

    account = account_of(request)
    async with RunningAgent(member, tmp_path, account=account, assets=ASSETS, run_id="second") as second:
        await script.market()
        first_equity = await second.until(lambda line: line["type"] == "equity")
        assert first_equity["positions"] == {}
        assert 0 < first_equity["equity_micro_usd"] <= before, "capital goes on, and never higher than last seen"
        assert not second.of("order"), "nothing is granted before a command is heard"
        assert await second.end() == 0
    events = ledger_events(tmp_path, account)
    assert [event["type"] for event in events].count("opening_deposit") == 1
    assert {event["asset"] for event in events if event["type"] == "reconciliation" and event["ledger_qty_e8"]} == {"AUSDT", "BUSDT"}


async def test_two_runs_in_lockstep_on_the_same_input_decide_the_same(
    member: MemberProcess, hazelcast: HazelcastClient, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    decisions = []
    for run_id in ("one", "two"):
        quotes = {"AUSDT": Quote(99.9, 100.1, 800.0), "BUSDT": Quote(9.99, 10.01, 4_000.0)}
        account = f"{account_of(request)[:28]}-{run_id}"  # a gate is never deleted
        home = tmp_path / run_id
        await (await hazelcast.get_map("DOLPHIN_PROGRESS")).clear()
        async with RunningAgent(member, home, account=account, assets=ASSETS, run_id=run_id, speed=0.0) as agent:
            await play(hazelcast, Script(hazelcast, quotes, account), agent)
            assert await agent.end() == 0
        decisions.append([line for line in agent.lines if line["type"] not in NOT_DECISIONS])
    assert decisions[0] == decisions[1]
    kinds = {line["type"] for line in decisions[0]}
    assert {"posture", "cap", "order", "fill", "ranking", "equity"} <= kinds


async def play(hazelcast: HazelcastClient, script: Script, agent: RunningAgent) -> None:
    """A market with a fall, a cut and a silence, in lockstep with the agent as the feed would be."""
    progress = await hazelcast.get_map("DOLPHIN_PROGRESS")
    for step in range(40):
        fall = 0.2 * (step % 7)
        script.quotes["AUSDT"] = Quote(99.9 - fall, 100.1 - fall, 800.0)
        await script.market(2_500 * MS if step == 30 else 250 * MS)
        if step % 20 == 1:
            await script.rank("AUSDT", "BUSDT") if step < 20 else await script.rank("BUSDT", "AUSDT")
        if step != 30:
            posture = Posture.STALKER if step % 13 > 6 else Posture.APEX
            await script.entitle(posture, cap_ppm=500_000 if step % 11 > 7 else 2_000_000, lease_ns=2 * SECOND)
        await progress.set("feed", script.now_ns)
        while await progress.get("agent") != script.now_ns:
            assert agent.child.exit_status() is None, agent.child.last_words(20)
