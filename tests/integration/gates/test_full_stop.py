"""Real members, real databases, `kill -9`: what was cut stays cut."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hazelcast.asyncio import HazelcastClient
from members import CLUSTER, OneMember, ThreeMembers
from postgres import PASSWORD, Postgres
from signals_of_tests import apply, broken, demand, gate, operator_cut, vote

from dolphin.cluster.client import client
from dolphin.cluster.wire import ApplyLeverage, ApplyPosture
from dolphin.errors import DolphinError

CUT_PPM = 1_200_000
GATES = [f"paper/A{number}" for number in range(12)]
CUTS = 12
BOUND_S = 60.0

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cluster(jar: Path, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeMembers]:
    """Started once; a test leaves it whole."""
    members = ThreeMembers(jar, tmp_path_factory.mktemp("three"), postgres.gates)
    try:
        members.start()
        yield members
    finally:
        members.close()


async def insist(hazelcast: HazelcastClient, key: str, signal: ApplyLeverage | ApplyPosture) -> dict[str, Any]:
    """Sends `signal` until its outcome is known, which is safe."""
    async with asyncio.timeout(BOUND_S):
        while True:
            with suppress(DolphinError):
                return await apply(hazelcast, key, signal)


async def cut_and_latch(address: str, account: str) -> None:
    """Opens an asset and cuts it, cuts the account by hand, and latches its posture."""
    async with client(address, CLUSTER) as hazelcast:
        for seq in range(1, 9):
            await insist(hazelcast, f"{account}/BTCUSDT", vote(seq))
        assert (await gate(hazelcast, "LEVERAGE", f"{account}/BTCUSDT"))["cap_ppm"] > CUT_PPM
        await insist(hazelcast, f"{account}/BTCUSDT", vote(9, 800_000))
        await insist(hazelcast, account, operator_cut(1))
        await insist(hazelcast, account, demand(1))
        assert (await insist(hazelcast, account, broken()))["command"]["posture"] == "HIBERNATE"


async def assert_still_cut_and_latched(address: str, account: str) -> None:
    async with client(address, CLUSTER) as hazelcast:
        kept = {key for key in await (await hazelcast.get_map("LEVERAGE")).key_set() if key.split("/")[0] == account}
        assert kept == {account, f"{account}/BTCUSDT"}, "every gate is there before the first signal"
        asset = await gate(hazelcast, "LEVERAGE", f"{account}/BTCUSDT")
        assert (asset["cap_ppm"], asset["expires_at_ns"]) == (CUT_PPM, 0), "the cut stands and no lease does"
        assert (await gate(hazelcast, "LEVERAGE", account))["rule"]["manual"][0] == 4
        posture = await gate(hazelcast, "POSTURE", account)
        assert posture["rule"]["latch"] == "ledger: checksum"
        assert (posture["cap_ppm"], posture["expires_at_ns"]) == (0, 0)

        renewed = (await insist(hazelcast, f"{account}/BTCUSDT", vote(10)))["command"]
        assert renewed["cap_ppm"] == CUT_PPM, "a clear reading renews the lease of the cut, and does not lift it"
        assert renewed["epoch"] > asset["epoch"]
        assert (await insist(hazelcast, account, demand(2)))["command"]["cap_ppm"] == 0, "latched is latched, however good all is"


async def test_cut_and_latch_survive_the_kill_of_the_only_member(jar: Path, tmp_path: Path) -> None:
    one = OneMember(jar, tmp_path)
    try:
        one.start()
        await cut_and_latch(one.members[0].address, "paper")
        one.kill()
        one.start()
        await assert_still_cut_and_latched(one.members[0].address, "paper")
    finally:
        one.close()


async def test_no_cut_is_lost_when_a_member_is_killed_with_cuts_under_way(cluster: ThreeMembers, postgres: Postgres) -> None:
    survivor, victim = cluster.members[0], cluster.members[1]
    made = 0

    async with client(survivor.address, CLUSTER) as hazelcast:

        async def make_cuts(key: str) -> None:
            nonlocal made
            for seq in range(1, CUTS + 1):
                await insist(hazelcast, key, operator_cut(seq, 1 + seq % 4))
                made += 1

        async def kill_in_the_middle() -> None:
            while made < len(GATES) * CUTS // 3:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            victim.kill()

        await asyncio.gather(kill_in_the_middle(), *(make_cuts(key) for key in GATES))
        for key in GATES:
            held = await gate(hazelcast, "LEVERAGE", key)
            assert held["rule"]["manual"][:2] == [1 + CUTS % 4, CUTS]
            assert postgres.query(f"SELECT version, op FROM gate WHERE key = '{key}'") == [f"{held['version']}|{held['op']}"]
            assert postgres.query(f"SELECT count(*), count(DISTINCT op) FROM gate_history WHERE key = '{key}'") == [f"{CUTS}|{CUTS}"]
    await asyncio.to_thread(cluster.start_again, 1)


async def test_nothing_is_granted_while_the_database_is_away_and_all_goes_on_afterwards(cluster: ThreeMembers, postgres: Postgres) -> None:
    async with client(cluster.members[0].address, CLUSTER) as hazelcast:
        lease_ns = (await apply(hazelcast, "away/BTCUSDT", vote(1)))["command"]["expires_at_ns"]
        postgres.fail()
        try:
            for signal in (operator_cut(1, level=2), vote(2)):  # what has to be written, then what would only renew
                with pytest.raises(DolphinError, match="the gate cannot be changed now"):
                    await apply(hazelcast, "away/BTCUSDT", signal)
            with suppress(Exception):  # the gate may not be readable at all
                assert (await gate(hazelcast, "LEVERAGE", "away/BTCUSDT"))["expires_at_ns"] <= lease_ns
        finally:
            postgres.go_on()
        cut = await insist(hazelcast, "away/BTCUSDT", operator_cut(1, level=2))
        assert cut["accepted"] or cut["refusal"] == "old seq", "an answer may be lost; what was sent again is then an old one"
        assert (await gate(hazelcast, "LEVERAGE", "away/BTCUSDT"))["rule"]["manual"][:2] == [2, 1], "either way the cut is in force"
        again = await insist(hazelcast, "away/BTCUSDT", vote(2))
        assert again["accepted"] or again["refusal"] == "old seq", "so may the answer to this one"
        renewed = (await insist(hazelcast, "away/BTCUSDT", vote(3)))["command"]
        assert renewed["expires_at_ns"] > lease_ns
        held = await gate(hazelcast, "LEVERAGE", "away/BTCUSDT")
        assert postgres.query("SELECT version, op FROM gate WHERE key = 'away/BTCUSDT'") == [f"{held['version']}|{held['op']}"]


async def test_cut_and_latch_survive_the_kill_of_all_three_members(cluster: ThreeMembers) -> None:
    await cut_and_latch(cluster.members[0].address, "stopped")
    await asyncio.to_thread(cluster.kill)
    await asyncio.to_thread(cluster.start)
    await assert_still_cut_and_latched(cluster.members[2].address, "stopped")


def test_the_password_is_in_no_log_and_on_no_command_line(cluster: ThreeMembers) -> None:
    for number, member in enumerate(cluster.members):
        assert PASSWORD not in cluster.log(number).read_text()
        assert PASSWORD.encode() not in Path(f"/proc/{member.pid}/cmdline").read_bytes()
