"""The agent on a disk that fills up under it: entries are denied, exits leave and are booked, and it ends in good order."""

from pathlib import Path

import msgspec
import pytest
from hazelcast.asyncio import HazelcastClient
from running import Line, RunningAgent
from scripted import Quote, Script
from small_disk import small_disk

from dolphin.core.control.posture import Posture
from dolphin.core.ledger import verify
from dolphin.core.upkeep.room import MIB, RESERVE, SHORT
from dolphin.host.home import Home, open_home
from dolphin.host.member import MemberProcess
from dolphin.host.space import Reserve, require_room
from dolphin.storage.sqlite import SqliteStore

pytestmark = pytest.mark.integration

ACCOUNT = "full-disk"


def booked(home: Home) -> list[Line]:
    """The account's entries, oldest first; fails the test if they do not verify."""
    store = SqliteStore.read(home.ledger)
    try:
        records = list(store.records(ACCOUNT))
        assert verify(ACCOUNT, records, store.head(ACCOUNT)).fault is None
    finally:
        store.close()
    return [msgspec.json.decode(record.content)["event"] for record in records]


async def test_entries_are_denied_and_the_flattening_is_booked(member: MemberProcess, hazelcast: HazelcastClient, tmp_path: Path) -> None:
    quotes = {"AUSDT": Quote(99.9, 100.1, 5_000.0), "BUSDT": Quote(9.99, 10.01, 50_000.0)}
    script = Script(hazelcast, quotes, ACCOUNT)
    with small_disk(tmp_path / "disk") as disk:
        home = open_home(disk.folder / "home")
        require_room(home)
        async with RunningAgent(member, home.root, account=ACCOUNT, assets="AUSDT,BUSDT", run_id="first") as agent:
            await script.market()
            await agent.until(lambda line: line["type"] == "equity")
            await script.entitle()
            await script.rank("AUSDT")
            await agent.until(lambda line: line["type"] == "ranking")
            async with script.alive():
                await agent.until(lambda line: line["type"] == "fill" and line["asset"] == "AUSDT")
                disk.fill(leave=SHORT - MIB)
                seen = len(agent.of("status"))
                await agent.until(lambda line: line["type"] == "status" and agent.of("status").index(line) >= seen + 2)
                await script.rank("AUSDT", "BUSDT")
                denied = await agent.until(lambda line: line["type"] == "denied" and line["reason"] == "disk_is_full")
                assert denied["asset"] == "BUSDT"
                disk.fill()
                await script.lever("", Posture.HIBERNATE, 0)
                while not any(event["type"] == "fill" and event["side"] == "SELL" for event in booked(home)):
                    assert agent.child.exit_status() is None, agent.child.last_words(20)
            assert await agent.end() == 0
        events = booked(home)
        assert events[-1]["type"] == "run_end"
        assert not any(event.get("asset") == "BUSDT" for event in events), "what is denied for want of room takes none"
        bought = sum(event["qty_e8"] for event in events if event["type"] == "fill" and event["side"] == "BUY")
        sold = sum(event["qty_e8"] for event in events if event["type"] == "fill" and event["side"] == "SELL")
        assert bought == sold > 0
        left = Reserve(home.reserve).size()
        assert left is not None
        assert 0 < left < RESERVE
