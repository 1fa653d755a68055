"""`dolphin posture` and `dolphin breaker` against a real member: what an operator says holds, is kept, and cannot be half done."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hazelcast.asyncio import HazelcastClient
from scripted_controller import T0, Controller
from waiting import value_of

from dolphin.cli import main
from dolphin.cluster.signals import Governed, to_leverage, to_posture
from dolphin.core.contract.packing import pack
from dolphin.core.control.command import Command, decode
from dolphin.core.ledger.events import OperationStage, RunStart
from dolphin.errors import ExitCode
from dolphin.host.member import MemberProcess
from dolphin.operator import log as operator_log
from dolphin.operator import site
from dolphin.storage.ledger import SqliteLedger

pytestmark = pytest.mark.integration

Run = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
def account(request: pytest.FixtureRequest) -> str:
    """Tests share a member, so each has an account of its own."""
    return f"op-{abs(hash(request.node.name)):x}"


@pytest.fixture
def ledger(tmp_path: Path, account: str) -> Path:
    """A ledger that has the account and verifies."""
    path = tmp_path / "ledger.sqlite"
    opened = SqliteLedger.open(path, account=account, owner="run-1")
    opened.record(RunStart(), 1)
    opened.close()
    return path


@pytest.fixture
def run(member: MemberProcess, tmp_path: Path, account: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """One command: its exit status and its JSON."""

    async def _run(*arguments: str) -> tuple[int, Any]:
        status = await asyncio.to_thread(main, [*arguments, *where(member, tmp_path, account), "--json"])
        return status, json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return _run


def where(member: MemberProcess, home: Path, account: str) -> list[str]:
    return ["--member", member.address, "--cluster-name", member.cluster_name, "--home", str(home), "--account", account]


async def granted(hazelcast: HazelcastClient, account: str) -> Command:
    return decode(await value_of(hazelcast, "LEVERAGE", account))


async def latch(hazelcast: HazelcastClient, account: str) -> None:
    await to_posture(hazelcast, account, pack({"kind": "broken", "source": "test", "reason": "plug pulled", "cause_id": "A@b#1"}))


def logged(ledger: Path, account: str) -> list[tuple[str, str]]:
    return [(each.operation.verb, each.operation.stage) for each in operator_log.read(ledger, account)]


async def test_a_forced_posture_holds_at_once_and_against_the_controller_until_it_is_released(
    hazelcast: HazelcastClient, run: Run, account: str, tmp_path: Path
) -> None:
    async with Controller(hazelcast, account) as controller:
        status, told = await run("posture", "force", "stalker", "--reason", "news", "--by", "ann")
        assert status == ExitCode.DONE
        assert (told["before"]["cap_ppm"], told["after"]["cap_ppm"], told["carried"], told["logged"]) == (6_000_000, 2_000_000, True, True)
        await controller.speak()
        assert (await granted(hazelcast, account)).cap_ppm == 2_000_000
        assert "forced to STALKER by ann: news" in (await granted(hazelcast, account)).reasons
        status, told = await run("posture", "release", "--force", "--reason", "calm")
        assert (status, told["after"]["cap_ppm"], told["still_held"]) == (ExitCode.DONE, 6_000_000, [])
    assert logged(tmp_path / "ledger.sqlite", account) == [("force STALKER", OperationStage.DONE), ("release --force", OperationStage.DONE)]


async def test_the_agents_topic_hears_an_operators_word_once_it_holds(hazelcast: HazelcastClient, run: Run, account: str) -> None:
    await Controller(hazelcast, account).speak()
    heard = await hazelcast.get_ringbuffer("_hz_rb_leverage-changes")
    place = await heard.tail_sequence() + 1
    await run("posture", "force", "HIBERNATE", "--reason", "news")
    messages = [decode(bytes(message.payload)) for message in await heard.read_many(place, 1, 100)]
    assert [(command.account, command.cap_ppm, command.posture.name) for command in messages] == [(account, 0, "HIBERNATE")]


async def test_a_dry_run_changes_nothing_and_leaves_no_trace(hazelcast: HazelcastClient, run: Run, account: str, tmp_path: Path) -> None:
    await Controller(hazelcast, account).speak()
    before = [await (await hazelcast.get_map(name)).get(account) for name in ("POSTURE", "LEVERAGE")]
    status, told = await run("posture", "force", "TURTLE", "--reason", "what if", "--dry-run")
    assert (status, told["dry_run"], told["after"]["cap_ppm"]) == (ExitCode.DONE, True, 0)
    assert [await (await hazelcast.get_map(name)).get(account) for name in ("POSTURE", "LEVERAGE")] == before
    assert not (tmp_path / "ledger.sqlite").exists()


async def test_a_dry_run_says_what_then_happens(hazelcast: HazelcastClient, run: Run, account: str) -> None:
    await Controller(hazelcast, account).speak()
    words = ["posture", "force", "TURTLE", "--reason", "news"]
    _, expected = await run(*words, "--dry-run")
    _, done = await run(*words)
    assert (expected["after"], expected["still_held"]) == (done["after"], done["still_held"])


async def test_a_latch_is_released_with_a_ledger_that_verifies_and_a_controller_that_speaks(
    hazelcast: HazelcastClient, run: Run, account: str, ledger: Path
) -> None:
    async with Controller(hazelcast, account):
        await latch(hazelcast, account)
        status, told = await run("posture", "release", "--latch", "--reason", "mended")
        assert (status, told["before"]["latch"], told["after"]["latch"]) == (ExitCode.DONE, "test: plug pulled", "")
        assert told["after"]["cap_ppm"] == 0, "R starts from nothing"
    assert logged(ledger, account) == [("release --latch", OperationStage.DONE)]


@pytest.mark.parametrize("obstacle", ["silent", "no ledger", "foreign ledger", "still broken"])
async def test_a_latch_stays_and_the_refusal_is_kept(
    hazelcast: HazelcastClient, run: Run, account: str, tmp_path: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    if obstacle != "no ledger":
        SqliteLedger.open(path, account="someone" if obstacle == "foreign ledger" else account, owner="run-1").record(RunStart(), 1)
    monkeypatch.setattr(site, "LISTEN_S", 1.0)
    async with Controller(hazelcast, account) as controller:
        await latch(hazelcast, account)
        if obstacle == "still broken":
            controller.broken = ["feed lost"]
            await controller.speak()
        if obstacle == "silent":
            await controller.fall_silent()
        status, told = await run("posture", "release", "--latch", "--reason", "let me")
    assert status == ExitCode.REFUSED
    expected = {"silent": "silent", "no ledger": "no ledger file", "foreign ledger": "no account", "still broken": "still broken"}
    assert expected[obstacle] in told["error"]["what"]
    assert b"plug pulled" in await value_of(hazelcast, "POSTURE", account)
    (action,) = operator_log.read(path, account)
    assert (action.operation.stage, expected[obstacle] in action.operation.detail) == (OperationStage.REFUSED, True)


async def test_an_asset_is_cut_and_released_and_the_rule_keeps_its_own(hazelcast: HazelcastClient, run: Run, account: str) -> None:
    vote = {"kind": "vote", "source": "taker", "seq": 1, "time_ns": T0, "severity_ppm": 0, "is_clear": True, "expires_at_ns": T0 + 10**10}
    for seq in range(1, 8):
        await to_leverage(hazelcast, f"{account}/AUSDT", pack({**vote, "seq": seq, "reason": "", "cause_id": ""}))
    status, told = await run("breaker", "cut", "ausdt", "3", "--reason", "odd book")
    assert (status, told["before"]["cap_ppm"], told["after"]["cap_ppm"]) == (ExitCode.DONE, 6_000_000, 1_200_000)
    await to_leverage(hazelcast, f"{account}/AUSDT", pack({**vote, "seq": 9, "severity_ppm": 600_000, "reason": "sold", "cause_id": "c"}))
    _, listed = await run("breaker", "list")
    (row,) = listed["breakers"]
    assert (row["asset"], row["level"], row["manual"]["level"], row["cap_ppm"]) == ("AUSDT", 2, 3, 1_200_000)
    status, told = await run("breaker", "release", "AUSDT", "--reason", "fine")
    assert (status, told["after"]["cap_ppm"], told["after"]["level"]) == (ExitCode.DONE, 2_700_000, 2)
    assert any("the breaker's level 2" in each for each in told["still_held"])


async def test_the_account_is_cut_beside_its_posture(hazelcast: HazelcastClient, run: Run, account: str) -> None:
    controller = Controller(hazelcast, account)
    await controller.speak()
    status, told = await run("breaker", "cut", account, "4", "--reason", "stop")
    assert (status, told["after"]["cap_ppm"], told["after"]["posture"]) == (ExitCode.DONE, 0, "APEX")
    await controller.speak()
    assert (await granted(hazelcast, account)).cap_ppm == 0, "the controller's next word does not lift it"


async def test_killed_between_the_governor_and_the_cap_the_next_demand_carries_the_word(
    hazelcast: HazelcastClient, member: MemberProcess, account: str, tmp_path: Path
) -> None:
    controller = Controller(hazelcast, account)
    await controller.speak()
    script = str(Path(__file__).with_name("dies_between.py"))
    words = ["posture", "force", "HIBERNATE", "--reason", "news", *where(member, tmp_path, account)]
    child = await asyncio.create_subprocess_exec(sys.executable, script, *words, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 30) == b"between\n"
    child.kill()
    await child.wait()
    assert (await granted(hazelcast, account)).cap_ppm == 6_000_000, "killed before the second step"
    assert logged(tmp_path / "ledger.sqlite", account) == [("force HIBERNATE", OperationStage.ASKED)]
    await controller.speak()
    assert (await granted(hazelcast, account)).cap_ppm == 0


async def test_a_word_whose_first_answer_was_lost_counts_once_and_as_done(
    hazelcast: HazelcastClient, run: Run, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Controller(hazelcast, account).speak()

    async def twice(client: HazelcastClient, key: str, signal: bytes) -> Governed:
        await to_posture(client, key, signal)
        return await to_posture(client, key, signal)

    monkeypatch.setattr(site, "to_posture", twice)
    status, told = await run("posture", "force", "TURTLE", "--reason", "news")
    assert (status, told["after"]["ceiling"]) == (ExitCode.DONE, "TURTLE")
    assert logged(tmp_path / "ledger.sqlite", account) == [("force TURTLE", OperationStage.DONE)]


async def test_a_log_that_cannot_be_written_never_stops_a_cut_and_always_a_release(
    hazelcast: HazelcastClient, run: Run, account: str, tmp_path: Path
) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database, but long enough to be taken for one" * 40)
    await Controller(hazelcast, account).speak()
    status, told = await run("posture", "force", "STALKER", "--reason", "news")
    assert (status, told["logged"], told["after"]["cap_ppm"]) == (ExitCode.DONE, False, 2_000_000)
    status, told = await run("posture", "release", "--force", "--reason", "calm")
    assert (status, told["error"]["field"]) == (ExitCode.REFUSED, "--home")
    assert (await granted(hazelcast, account)).cap_ppm == 2_000_000


async def test_show_and_explain_tell_the_same_account(hazelcast: HazelcastClient, run: Run, account: str) -> None:
    async with Controller(hazelcast, account) as controller:
        controller.r_cmd_ppm = 450_000
        await controller.speak()
        _, shown = await run("posture", "show")
        _, explained = await run("posture", "explain")
    for told in (shown, explained):
        assert (told["posture"], told["cap_ppm"], told["r_ppm"], told["is_governed"]) == ("STALKER", 2_000_000, 450_000, True)
    assert explained["cause_ids"] == ["AUSDT@depth#1"]
    assert explained["outlook"]["takes_ns"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "field"),
    [
        (["posture", "force", "OTTER", "--reason", "x"], ExitCode.BAD_INPUT, "POSTURE"),
        (["posture", "force", "TURTLE", "--reason", " "], ExitCode.BAD_INPUT, "--reason"),
        (["posture", "release", "--reason", "x"], ExitCode.BAD_INPUT, "release"),
        (["posture", "show", "--account", "nobody"], ExitCode.BAD_INPUT, "--account"),
        (["posture", "show", "--member", "127.0.0.1:1"], ExitCode.FAILED, "member"),
        (["breaker", "cut", "NOCOIN", "1", "--reason", "x"], ExitCode.BAD_INPUT, "TARGET"),
        (["breaker", "cut", "NOCOIN", "9", "--reason", "x"], ExitCode.BAD_INPUT, "LEVEL"),
    ],
)
async def test_bad_input_is_one_line_that_names_it(
    hazelcast: HazelcastClient,
    member: MemberProcess,
    account: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    field: str,
) -> None:
    await Controller(hazelcast, account).speak()
    options = where(member, tmp_path, account)
    assert await asyncio.to_thread(main, [arguments[0], *options_first(arguments, options)]) == status
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), said.err.startswith(f"dolphin: {field} = ")) == ("", 1, True)


def options_first(arguments: list[str], options: list[str]) -> list[str]:
    """The test's own options last, so that they win."""
    return [arguments[1], *options, *arguments[2:]]


def test_without_a_system_the_remedy_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["posture", "show", "--home", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "dolphin up" in capsys.readouterr().err
